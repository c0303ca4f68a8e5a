"""Records of runs as rows, and what each run changed as parts of many lines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager

from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.state.base import Line, RunRecord
from ctsync.state.postgres.session import Session
from ctsync.state.postgres.view import existing_state
from ctsync.state.run_files import history_damaged

PART_BYTES = 1 << 20


def append_run(
    session: Session, state: int, record: Line, changes: Iterable[Line], *, keep: int
) -> None:
    """Write a run, in the place of the last if that is the same; drop the oldest."""
    run = str(record["run"])
    last = session.rows(_LAST, state)
    number = last[0][0] + (last[0][1] != run) if last else 1
    session.run(_DROP, state, number)
    session.run(_RECORD, state, number, run, canonical(record))
    for part, lines in enumerate(_parts(changes)):
        session.run(_CHANGES, state, number, part, lines)
    session.run(_DROP_OLD, state, number - keep)


_LAST = """
    SELECT number, run FROM ctsync.runs WHERE state = %s ORDER BY number DESC LIMIT 1
"""
_DROP = "DELETE FROM ctsync.runs WHERE state = %s AND number = %s"
_DROP_OLD = "DELETE FROM ctsync.runs WHERE state = %s AND number <= %s"
_RECORD = """
    INSERT INTO ctsync.runs (state, number, run, record) VALUES (%s, %s, %s, %s)
"""
_CHANGES = """
    INSERT INTO ctsync.changes (state, number, part, lines) VALUES (%s, %s, %s, %s)
"""


def _parts(changes: Iterable[Line]) -> Iterator[bytes]:
    part = bytearray()
    for change in changes:
        part += canonical(change) + b"\n"
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def runs_of(session: Session, name: str) -> Iterator[RunRecord]:
    """Yield the runs, the last one first, as they are at this moment."""
    # Else a run that is dropped while its parts are read would seem to end early.
    session.look()
    state = existing_state(session, name)
    if state is None:
        return
    for (number,) in session.rows(_NUMBERS, state):
        (line,) = session.one(_RECORD_OF, state, number)
        with _understood(session, number):
            record = parse(line)
        if not isinstance(record, dict) or "run" not in record:
            raise _damaged(session, number)
        yield RunRecord(record, _reader(session, state, number))


_NUMBERS = "SELECT number FROM ctsync.runs WHERE state = %s ORDER BY number DESC"
_RECORD_OF = "SELECT record FROM ctsync.runs WHERE state = %s AND number = %s"


def _reader(session: Session, state: int, number: int) -> Callable[[], Iterator[Line]]:
    def read() -> Iterator[Line]:
        part = 0
        while lines := session.rows(_PART, state, number, part):
            with _understood(session, number):
                yield from map(parse, lines[0][0].splitlines())
            part += 1

    return read


_PART = """
    SELECT lines FROM ctsync.changes WHERE state = %s AND number = %s AND part = %s
"""


@contextmanager
def _understood(session: Session, number: int) -> Generator[None]:
    try:
        yield
    except ValueError as error:
        raise _damaged(session, number) from error


def _damaged(session: Session, number: int) -> StateError:
    return history_damaged(f"run {number} of {session.location}")
