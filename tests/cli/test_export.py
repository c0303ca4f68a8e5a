"""`ctsync export` on whole projects: what is written, refused, left, and shown."""

import csv
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from ctsync.channels import CHANNELS
from ctsync.cli.app import run

CANARY = "canary.person@example.com"
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
catalog:
  Points: {type: counter}
  Tags: {type: list}
  Since: {type: date}
policy: {limits: {opt_in: 9}}
"""
PEOPLE = {
    "u1": {"Plan": "Gold", "Points": 5, "MSG-sms": True},
    "u2": {"Plan": "Free", "Since": "2026-01-01"},
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a project and its plan; give the folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def declare(folder, people, head=PROJECT):
    folder.joinpath("ctsync.yaml").write_text(head)
    profiles = [{**_key(who), "attributes": own} for who, own in people.items()]
    text = json.dumps({"profiles": profiles}).replace('"2026-01-01"', "2026-01-01")
    folder.joinpath("people.yaml").write_text(text)


def _key(who):
    return dict([who.split("=")]) if "=" in who else {"identity": who}


def rows_in(folder):
    found = {}
    for path in sorted(Path(folder).glob("*.csv")):
        with path.open(newline="") as file:
            found[path.name.split("-", 3)[-1]] = [*csv.reader(file, strict=True)]
    return found


@pytest.fixture
def ctsync(project, capsys):
    def started(*words):
        capsys.readouterr()
        code = run(words)
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return started


@pytest.fixture
def export(ctsync):
    """Plan the project here, and export that."""

    def run(*options, channel="sftp", out="out"):
        assert ctsync("plan", "--out", "p.plan").code in {0, 6}
        return ctsync("export", "p.plan", "--channel", channel, "--out", out, *options)

    return run


def test_what_files_can_say_is_written_and_the_rest_is_told(project, export):
    declare(project, PEOPLE)
    done = export("--format", "json")
    assert done.code == 0
    said = json.loads(done.out)
    assert rows_in("out") == {
        "1-00001.csv": [["identity", "Plan", "Plan.operation"], ["u1", "Gold", "$set"]],
        "1-00002.csv": [
            ["identity", "Plan", "Plan.operation", "Since", "Since.operation"],
            ["u2", "Free", "$set", "$D_1767225600", "$set"],
        ],
    }
    assert said["counts"] == {"profiles": 2, "operations": 3}
    assert said["by_api"] == {
        "profiles": 1,
        "operations": [
            {"attribute": "MSG-sms", "operator": "set", "code": "CT802", "count": 1},
            {"attribute": "Points", "operator": "set", "code": "CT801", "count": 1},
        ],
    }
    assert said["next"] == (
        "ctsync plan --target attribute=MSG-sms --target attribute=Points "
        "--out api.plan"
    )
    assert not (project / "state.jsonl").exists()


def test_the_command_for_the_rest_plans_just_that(project, export, ctsync):
    declare(project, PEOPLE)
    words = json.loads(export("--format", "json").out)["next"].split()
    assert ctsync(*words[1:]).code == 0
    shown = json.loads(ctsync("show", "api.plan", "--format", "json").out)
    names = {op["attribute"] for c in shown["changes"] for op in c["operations"]}
    assert names == {"MSG-sms", "Points"}


def test_of_a_plan_that_names_files_just_those_operations_are_written(
    project, export, ctsync
):
    head = PROJECT + "channels: {removals: sftp, sftp: {email: o@example.com}}\n"
    declare(project, {"u1": {"Plan": "Gold", "City": None}}, head)
    done = export("--format", "json")
    said = json.loads(done.out)
    assert rows_in("out") == {
        "1-00001.csv": [["identity", "City", "City.operation"], ["u1", "", "$delete"]]
    }
    assert said["by_api"]["operations"] == [
        {"attribute": "Plan", "operator": "set", "code": None, "count": 1}
    ]
    assert said["next"] == "ctsync apply p.plan"
    assert said["diagnostic_totals"] == {}
    (manifest,) = Path("out").glob("*.manifest")
    assert json.loads(manifest.read_text())["clientEmail"] == "o@example.com"


def test_the_same_plan_gives_the_same_bytes(project, export):
    declare(project, {f"u{n}": {"Plan": f"p{n}"} for n in range(90)})
    for name in "ab":
        assert export("--max-bytes", "200", out=name).code == 0
    a, b = ({p.name: p.read_bytes() for p in Path(n).iterdir()} for n in "ab")
    assert a == b
    assert len(a) > 10
    assert max(map(len, (a[name] for name in a if name.endswith(".csv")))) < 200


def test_files_and_their_folder_are_for_their_owner_alone(project, export):
    declare(project, PEOPLE)
    previous = os.umask(0)
    try:
        export()
    finally:
        os.umask(previous)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in Path("out").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(Path("out").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("people", "channel", "codes"),
    [
        ({"u1": {"Tags": ["a"]}}, "csv", {"CT805": 1}),
        ({"u1": {"Gender": None}}, "csv", {"CT805": 1}),
        ({"objectId=x1": {"Plan": "Gold"}}, "csv", {"CT803": 1}),
        ({"objectId=x1": {"Plan": "Gold", "City": "Pune"}}, "sftp", {"CT803": 1}),
    ],
)
def test_what_a_channel_cannot_say_refuses_the_export_and_names_the_place(
    project, export, people, channel, codes
):
    declare(project, {**people, "u2": {"Plan": "Free"}})
    done = export("--format", "json", channel=channel)
    said = json.loads(done.out)
    assert (done.code, said["error"]["code"]) == (1, "export_refused")
    assert said["diagnostic_totals"] == codes
    for finding in said["diagnostics"]:
        assert (finding["file"], finding["line"]) == ("people.yaml", 1)
        assert finding["hint"]
    assert not Path("out").exists()


def test_a_refused_export_leaves_folders_as_they_were(project, export):
    declare(project, {"u1": {"Tags": ["a"]}})
    Path("mine").mkdir()
    assert export(channel="csv", out="mine").code == 1
    assert [*Path("mine").iterdir()] == []
    assert export(channel="csv", out="mine/deep/deeper").code == 1
    assert [*Path("mine").iterdir()] == []


def test_help_names_the_channels_that_there_are(ctsync):
    said = ctsync("export", "--help").out
    assert f"--channel {'|'.join(CHANNELS)}" in " ".join(said.split())


def test_the_dashboard_gets_dates_as_clocks_show_them_and_is_told_so(project, export):
    declare(project, PEOPLE, PROJECT + "timezone: Asia/Kolkata\n")
    done = export("--format", "json", channel="csv")
    said = json.loads(done.out)
    assert rows_in("out")["1-00002.csv"] == [
        ["identity", "Plan", "Since<yyyy/MM/dd HH:mm:ss>"],
        ["u2", "Free", "2026/01/01 00:00:00"],
    ]
    assert said["diagnostic_totals"] == {"CT808": 1}
    assert said["files"][0]["manifest"] is None


def test_a_changed_plan_is_refused(project, export, ctsync):
    declare(project, PEOPLE)
    export(out="one")
    data = Path("p.plan").read_bytes()
    Path("p.plan").write_bytes(data.replace(b"Gold", b"Cold"))
    done = ctsync("export", "p.plan", "--channel", "sftp", "--out", "two")
    assert (done.code, Path("two").exists()) == (4, False)


def test_a_stale_plan_and_one_of_another_account_are_refused(project, export, ctsync):
    declare(project, PEOPLE)
    export(out="one")
    assert ctsync("import", "spec", "--auto-approve").code == 0
    again = ("export", "p.plan", "--channel", "sftp", "--out", "two")
    assert ctsync(*again).code == 4
    declare(project, PEOPLE, PROJECT.replace("TEST-1", "TEST-2"))
    assert ctsync(*again).code in {1, 4}
    assert not Path("two").exists()


def test_a_blocked_plan_is_refused(project, export):
    declare(project, PEOPLE, PROJECT.replace("opt_in: 9", "opt_in: 0"))
    assert (export().code, Path("out").exists()) == (6, False)


def test_a_plan_without_the_signature_or_digest_asked_for_is_refused(
    project, export, monkeypatch
):
    declare(project, PEOPLE)
    monkeypatch.setenv("CTSYNC_PLAN_KEY", "ab" * 32)
    assert export("--require-signature").code == 4
    assert export("--expect-digest", f"sha256:{'0' * 64}").code == 4
    assert export("--expect-digest", "0").code == 64
    assert not Path("out").exists()


def test_another_export_is_not_mixed_with_this_one(project, export):
    declare(project, {f"u{n}": {"Plan": "Gold"} for n in range(9)})
    assert export("--max-bytes", "99").code == 0
    assert export("--max-bytes", "99").code == 0  # the same one
    assert export().code == 1  # other parts of the same plan
    before = sorted(Path("out").iterdir())
    declare(project, {"u1": {"Plan": "Silver"}})
    done = export("--format", "json")
    assert json.loads(done.out)["error"]["code"] == "export_folder"
    assert sorted(Path("out").iterdir()) == before
    assert export(channel="csv").code == 0  # for another door


@pytest.mark.parametrize("kind", ["file", "link", "fifo"])
def test_nothing_takes_the_place_of_what_is_no_file_of_an_export(project, export, kind):
    declare(project, {"u1": {"Plan": "Gold"}})
    assert export(out="first").code == 0
    (name,) = (path.name for path in Path("first").glob("*.csv"))
    Path("elsewhere").write_text("mine")
    if kind == "file":
        Path("out").write_text("mine")
    else:
        Path("out").mkdir()
        place = Path("out") / name
        if kind == "link":
            place.symlink_to(Path("elsewhere").resolve())
        else:
            os.mkfifo(place)
    done = export("--format", "json")
    assert json.loads(done.out)["error"]["code"] == "export_unwritable"
    assert Path("elsewhere").read_text() == "mine"


def test_talk_names_nobody(project, export):
    declare(project, {CANARY: {"Name": "Canary Person", "Tags": ["a"], "Plan": "x"}})
    for channel in ("sftp", "csv"):
        for form in ("text", "json"):
            done = export("--format", form, channel=channel)
            assert CANARY not in done.out + done.err
            assert "Canary Person" not in done.out + done.err


def test_a_plan_with_nothing_for_files_says_so(project, export):
    declare(project, {"u1": {"Points": 5}})
    done = export()
    assert done.code == 0
    assert "By SFTP: 0 operations on 0 profiles\n" in done.out
    assert "Points set 1: a counter, which no file moves" in done.out
    assert [*Path("out").iterdir()] == []
