"""Processes of this machine do a task each, and know and leave nothing else."""

import os
import time

import pytest
from msgspec import json

from ctsync.engines.own_processes import run_in_processes
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
