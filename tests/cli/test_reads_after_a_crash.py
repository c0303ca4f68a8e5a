"""A call that nobody answered may still be written: nothing is read before that."""

import time

import pytest

READS = {
    "drift": ("drift",),
    "verify": ("verify",),
    "refresh": ("refresh", "--auto-approve"),
    "refresh, dry": ("refresh", "--dry-run"),
    "import": ("import", "api", "u1", "--auto-approve"),
    "plan": ("plan", "--refresh"),
}


@pytest.fixture
def crash(desk, serve_distorted):
    """Kill a run while the platform still has its call, and writes it late."""

    def crashed(timeout_seconds):
        serve_distorted(slow_seconds=2.0)
        desk.project(f"upload: {{timeout_seconds: {timeout_seconds}}}")
        desk.begun({"u1": {"Plan": "Free"}})
        calls = desk.calls
        desk.people({"u1": {"Plan": "Gold"}})
        desk.sandbox.script("late")
        with desk.spawn("apply", "--auto-approve") as process:
            while desk.calls == calls:
                time.sleep(0.02)
            process.kill()
            process.communicate(timeout=60)
        return desk

    return crashed


def test_whoever_reads_waits_and_says_why(crash):
    desk, seconds = crash(600), []
    for words in READS.values():
        said = desk.run(*words).err
        assert "may still be written" in said
        seconds.append(float(said.partition("waiting ")[2].partition(" s")[0]))
    # The clock of the test jumps, so that whoever comes next has less to wait for.
    assert all(0 < each <= 600 for each in seconds)


@pytest.mark.parametrize("command", ["refresh", "plan"])
def test_what_is_read_is_what_stays(crash, monkeypatch, command):
    desk = crash(4)
    monkeypatch.setattr("ctsync.cli.read_platform.time", time)
    document = desk.json(*READS[command])
    assert desk.platform("u1") == {"Plan": "Gold"}
    if command == "plan":
        assert document["changes"] == []
    else:
        assert desk.plan()["changes"] == []
        assert desk.json("drift")["drift"] is False


def test_a_signal_ends_the_wait(crash):
    desk = crash(600)
    with desk.spawn("refresh", "--auto-approve") as process:
        while "waiting" not in process.stderr.readline():
            pass
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert desk.json("state", "show", "u1")["entry"]


def test_who_doubts_everything_waits_for_calls_that_no_journal_tells_of(crash):
    """A journal that was moved away takes with it that a call is on its way."""
    desk = crash(600)
    (desk.folder / "state.jsonl.journal").rename(desk.folder / "moved.journal")
    assert "may still be written" not in desk.run("drift").err
    desk.ok("state", "doubt", "--all", "--auto-approve")
    said = desk.run("drift").err
    assert 0 < float(said.partition("waiting ")[2].partition(" s")[0]) <= 600


def test_who_doubts_all_again_waits_again(crash):
    """That there is nothing left to doubt says nothing of what was sent since."""
    desk = crash(600)
    desk.ok("state", "doubt", "--all", "--auto-approve")
    desk.run("drift")
    (desk.folder / "state.jsonl.journal").unlink(missing_ok=True)
    desk.ok("state", "doubt", "--all", "--auto-approve")
    assert "may still be written" in desk.run("drift").err


def test_who_doubts_one_profile_waits_for_nobody(desk):
    desk.begun({"u1": {"Plan": "Free"}})
    desk.ok("state", "doubt", "u1", "--auto-approve")
    assert "may still be written" not in desk.run("drift").err
