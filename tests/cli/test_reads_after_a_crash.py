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
