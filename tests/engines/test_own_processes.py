"""Processes of this machine do a task each, and know and leave nothing else."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from io import BytesIO
from itertools import repeat
from pathlib import Path

import pytest
from msgspec import json

from ctsync.engines import own_processes
from ctsync.engines.own_processes import made_ahead, processes, run_in_processes
from ctsync.engines.task_process import read_piece, read_result, write_piece
from ctsync.errors import CtsyncError, Interrupted


def doubled(piece):
    return piece * 2


def doubled_until_it_ends(piece):
    return piece * 2 if piece else ends(piece)


def environment(_):
    return json.encode(dict(os.environ))


def ends(_):
    os._exit(0)


def fails(_):
    raise ValueError


def waits(_):
    time.sleep(600)


def prints(piece):
    sys.stdout.write("as some packages do")
    sys.stdout.flush()
    os.write(1, b"below Python, too")
    return piece


def stops(_):
    os.kill(os.getpid(), signal.SIGSTOP)


def notes_and_waits(piece):
    Path(piece.decode()).write_text(str(os.getpid()))
    time.sleep(600)


def waits_for_all(task, pieces):
    return run_in_processes(task, pieces)


def waits_for_the_next(task, pieces):
    with made_ahead(task, pieces) as made:
        return [*made]


WAITING = f"""
import sys
from {__name__} import {{0}}, notes_and_waits
{{0}}(notes_and_waits, [word.encode() for word in sys.argv[1:]])
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
    cores = {0: range(64), 1: range(2)}  # of this process, and of another
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {*cores[pid]})
    workers = processes()
    assert workers is not None
    assert workers.pieces == 8


@pytest.mark.parametrize(("cores", "pieces"), [(3, 3), (2, 2), (1, None), (None, None)])
def test_where_a_system_says_only_how_many_cores_it_has_so_many_are_started(
    monkeypatch, cores, pieces
):
    """One alone is busy here; and so it is taken to be where nothing is said."""
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    workers = processes()
    assert (workers and workers.pieces) == pieces


def test_no_terminal_ends_one():
    """Whoever is asked to stop finishes first, for which it may need it."""
    (said,) = run_in_processes(process_and_session, [b""])
    process, session = json.decode(said)
    assert process == session != os.getsid(0)


def process_and_session(_):
    return json.encode([os.getpid(), os.getsid(0)])


def test_one_that_is_done_keeps_no_memory_while_others_work(tmp_path):
    note = str(tmp_path / "pid").encode()
    found = run_in_processes(waits_for_the_first, [b"first:" + note, b"last:" + note])
    assert found == [b"done", b"it is gone"]


def waits_for_the_first(piece):
    who, _, place = piece.decode().partition(":")
    note = Path(place)
    if who == "first":
        note.write_text(str(os.getpid()))
        return b"done"
    comes(lambda: note.exists() and note.read_text())
    first = int(note.read_text())
    return b"it is gone" if comes(lambda: not is_there(first)) else b"it is there"


@pytest.mark.parametrize("task", [ends, fails])
def test_one_that_ends_early_is_told(task):
    with pytest.raises(CtsyncError, match="a process ended early"):
        run_in_processes(task, [b"a", b"b"])


class NotThere:
    """A task of a package, say, that another process cannot import."""

    def __reduce__(self):
        return fails, (b"",)


@pytest.mark.usefixtures("lively")
def test_one_that_cannot_read_its_task_does_not_go_on():
    with pytest.raises(CtsyncError, match="a process ended early"):
        run_in_processes(NotThere(), [b"a"])


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


def test_each_piece_comes_with_what_is_made_of_it():
    """However large it is beside what a pipe holds, and however many there are."""
    pieces = [b"", b"\n", *(b"x" * (n << 17) for n in range(1, 24))]
    with made_ahead(doubled, pieces) as made:
        assert [*made] == [(piece, piece * 2) for piece in pieces]


