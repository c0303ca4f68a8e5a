"""Two runs at once, and runs that are asked to stop: nothing is lost."""

import json
import signal
import subprocess
import sys
import time

import pytest

from ctsync.sandbox import Sandbox

COUNT = 8
LATENCY = 0.15


@pytest.fixture
def sandbox():
    made = Sandbox(
        account_id="TEST-1", passcode="CANARY-PASSCODE-7f3a", latency_seconds=LATENCY
    )
    with made as running:
        yield running


@pytest.fixture
def slow(desk):
    """Eight calls of 0.15 seconds."""
    desk.project("upload: {records_per_call: 1, concurrency: 1}")
    desk.people({f"u{n}": {"Plan": "Free", "Points": n} for n in range(COUNT)})
    return desk


def _until(happened):
    for _ in range(400):
        if happened():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen in time")


def _ended(process):
    out, err = process.communicate(timeout=30)
    assert "Traceback" not in out + err
    return out, err


def _apply(desk):
    words = ["apply", "--auto-approve", "--first-run", "--format", "json"]
    return desk.spawn(*words)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_finishes_what_is_in_flight_and_folds(slow, number, code):
    with _apply(slow) as process:
        _until(lambda: slow.calls >= 2)
        process.send_signal(number)
        out, err = _ended(process)
    document = json.loads(out)
    assert process.returncode == document["exit_code"] == code
    assert document["stopped"] == "interrupted"
    assert document["retryable"] is True
    assert "once more to stop at once" in err
    counts = document["counts"]
    assert counts["unknown"] == 0
    assert counts["acknowledged"] == len(list(slow.sandbox.platform.profiles()))
    assert 0 < counts["acknowledged"] < COUNT
    assert not (slow.folder / "state.jsonl.journal").exists()
    entries = slow.json("state", "list")["entries"]
    assert len(entries) == counts["acknowledged"]
    assert slow.run("apply", "--auto-approve").code == 0
    assert slow.calls == COUNT


def test_a_second_signal_stops_at_once_and_the_journal_holds(slow):
    with _apply(slow) as process:
        _until(lambda: slow.calls >= 2)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _ended(process)
    time.sleep(LATENCY)  # the call that was cut off is through
    assert process.returncode in {130, 143}
    assert slow.run("plan").code == 0
    assert slow.run("apply", "--auto-approve").code == 0
    for n in range(COUNT):
        assert slow.platform(f"u{n}") == {"Plan": "Free", "Points": n}


def test_a_killed_run_is_taken_up_by_the_next(slow):
    with _apply(slow) as process:
        _until(lambda: slow.calls >= 3)
        process.kill()
        process.communicate(timeout=30)
    time.sleep(LATENCY)  # the call that was cut off is through
    assert (slow.folder / "state.jsonl.journal").exists()
    before = slow.files()
    plan = slow.plan()
    assert slow.files() == before
    assert len(plan["changes"]) < COUNT
    assert slow.run("apply", "--auto-approve", "--first-run").code == 64
    assert slow.files() == before
    assert slow.run("apply", "--auto-approve").code == 0
    for n in range(COUNT):
        assert slow.platform(f"u{n}") == {"Plan": "Free", "Points": n}


@pytest.fixture
def killed(slow):
    """Leave the journal of a run that raised counters, and was killed over it."""
    assert slow.apply().code == 0
    slow.people({f"u{n}": {"Plan": "Gold", "Points": n + 5} for n in range(COUNT)})
    before = slow.calls
    with slow.spawn("apply", "--auto-approve") as process:
        # Plans go first; three counters are raised after them.
        _until(lambda: slow.calls >= before + COUNT + 3)
        process.kill()
        process.communicate(timeout=30)
    time.sleep(LATENCY)
    return slow


def test_a_damaged_journal_is_refused_by_all_until_it_is_put_aside(killed):
    path = killed.folder / "state.jsonl.journal"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    before, calls = killed.state(), killed.calls
    for words in (
        ["plan"], ["apply", "--auto-approve"], ["explain", "u1"], ["state", "list"],
        ["state", "show", "u1"], ["state", "doubt", "u1", "--auto-approve"],
        ["state", "doubt", "--all", "--auto-approve"],
        ["state", "forget", "u1", "--auto-approve"],
        ["import", "spec", "--auto-approve"],
    ):  # fmt: skip
        ended = killed.run(*words)
        assert ended.code == 1, words
        assert "state.jsonl.journal is damaged" in ended.err, words
        assert "ctsync state doubt --all" in ended.err, words
        assert "Traceback" not in ended.err
    assert (killed.state(), killed.calls) == (before, calls)
    path.rename(path.with_suffix(".aside"))
    assert killed.run("state", "doubt", "--all", "--auto-approve").code == 0
    assert killed.run("apply", "--auto-approve").code == 0
    for n in range(COUNT):
        assert killed.platform(f"u{n}") == {"Plan": "Gold", "Points": n + 5}


