"""What a newcomer does wrong: one clear message each, and nothing is lost."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAIN = 'profiles:\n  - identity: "u1"\n    attributes: {Plan: Free}\n'
ONE = "1 error\n"
NOT_PHONE = (
    "people.yaml:4:7: error CT516 not a phone number: (sensitive) "
    "(write + and country code, then digits only, as in +14155551234)\n" + ONE
)


def _profile(lines, identity="u1"):
    return f'profiles:\n  - identity: "{identity}"\n    attributes:\n{lines}'


@dataclass(frozen=True)
class Slip:
    """Files that hold a mistake, and all that is said about it."""

    name: str
    said: str
    spec: str = PLAIN
    project: str = ""
    other: str = ""

    def __str__(self):
        return self.name


IN_FILES = [
    Slip(
        "a typo in a key",
        'people.yaml:3:5: error CT102 unknown key "atributes" '
        '(did you mean "attributes"?)\n' + ONE,
        spec='profiles:\n  - identity: "u1"\n    atributes: {Plan: Free}\n',
    ),
    Slip(
        "a typo in a key of the project",
        'ctsync.yaml:7:1: error CT102 unknown key "polcy" (did you mean "policy"?)\n'
        + ONE,
        project="polcy: {undeclared: keep}\n",
    ),
    Slip(
        "a typo in the name of a system attribute",
        'people.yaml:4:7: error CT303 "phone" is not the system attribute Phone '
        "(write Phone)\n" + ONE,
        spec=_profile('      phone: "+14155551234"\n'),
    ),
    Slip(
        "a typo in the name of an attribute of the catalog",
        'people.yaml:4:7: error CT313 unknown attribute "Pionts" '
        '(did you mean "Points"?)\n' + ONE,
        spec=_profile("      Pionts: 3\n"),
        project="policy: {unknown_attributes: error}\n",
    ),
    Slip(
        "indented with a tab",
        "people.yaml:2:1: error CT009 a tab stands where YAML wants spaces "
        "(indent with spaces)\n" + ONE,
        spec='profiles:\n\t- identity: "u1"\n',
    ),
    Slip(
        "one identity in two files with unequal values",
        "people.yaml:4:7: error CT309 Plan has another value here than in more.yaml:2 "
        "(declare it in one place, or make the values equal)\n" + ONE,
        spec=_profile("      Plan: Gold\n"),
        other=PLAIN,
    ),
    Slip(
        "Employed: yes",
        "people.yaml:4:7: error CT201 plain yes means different things to YAML readers "
        "(write Y or N)\n" + ONE,
        spec=_profile("      Employed: yes\n"),
    ),
    Slip(
        "an empty Gender",
        "people.yaml:4:7: error CT202 no value stands here (write a value, write null "
        "to remove, or leave the line out)\n" + ONE,
        spec=_profile("      Gender:\n"),
    ),
    Slip(
        "a phone without its plus",
        NOT_PHONE,
        spec=_profile('      Phone: "4155551234"\n'),
    ),
    Slip(
        "a phone as a number",
        NOT_PHONE,
        spec=_profile("      Phone: 4155551234\n"),
    ),
    Slip(
        "a value of 600 bytes",
        "people.yaml:4:7: error CT206 value has 600 bytes, the platform takes 512 "
        "(shorten it; longer values are cut or dropped without an error)\n" + ONE,
        spec=_profile(f"      Bio: {'x' * 600}\n"),
    ),
    Slip(
        "an account id that is not set",
        "ctsync.yaml:8:17: error CT105 variable ACCOUNT_ID is not set "
        "(set ACCOUNT_ID in the environment of the command)\n"
        "1 error\n",
        project='environments:\n  x: {account: {id: "${ACCOUNT_ID}"}, state: x.jsonl}',
    ),
]


@pytest.mark.parametrize("slip", IN_FILES, ids=str)
def test_a_slip_in_a_file_is_said_once_and_changes_nothing(desk, slip):
    desk.begun({"u1": {"Plan": "Free"}})
    desk.project(slip.project)
    desk.write("people.yaml", slip.spec)
    if slip.other:
        desk.write("more.yaml", slip.other)
    before, calls = desk.files(), desk.calls
    env = ["--env", "x"] if "environments" in slip.project else []
    for words in (["plan", *env], ["apply", "--auto-approve", *env]):
        ended = desk.run(*words)
        assert (ended.code, ended.out, ended.err) == (1, "", slip.said)
    assert (desk.files(), desk.calls) == (before, calls)


@pytest.fixture
def waiting(desk):
    """A state, and an edit that waits to be applied."""
    desk.begun({"u1": {"Plan": "Free"}})
    desk.people({"u1": {"Plan": "Gold"}})
    return desk


def _refused(desk, said, *, code=1, words=("apply", "--auto-approve")):
    """Hold an apply to what it says, and to having changed nothing."""
    before = desk.files()
    ended = desk.run(*words)
    assert (ended.code, ended.err) == (code, said)
    assert desk.files() == before
    return ended


def test_a_wrong_passcode_or_region_names_region_and_sdk_token(waiting, monkeypatch):
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "not-the-passcode")
    ended = _refused(
        waiting,
        "error: the platform refused the credentials of account TEST-1 in region in1: "
        "HTTP 401 Unauthorized\n  check account.region, and that the passcode "
        "is one of the account and not the SDK token\n",
    )
    assert "region" in ended.out
    assert "not-the-passcode" not in ended.said
    assert waiting.platform("u1") == {"Plan": "Free"}


def test_a_passcode_that_is_not_set_names_the_variable(waiting, monkeypatch):
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    _refused(
        waiting,
        "ctsync.yaml:2:1: error CT105 variable CLEVERTAP_PASSCODE is not set "
        "(set CLEVERTAP_PASSCODE in the environment of the command)\n1 error\n",
    )


def test_a_server_that_does_not_run_is_named_by_its_address(waiting):
    url = waiting.sandbox.url
    waiting.sandbox.stop()
    ended = waiting.run("apply", "--auto-approve")
    assert ended.code == 1
    *waits, error, hint = ended.err.splitlines()
    assert all(line.startswith("waiting ") for line in waits)
    assert error == (
        f"error: the platform could not be reached ({url}): "
        "ConnectionRefusedError: Connection refused"
    )
    assert hint == "  nothing that was acknowledged is lost; apply again later"
    assert waiting.plan()["summary"]["profiles"]["update"] == 1


def test_a_state_edited_by_hand_says_how_to_go_on(waiting):
    path = waiting.folder / "state.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Free", b"Frei"))
    ended = waiting.run("plan")
    assert ended.code == 1
    message, hint = ended.err.splitlines()
    assert message.startswith("error: state.jsonl was edited since ctsync wrote it: ")
    assert hint == (
        '  restore a copy, or run "ctsync state doubt --all" to keep the edit and have '
        "every value assigned anew"
    )


def test_a_state_that_another_run_holds_names_it(waiting, other_run):
    with other_run():
        _refused(
            waiting,
            "error: state state.jsonl is locked by ann@host9, process 42, "
            '"ctsync apply", since 2026-01-01T00:00:00+00:00\n'
            "  wait for that run to end, or give --lock-timeout SECONDS; a lock ends "
            "with its process, so there is nothing to remove\n",
            code=5,
        )


def test_a_folder_without_a_project_says_what_one_is(waiting, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    ended = waiting.run("plan")
    assert ended.code == 64
    message, hint = ended.err.splitlines()
    assert message == f"error: no ctsync.yaml in {tmp_path}"
    assert hint.startswith("  a minimal ctsync.yaml: version: 1 / account:")


def test_a_plan_that_is_not_there_is_said_in_two_lines(waiting):
    _refused(
        waiting,
        "error: plan p.plan cannot be read: No such file or directory\n"
        '  make it with "ctsync plan --out p.plan", or name another, or a project\n',
        code=4,
        words=("apply", "p.plan", "--auto-approve"),
    )


LIMITED = """
import resource, sys
from ctsync.cli import main
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
main()
"""


def _limited(desk, most_bytes, *words):
    """Run a process whose files cannot grow beyond a size, as on a full disk."""
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(most_bytes), *words],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.fixture
def crowded(desk):
    """Thirty counters to raise, and the plan for it."""
    desk.project("policy: {limits: {update: 100%}}")
    desk.begun({f"u{n}": {"Points": 1} for n in range(30)})
    desk.people({f"u{n}": {"Points": 2} for n in range(30)})
    desk.ok("plan", "--out", "p.plan")
    return desk


@pytest.mark.parametrize("most_bytes", [0, 100, 400, 1000, 3000, 6000, 9000])
def test_a_full_disk_is_said_and_the_next_run_heals(crowded, most_bytes):
    before = crowded.state()
    code, err = _limited(crowded, most_bytes, "apply", "p.plan", "--auto-approve")
    assert "Traceback" not in err
    assert code in {0, 1, 3}
    if code:
        assert "make room" in err
        assert crowded.state() == before
    assert crowded.apply().code == 0
    assert {crowded.platform(f"u{n}")["Points"] for n in range(30)} == {2}


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
def test_no_room_for_a_plan_is_said_before_anything_is_sent(crowded, command):
    calls = crowded.calls
    code, err = _limited(crowded, 5000, *command.split())
    message, hint = err.splitlines()
    assert code == 1
    assert message.startswith("error: the plan cannot be kept in ")
    assert hint == "  make room there, or name a roomier folder with TMPDIR"
    assert crowded.calls == calls


def test_a_state_folder_that_cannot_be_written_is_said_before_anything_is_sent(
    waiting,
):
    project = waiting.folder / "ctsync.yaml"
    project.write_text(project.read_text().replace("state.jsonl", "in/state.jsonl"))
    (waiting.folder / "in").write_text("a file where a folder should be")
    calls = waiting.calls
    ended = waiting.run("apply", "--auto-approve", "--first-run")
    assert ended.code == 1
    assert "Not a directory" in ended.err
    assert waiting.calls == calls
    (waiting.folder / "in").unlink()
    assert waiting.run("apply", "--auto-approve", "--first-run").code == 0


def test_a_state_that_cannot_lie_there_is_said_before_anything_is_sent(waiting):
    file = waiting.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("state.jsonl", "people.yaml/s.jsonl"))
    calls = waiting.calls
    for words in (["plan"], ["apply", "--auto-approve", "--first-run"]):
        ended = waiting.run(*words)
        assert ended.code == 1
        assert "people.yaml/s.jsonl" in ended.err
        assert ended.err.count("\n") == 2
    assert waiting.calls == calls
