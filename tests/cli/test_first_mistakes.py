"""What a newcomer does wrong: one clear message each, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from silent_server import silenced

ROOT = Path(__file__).parents[2]


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
        "(set CLEVERTAP_PASSCODE in the environment of the command)\n1 error\n"
        '"ctsync explain CT105" tells more; all codes: '
        "specs/README.md#diagnostic-codes\n",
    )


def test_a_server_that_does_not_run_is_named_by_its_address(waiting):
    url = waiting.sandbox.url
    with silenced(waiting.sandbox):
        ended = waiting.run("apply", "--auto-approve")
    assert ended.code == 1
    *waits, error, hint = ended.err.splitlines()
    assert all(line.startswith("waiting ") for line in waits)
    assert error == (
        f"error: the platform could not be reached ({url}): "
        "connection refused: nothing listens there"
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
    assert hint == "  there is one in project: give it with -C"


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