def test_doubting_all_takes_up_the_journal_of_a_killed_run(killed):
    killed.people({"u1": {"Plan": "Gold", "Points": 6}})
    assert killed.run("state", "doubt", "--all", "--auto-approve").code == 0
    known = killed.json("state", "show", "u0")["entry"]["attributes"]
    assert {each["value"] for each in known} == {"Gold", 5}
    assert not any(each["certain"] for each in known)
    assert killed.run("apply", "--auto-approve").code == 0
    assert not (killed.folder / "state.jsonl.journal").exists()


def test_of_two_applies_at_once_the_second_names_the_first(slow):
    with _apply(slow) as process:
        _until(lambda: slow.calls >= 1)
        second = slow.json("apply", "--auto-approve")
        _ended(process)
    assert process.returncode == 0
    assert second["exit_code"] == 5
    error = second["error"]
    assert error["code"] == "state_locked"
    assert f"process {process.pid}" in error["message"]
    assert "wait for that run to end" in error["hint"]
    assert slow.calls == COUNT


def test_commands_that_write_wait_for_nobody_and_readers_go_on(slow):
    assert slow.apply().code == 0
    before = slow.state()
    slow.people({f"u{n}": {"Plan": "Gold", "Points": n} for n in range(COUNT)})
    with slow.spawn("apply", "--auto-approve") as process:
        _until(lambda: slow.calls > COUNT)
        for words in (
            ["state", "forget", "u1", "--auto-approve"],
            ["state", "rename", "u1", "u9", "--auto-approve"],
            ["state", "doubt", "--all", "--auto-approve"],
            ["import", "spec", "--auto-approve"],
        ):
            assert slow.run(*words).code == 5
        assert slow.state() == before
        for words in (["plan"], ["state", "list"], ["explain", "u1"]):
            assert slow.run(*words).code == 0
        _ended(process)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_while_duckdb_works_ends_the_command_and_leaves_nothing(
    desk, monkeypatch, tmp_path, number, code
):
    desk.project(
        "tables: {t: {file: a.csv, key: {identity: id}, columns: {plan: Plan}}}"
    )
    rows = (f"u{7919 * n % 600_000},Gold\n" for n in range(600_000))
    (desk.folder / "a.csv").write_text("id,plan\n" + "".join(rows))
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setenv("TMPDIR", str(spill))
    with desk.spawn("plan", "--summary", "--engine", "duckdb") as process:
        _until(lambda: list(spill.iterdir()))
        process.send_signal(number)
        out, err = _ended(process)
    assert (process.returncode, out) == (code, "")
    assert "interrupted; nothing was sent" in err
    assert list(spill.iterdir()) == []


def test_a_reader_that_goes_away_is_no_traceback(desk):
    desk.crowd(3000)
    with desk.spawn("plan", "--all") as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=30)
    assert "Traceback" not in err
    assert "Exception" not in err


EARLY = """
import os, signal, sys
import ctsync.cli

class Striker:
    def __init__(self, number):
        self.left = number

    def find_spec(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)

reader, writer = os.pipe()
for number in range(1, 200, 4):
    pid = os.fork()
    if pid == 0:
        os.dup2(writer, 2)
        sys.meta_path.insert(0, Striker(number))
        ctsync.cli.main(["--version"])
    _, status = os.waitpid(pid, 0)
    print(number, os.waitstatus_to_exitcode(status), flush=True)
os.close(writer)
print(os.read(reader, 1 << 16).decode())
"""


def test_ctrl_c_while_ctsync_is_still_being_loaded_ends_as_ever():
    """It once gave a traceback: nothing looked for it in the first 0.2 seconds."""
    ended = subprocess.run(
        [sys.executable, "-c", EARLY], capture_output=True, text=True, check=True
    )
    assert "Traceback" not in ended.stdout + ended.stderr
    struck = [
        line.split()[1] for line in ended.stdout.splitlines() if line[:1].isdigit()
    ]
    assert len(struck) == 50
    assert struck.count("130") > 10
    assert set(struck) <= {"0", "130"}
    said = [line for line in ended.stdout.splitlines() if line.startswith("inter")]
    assert len(said) == struck.count("130")
