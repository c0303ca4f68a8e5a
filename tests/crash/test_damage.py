"""Files that a crash or a hand left wrong, and runs that are told to stop."""

import json
import signal
import time

import pytest
from trial.world import Trouble

from ctsync.errors import StateError
from ctsync.state.journal_lines import head_line

KILLED = -9
OTHER = {"serial": 7}


def test_a_rename_that_the_disk_forgot_is_made_again_from_the_journal(cases):
    """The journal goes only after the snapshot that holds it is on the disk."""
    with cases() as case:
        assert case.run("count") == 0
        points = case.points
    for back in range(6):
        with cases() as case:
            before, serial = case.kept(), case.known().serial
            assert case.run("kill", points - back) == KILLED
            folded = case.known()
            if folded.serial == serial or not case.journal_path.exists():
                continue
            for path in case.kept():
                path.with_name(f"{path.name}.tmp").write_bytes(path.read_bytes()[:99])
            for path, content in before.items():
                path.write_bytes(content)
            case.world.recover()
            assert case.known() == folded
            case.plan_anew()
            return
    pytest.fail("no point lies between the rename and the end of the journal")


def test_a_journal_beside_another_snapshot_is_refused_and_nothing_is_sent(cases):
    with cases() as case:
        assert case.run("kill", 20) == KILLED
        journal = case.journal_path
        lines, mark = journal.read_bytes(), case.mark_path.read_bytes()
        journal.write_bytes(head_line({**json.loads(lines.split(b"\n")[0]), **OTHER}))
        case.mark_path.unlink()
        calls = case.calls()
        with pytest.raises(StateError) as refused:
            case.world.apply(case.plan, Trouble())
        assert refused.value.code == "journal_mismatch"
        assert case.calls() == calls
        journal.write_bytes(lines)
        case.mark_path.write_bytes(mark)
        case.go_on()


def test_a_damaged_line_inside_a_journal_is_refused_and_nothing_is_sent(cases):
    with cases() as case:
        assert case.run("kill", 20) == KILLED
        journal = case.journal_path
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join([lines[0], lines[1][:-9] + b"\n", *lines[2:]]))
        calls = case.calls()
        with pytest.raises(StateError) as refused:
            case.world.apply(case.plan, Trouble())
        assert refused.value.code == "journal_damaged"
        assert case.calls() == calls


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_journal_that_lost_its_end_leaves_its_last_calls_in_doubt(cases, cut):
    """Receipts are not forced to the disk: a power cut may take them back."""
    with cases() as case:
        assert case.run("kill", 41) == KILLED
        journal = case.journal_path
        lines = journal.read_bytes().splitlines(keepends=True)
        last = max(n for n, line in enumerate(lines) if b'"receipt"' in line)
        # What stood there when a call left was forced to the disk.
        assert not any(b'"intent"' in line for line in lines[last:])
        journal.write_bytes(b"".join(lines[:last]) + lines[last][:-cut])
        case.world.watch.doubt()  # what stood in that line is not known any more
        case.go_on()


def wait_for(happened):
    for _ in range(1500):
        if happened():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen in time")


def test_a_run_that_is_asked_to_stop_finishes_what_is_in_flight(cases):
    with cases() as case:
        before = case.calls()
        case.script("slow", "slow")
        with case.spawn() as process:
            wait_for(lambda: case.calls() > before)
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
        document = json.loads(out)
        assert process.returncode == document["exit_code"] == 143
        assert document["counts"]["unknown"] == 0
        case.witness(before)
        case.go_on()


def test_a_second_interrupt_ends_a_run_in_the_middle_of_its_calls(cases):
    with cases() as case:
        before = case.calls()
        case.script("hang")
        with case.spawn() as process:
            wait_for(lambda: case.calls() > before)
            process.send_signal(signal.SIGINT)
            assert "once more" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        assert case.journal_path.exists()
        case.witness(before)
        case.go_on()
