"""The server that takes files: pinned, without passwords, with no key of a project."""

from pathlib import Path

import pytest

from ctsync.errors import SpecError
from ctsync.model.sftp_door import SftpDoor
from ctsync.project import load_project

PIN = "SHA256:" + "a" * 43
PROJECT = """\
version: 1
account: {id: "${ACCOUNT}", region: in1}
state: state.jsonl
channels: {sftp: {%s}}
"""
VARIABLES = {"ACCOUNT": "A1", "HOME": "/home/ops", "SSH_AUTH_SOCK": "/run/agent"}
HOST = f"host: sftp.example.com, fingerprint: '{PIN}'"


@pytest.fixture
def load(tmp_path):
    folder = tmp_path / "tree" / "project"
    folder.mkdir(parents=True)

    def load(words):
        (folder / "ctsync.yaml").write_text(PROJECT % words)
        return load_project(folder / "ctsync.yaml")

    return load


def door_of(project, **variables):
    found = VARIABLES | variables
    return project.sftp_door(project.account(found), found)


def codes(project):
    return [finding.code for finding in project.findings]


def refused(project, **variables):
    with pytest.raises(SpecError) as caught:
        door_of(project, **variables)
    return [*caught.value.findings]


def test_host_and_pin_are_enough(load):
    project = load(HOST)
    assert codes(project) == []
    assert door_of(project) == SftpDoor(
        "sftp.example.com", "A1", PIN, agent="/run/agent", shown_user="${ACCOUNT}"
    )


def test_everything_can_be_said(load):
    words = f"{HOST}, port: 2222, user: ops, folder: in, key: ~/.ssh/imports"
    assert door_of(load(words)) == SftpDoor(
        "sftp.example.com",
        "ops",
        PIN,
        port=2222,
        folder="in",
        key=Path("/home/ops/.ssh/imports"),
        agent="/run/agent",
    )


def test_without_a_host_there_is_no_server(load):
    project = load("email: ops@example.com, folder: in")
    assert codes(project) == []
    assert door_of(project) is None


def test_a_host_without_a_pin_is_refused(load):
    assert codes(load("host: sftp.example.com")) == ["CT810"]


@pytest.mark.parametrize("pin", ["SHA256:abc", "MD5:" + "a" * 43, "a" * 43])
def test_a_pin_is_a_fingerprint(load, pin):
    assert codes(load(f"host: h, fingerprint: '{pin}'")) == ["CT810"]
    project = load("host: h, fingerprint: '${PIN}'")
    assert codes(project) == []
    (finding,) = refused(project, PIN=pin)
    assert finding.code == "CT810"
    assert pin not in f"{finding.message}{finding.hint}"


@pytest.mark.parametrize("host", ["sftp://h", "ops@h", "h/in", "h h"])
def test_a_host_is_a_name_alone(load, host):
    assert codes(load(f"host: '{host}', fingerprint: '{PIN}'")) == ["CT810"]


@pytest.mark.parametrize(
    ("port", "code"), [("0", "CT101"), ("65536", "CT101"), ("x", "CT103")]
)
def test_a_port_is_a_number_of_ports(load, port, code):
    assert codes(load(f"{HOST}, port: {port}")) == [code]


@pytest.mark.parametrize("key", ["id", "keys/id", "./id", "../project/id", "../id"])
def test_a_key_lies_outside_the_project_and_its_work_tree(load, tmp_path, key):
    (tmp_path / "tree" / ".git").mkdir()
    (tmp_path / "tree" / ".git" / "HEAD").touch()
    assert codes(load(f"{HOST}, key: {key}")) == ["CT810"]
    project = load(f"{HOST}, key: '${{KEY}}'")
    assert [each.code for each in refused(project, KEY=key)] == ["CT810"]


def test_a_link_hides_no_key_of_the_project(load, tmp_path):
    load(HOST)
    (tmp_path / "link").symlink_to(tmp_path / "tree" / "project" / "id")
    assert codes(load(f"{HOST}, key: {tmp_path}/link")) == ["CT810"]


def test_a_key_beside_the_work_tree_is_fine(load, tmp_path):
    project = load(f"{HOST}, key: ../../keys/id")
    assert codes(project) == []
    door = door_of(project)
    assert door.key.resolve() == tmp_path / "keys" / "id"


def test_a_home_that_is_the_project_holds_no_key(load, tmp_path):
    project = load(f"{HOST}, key: ~/.ssh/id")
    assert codes(project) == []
    home = str(tmp_path / "tree" / "project")
    assert [each.code for each in refused(project, HOME=home)] == ["CT810"]


def test_variables_are_read_where_they_are_used_and_shown_as_words(load):
    words = (
        "host: '${H}', fingerprint: '${F}', user: '${U}', folder: '${D}', key: '${K}'"
    )
    project = load(words)
    assert codes(project) == []
    assert {each.code for each in refused(project)} == {"CT105"}
    given = {"H": "h.example.com", "F": PIN, "U": "ops", "D": "in", "K": "/keys/id"}
    door = door_of(project, **given)
    assert (door.host, door.user, door.folder) == ("h.example.com", "ops", "in")
    assert (door.public_user, door.public_folder) == ("${U}", "${D}")
    shown = project.sftp_words.shown(project.account(VARIABLES), given)
    assert shown == "${U}@h.example.com, folder ${D}"


def test_a_passcode_has_no_place_there(load):
    with pytest.raises(SpecError) as caught:
        load("host: '${CLEVERTAP_PASSCODE}', fingerprint: '${F}'")
    assert [each.code for each in caught.value.findings] == ["CT113"]


def test_a_plan_is_bound_to_server_user_folder_and_host_key(load):
    other = PIN.replace("a", "b")
    said = {
        project.sftp_words.identity(project.account(VARIABLES), VARIABLES)
        for project in map(
            load,
            [
                HOST,
                f"{HOST}, port: 2222",
                f"{HOST}, user: ops",
                f"{HOST}, folder: in",
                f"host: other.example.com, fingerprint: '{PIN}'",
                f"host: sftp.example.com, fingerprint: '{other}'",
            ],
        )
    }
    assert len(said) == 6
    project = load(f"{HOST}, key: /keys/id")
    assert project.sftp_words.identity(project.account(VARIABLES), VARIABLES) in said


def test_an_identity_needs_no_variable(load):
    project = load("host: '${H}', fingerprint: '${F}'")
    identity = project.sftp_words.identity(project.account(VARIABLES), VARIABLES)
    assert identity == "A1@${H}:22 ${F} "
