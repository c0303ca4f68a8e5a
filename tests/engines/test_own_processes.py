"""Processes of this machine do a task each, and know and leave nothing else."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import json

from ctsync.engines.own_processes import processes, run_in_processes
from ctsync.errors import CtsyncError, Interrupted


def doubled(piece):
    return piece * 2


def environment(_):
    return json.encode(dict(os.environ))


def ends(_):
    os._exit(0)


def fails(_):
    raise ValueError


def waits(_):
    time.sleep(600)


def notes_and_waits(piece):
    Path(piece.decode()).write_text(str(os.getpid()))
    time.sleep(600)


WAITING = f"""
import sys
from ctsync.engines.own_processes import processes, run_in_processes
from {__name__} import notes_and_waits
run_in_processes(notes_and_waits, [sys.argv[1].encode()])
"""


def test_every_piece_has_its_result():
    assert run_in_processes(doubled, [b"a", b"\n", b""]) == [b"aa", b"\n\n", b""]


def test_no_variable_with_a_secret_goes_along(monkeypatch):
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "tell-nobody")
    monkeypatch.setenv("CTSYNC_OF_THIS_TEST", "1")
    monkeypatch.setenv("TMPDIR", "/tmp")
    (said,) = run_in_processes(environment, [b""])
    found = json.decode(said)
    assert found["TMPDIR"] == "/tmp"
    assert "tell-nobody" not in said.decode()
    assert "PYTHONPATH" in found
    assert "CTSYNC_OF_THIS_TEST" not in found


def test_a_large_host_starts_no_more_than_the_memory_of_a_small_container_holds(
    monkeypatch,
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    workers = processes()
    assert workers is not None
    assert workers.pieces == 8


@pytest.mark.parametrize("task", [ends, fails])
def test_one_that_ends_early_is_told(task):
    with pytest.raises(CtsyncError, match="a process ended early"):
        run_in_processes(task, [b"a", b"b"])


def test_none_outlives_whoever_waited(monkeypatch):
    waited = []

    def stopped(process):
        waited.append(process.pid)
        raise Interrupted("stopped at once", signal_number=2)

    monkeypatch.setattr("ctsync.engines.own_processes._taken", stopped)
    with pytest.raises(Interrupted):
        run_in_processes(waits, [b""])
    with pytest.raises(ProcessLookupError):
        os.kill(waited[0], 0)


def test_none_outlives_whoever_was_killed(tmp_path):
    """Else it would write into a state that the next command works on."""
    note = tmp_path / "pid"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WAITING, str(note)]
    with subprocess.Popen(command, env=environment) as killed:
        assert comes(lambda: note.exists() and note.read_text())
        killed.kill()
    assert comes(lambda: not is_there(int(note.read_text())))


def comes(condition):
    """Whether it becomes true soon."""
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
