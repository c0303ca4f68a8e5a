"""Keeping what every failed profile is told without holding it in memory."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import astuple

from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Origin
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome


class Failure(Struct, frozen=True):
    """A profile with a record that was not acknowledged.

    `said` are the server's own words: for a private report alone.
    """

    key: ProfileKey
    origins: tuple[Origin, ...]
    outcome: Outcome
    code: int | None = None
    error: str | None = None
    said: str | None = None


class FailureStore:
    """Failures by the place of their profile in the plan; the last one stays.

    They lie in a private temporary database, which is in memory while it is small
    and disappears with the process.
    """

    def __init__(self) -> None:
        self._rows: sqlite3.Connection | None = None

    def note(self, place: int, failure: Failure) -> None:
        """Keep a failure in the stead of an earlier one at its place."""
        if self._rows is None:
            self._rows = scratch_database()
            weakref.finalize(self, self._rows.close)
            self._rows.execute(
                "CREATE TABLE failure (place INTEGER PRIMARY KEY, type TEXT, id TEXT, "
                "origins BLOB, outcome TEXT, code INTEGER, error TEXT, said TEXT)"
            )
            self._rows.execute("BEGIN")
        self._rows.execute(
            "INSERT OR REPLACE INTO failure VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                place,
                *failure.key,
                canonical([astuple(origin) for origin in failure.origins]),
                failure.outcome.value,
                failure.code,
                failure.error,
                failure.said,
            ),
        )

    def at(self, place: int) -> Failure:
        """Return the failure at a place where there is one."""
        (found,) = self._select("place = ?", place)
        return found

    def of(self, outcome: Outcome) -> Iterator[Failure]:
        """Yield the failures with one outcome, by key."""
        return self._select("outcome = ?", outcome.value)

    def _select(self, where: str, value: object) -> Iterator[Failure]:
        if self._rows is None:
            return iter(())
        words = (
            "SELECT type, id, origins, outcome, code, error, said FROM failure "  # noqa: S608
            f"WHERE {where} ORDER BY place"
        )
        return _failures(self._rows.execute(words, (value,)))


def scratch_database() -> sqlite3.Connection:
    """Return a database that has no name, spills to disk, and is not kept."""
    # Whichever thread happens to collect the last reference closes it.
    rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    # Nothing of it outlives this process, so nothing has ever to be undone.
    rows.execute("PRAGMA journal_mode = OFF")
    return rows


def _failures(
    rows: Iterable[tuple[str, str, bytes, str, int | None, str | None, str | None]],
) -> Iterator[Failure]:
    for type_, id_, origins, outcome, code, error, said in rows:
        places = tuple(Origin(*row) for row in parse(origins))
        key = ProfileKey(type_, id_)
        yield Failure(key, places, Outcome(outcome), code, error, said)