def test_what_is_printed_there_is_no_result():
    with made_ahead(prints, [b"a", b"b"]) as made:
        assert [*made] == [(b"a", b"a"), (b"b", b"b")]
    assert run_in_processes(prints, [b"a"]) == [b"a"]


def test_a_process_ends_that_cannot_take_a_piece(monkeypatch):
    """There may be no memory for it there: nobody waits for what is made of it."""
    monkeypatch.setattr(own_processes, "write_piece", more_than_there_is)
    with made_ahead(doubled, [b"a", b"b"]) as made:
        assert [*made] == [(b"a", None), (b"b", None)]


def more_than_there_is(file, _):
    file.write(sys.maxsize.to_bytes(8, "big"))
    file.flush()


def test_what_is_left_when_it_ends_comes_without():
    pieces = [b"a", b"b", b"", *[b"x" * (3 << 20)] * 9]
    with made_ahead(doubled_until_it_ends, pieces) as made:
        assert [*made] == [
            (b"a", b"aa"),
            (b"b", b"bb"),
            *((p, None) for p in pieces[2:]),
        ]


@pytest.mark.parametrize("executable", ["/nowhere/python", "", None])
def test_all_come_without_where_none_can_be_started(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    with made_ahead(doubled, [b"a", b"b"]) as made:
        assert [*made] == [(b"a", None), (b"b", None)]


def test_where_no_more_room_is_given_pipes_hold_less(monkeypatch):
    """Linux gives so much to all processes of a user together."""
    monkeypatch.setattr("fcntl.fcntl", refuses)
    assert run_in_processes(doubled, [b"a", b"b"]) == [b"aa", b"bb"]


def refuses(*_):
    raise PermissionError


@pytest.mark.parametrize("text", [b"", b"hello", b"hello, world", b"\xff" * 99])
def test_what_is_no_piece_is_none(text):
    """Of a frozen program, say, that greets whoever starts it."""
    assert read_piece(BytesIO(text)) is None


GREETING = """
print({0!r}, end="", flush=True)
from ctsync.engines.task_process import main
main()
"""


@pytest.mark.parametrize("words", ["hello", "hello, world"])
def test_of_a_process_that_says_something_else_first_no_result_is_taken(
    monkeypatch, words
):
    command = ("-c", GREETING.format(words))
    monkeypatch.setattr(own_processes, "_COMMAND", command)
    pieces = [b"a" * 999, *[b"b"] * 20]
    with made_ahead(doubled, pieces) as made:
        found = [*made]
    assert [piece for piece, _ in found] == pieces
    assert {result for _, result in found} == {None}


def test_a_piece_is_read_whole_or_not_at_all():
    file = BytesIO()
    write_piece(file, b"a\n")
    write_piece(file, b"")
    written = file.getvalue()
    for size in range(len(written) + 1):
        file = BytesIO(written[:size])
        read = [read_piece(file), read_piece(file)]
        assert read == [b"a\n" if size >= 10 else None, b"" if size == 18 else None]


@pytest.mark.parametrize(
    ("opening", "is_whole", "signs"),
    [("=", True, 0), ("..=", True, 2), ("", False, 0), (".h=", False, 1)],
)
def test_before_a_result_it_may_be_said_that_there_will_be_one(
    opening, is_whole, signs
):
    file, found = BytesIO(), []
    file.write(opening.encode())
    write_piece(file, b"a")
    file.seek(0)
    result = read_result(file, lambda: found.append("."))
    assert (result, len(found)) == (b"a" if is_whole else None, signs)


@pytest.mark.parametrize("task", [waits, stops])
def test_one_that_has_been_waited_for_is_given_up(monkeypatch, task):
    """A debugger or a container may stop it, also while pieces are handed over."""
    monkeypatch.setattr(own_processes, "_PATIENCE", 0.2)
    started = noted_processes(monkeypatch)
    pieces = [b"x" * (3 << 20)] * 3
    with made_ahead(task, pieces) as made:
        assert [*made] == [(piece, None) for piece in pieces]
    assert [process.returncode for process in started] == [-signal.SIGKILL]


LIVELY = """
from ctsync.engines import task_process
task_process._PAUSE = 0.1
task_process.main()
"""


@pytest.fixture
def lively(monkeypatch):
    """Processes that say all the time that they go on."""
    monkeypatch.setattr(own_processes, "_COMMAND", ("-c", LIVELY))


@pytest.mark.usefixtures("lively")
def test_what_is_made_ahead_is_waited_for_no_longer_by_whoever_says_that_it_goes_on(
    monkeypatch,
):
    monkeypatch.setattr(own_processes, "_PATIENCE", 2)
    with made_ahead(waits, [b"a"]) as made:
        assert [*made] == [(b"a", None)]


def test_whoever_is_stopped_is_not_waited_for(monkeypatch):
    """The files that it was to write are written without it."""
    monkeypatch.setattr(own_processes, "_PATIENCE", 0.2)
    started = noted_processes(monkeypatch)
    with pytest.raises(CtsyncError, match="a process ended early, or was stopped"):
        run_in_processes(stops, [b"a", b"b"])
    assert [process.returncode for process in started] == [-signal.SIGKILL] * 2


@pytest.mark.usefixtures("lively")
def test_whoever_goes_on_is_waited_for_as_long_as_a_disk_takes(tmp_path, monkeypatch):
    """A limit begins with each sign of life, and none is left at the end."""
    note, limits = tmp_path / "heard", []
    monkeypatch.setattr(own_processes, "Timer", partial(Limit, limits, note))
    found = run_in_processes(takes_until_it_is_heard, [str(note).encode()])
    assert found == [b"heard"]
    assert {limit.state for limit in limits} == {"cancelled"}


def takes_until_it_is_heard(piece):
    return b"heard" if comes(Path(piece.decode()).exists) else b"nobody hears"


class Limit:
    """A timer that never comes to its end; of the third one a note is made."""

    def __init__(self, limits, note, seconds, end):
        limits.append(self)
        self.begun, self.note = len(limits), note
        self.state = seconds, end.__name__

    def start(self):
        assert self.state == (60, "kill")
        assert self.daemon
        self.state = "started"
        if self.begun == 3:
            self.note.touch()

    def cancel(self):
        self.state = "cancelled"


def test_what_pieces_raise_is_raised():
    with made_ahead(doubled, raising()) as made:
        assert next(made) == (b"a", b"aa")
        with pytest.raises(ZeroDivisionError):
            next(made)


def raising():
    yield b"a"
    yield b"%d" % (1 // 0)


@pytest.mark.parametrize(("task", "state"), [(waits, "S"), (stops, "T")])
def test_whoever_leaves_early_waits_for_nobody(monkeypatch, task, state):
    """Also where more lies ready than a process takes that does nothing any more."""
    started = noted_processes(monkeypatch)
    with made_ahead(task, repeat(b"x" * (3 << 20))):
        assert comes(lambda: state_of(started[0].pid) == state)
    (process,) = started
    assert process.poll() is not None


def noted_processes(monkeypatch):
    """The processes that are started from now on."""
    started, popen = [], subprocess.Popen

    def noted(*args, **options):
        started.append(popen(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    return started


@pytest.mark.parametrize("way", [waits_for_all, waits_for_the_next])
def test_none_outlives_whoever_was_killed(tmp_path, way):
    """Else it would write into a state that the next command works on."""
    note = tmp_path / "pid"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    notes = [str(note), *(str(tmp_path / f"other-{n}") for n in range(9))]
    command = [sys.executable, "-c", WAITING.format(way.__name__), *notes]
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
    """Whether it runs; one that has ended may stay until somebody asks how."""
    return state_of(pid) not in {None, "Z"}


def state_of(pid):
    """The letter by which Linux says what a process does; None where there is none."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return said.rpartition(")")[2].split()[0]
