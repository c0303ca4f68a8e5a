"""What was read of the platform, kept until it is written: a read is dear.

A million profiles take many hours, and what ends them early (a signal, a kill, a storm
of refusals) must not cost what was read. Every reading is kept as soon as it arrived,
in a private SQLite file that only its owner reads; whoever asks the same of the same
state goes on from there. Readings come out sorted by key, whatever their order was.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Self

from msgspec import DecodeError, msgpack

from ctsync.canonical_json import canonical
from ctsync.errors import CtsyncError
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import Found, Reading

SUFFIXES = ("", "-wal", "-shm", "-journal")  # files that SQLite keeps of one database
LIFE_SECONDS = 4 * 24 * 3600  # the platform's cursors are good for as long

_SETTLED = (Found.FOUND, Found.GONE)
_TABLES = """
CREATE TABLE IF NOT EXISTS head (purpose BLOB, began REAL, cursor TEXT);
CREATE TABLE IF NOT EXISTS reading (
  type TEXT, id TEXT, found TEXT, body BLOB, checksum INTEGER, PRIMARY KEY (type, id)
) WITHOUT ROWID;
"""


class KeptReads:
    """Readings by key. Threads may note at the same time.

    `began` is when the first of them was asked for, in epoch seconds; `cursor` is the
    page that comes next, of what is read in pages.
    """

    def __init__(self, rows: sqlite3.Connection, path: Path | None) -> None:
        self._rows = rows
        self._path = path
        self._lock = Lock()
        self._began: float = 0.0

    @property
    def began(self) -> float:
        """When reading began, in epoch seconds."""
        return self._began

    @property
    def is_kept(self) -> bool:
        """Whether another run can go on from it."""
        return self._path is not None

    @property
    def cursor(self) -> str | None:
        """The page that comes next."""
        with self._using() as rows:
            found: str | None = rows.execute("SELECT cursor FROM head").fetchone()[0]
            return found

    def count(self) -> int:
        """Return of how many profiles it is known what the platform says."""
        with self._using() as rows:
            query = "SELECT count(*) FROM reading WHERE found IN (?, ?)"
            return int(rows.execute(query, _SETTLED).fetchone()[0])

    def holds(self, key: ProfileKey) -> bool:
        """Return whether a key has been read."""
        with self._using() as rows:
            query = "SELECT 1 FROM reading WHERE type = ? AND id = ?"
            return rows.execute(query, key).fetchone() is not None

    def note(self, reading: Reading) -> None:
        """Keep a reading; it outlives the process.

        Raises:
            CtsyncError: it cannot be kept.
        """
        with self._using() as rows:
            rows.execute(_NOTE, _row(reading))

    def note_page(self, readings: Iterable[Reading], cursor: str | None) -> None:
        """Keep a page and which comes next, both or neither.

        Raises:
            CtsyncError: they cannot be kept.
        """
        with self._using() as rows:
            rows.execute("BEGIN")
            with rows:  # which undoes half of it, whatever comes between
                rows.executemany(_NOTE, map(_row, readings))
                rows.execute("UPDATE head SET cursor = ?", (cursor,))

    def readings(self) -> Iterator[Reading]:
        """Yield what was read, sorted by key.

        Raises:
            CtsyncError: it is damaged.
        """
        # A column of SQLite takes values of any type: as bytes, all can be checked.
        query = "SELECT CAST(body AS BLOB), checksum FROM reading ORDER BY type, id"
        with self._told():
            for body, checksum in self._rows.execute(query):
                yield self._reading(body, checksum)

    def discard(self) -> None:
        """Let it be gone. May be called again."""
        self._rows.close()
        if self._path is not None:
            remove(self._path)

    def close(self) -> None:
        """Let go of it; it stays for whoever goes on."""
        with suppress(sqlite3.Error):
            self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, purpose: bytes, now: float) -> None:
        """Go on if it is of this purpose and not too old, else begin anew."""
        with self._using() as rows:
            for each in _settings(is_kept=self.is_kept):
                rows.execute(f"PRAGMA {each}")
            rows.executescript(_TABLES)
            found = rows.execute("SELECT purpose, began FROM head").fetchone()
            if found is not None and self._is_good(found, purpose, now):
                self._began = found[1]
                # What nobody could tell is asked again.
                rows.execute("DELETE FROM reading WHERE found NOT IN (?, ?)", _SETTLED)
                return
            rows.executescript("DELETE FROM reading; DELETE FROM head;")
            rows.execute("INSERT INTO head VALUES (?, ?, NULL)", (purpose, now))
            self._began = now

    @staticmethod
    def _is_good(found: tuple[bytes, float], purpose: bytes, now: float) -> bool:
        # By a clock that was set back meanwhile nobody knows how old it is.
        return found[0] == purpose and 0 <= now - found[1] < LIFE_SECONDS

    def _reading(self, body: bytes, checksum: int) -> Reading:
        if zlib.crc32(body) != checksum:
            raise _damaged()
        try:
            return _READING.decode(body)
        except DecodeError as error:
            raise _damaged() from error

    @contextmanager
    def _using(self) -> Generator[sqlite3.Connection]:
        with self._lock, self._told():
            yield self._rows

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _trouble(error, self._path) from error


_FULL = {"SQLITE_FULL": "the disk is full", "SQLITE_READONLY": "it is read-only"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def _trouble(error: sqlite3.Error, path: Path | None) -> CtsyncError:
    """Tell of an error without its text, which may quote what was read."""
    name: str | None = getattr(error, "sqlite_errorname", None)
    if name is None or name in _DAMAGED:
        return _damaged()
    where = "TMPDIR" if path is None else path.parent
    return CtsyncError(
        f"what is read cannot be kept in {where}: {_FULL.get(name, name)}",
        hint="see that its disk has room and can be written, and run the command again",
        code="reads_unwritable",
    )


def _damaged() -> CtsyncError:
    return CtsyncError(
        "what an interrupted command had read and kept is damaged",
        hint="read all of it again with --anew",
        code="reads_damaged",
    )


_NOTE = "INSERT OR REPLACE INTO reading VALUES (?, ?, ?, ?, ?)"
_READING = msgpack.Decoder(Reading)


def _row(reading: Reading) -> tuple[str, str, str, bytes, int]:
    body = msgpack.encode(reading)
    return (*reading.key, reading.found.value, body, zlib.crc32(body))


def open_kept_reads(
    path: Path | None, purpose: Mapping[str, Any], now: float
) -> KeptReads:
    """Open what was kept for this purpose, or begin anew; without a path, keep nothing.

    `now` are epoch seconds. What is damaged, too old, or of another purpose is removed.

    Raises:
        CtsyncError: nothing can be kept there.
    """
    words = canonical(purpose)
    try:
        return _opened(path, words, now)
    except CtsyncError:
        if path is None or not path.exists():
            raise
    remove(path)
    return _opened(path, words, now)


def _opened(path: Path | None, purpose: bytes, now: float) -> KeptReads:
    try:
        rows = _connect(path)
    except OSError as error:
        raise CtsyncError(
            f"what is read cannot be kept in {path}: {error.strerror}",
            hint="check owner and mode of the folder, and that its disk has room",
            code="reads_unwritable",
        ) from error
    kept = KeptReads(rows, path)
    try:
        kept.begin(purpose, now)
    except CtsyncError:
        kept.close()
        raise
    return kept


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Files beside it take its mode; who may not follow a link, follows none.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(path, flags, 0o600))
        path.chmod(0o600)
    return sqlite3.connect(
        path or "", isolation_level=None, check_same_thread=False, timeout=0
    )


def _settings(*, is_kept: bool) -> Iterator[str]:
    yield "trusted_schema = OFF"
    yield "cache_size = -16000"  # KiB
    if is_kept:
        # One process writes, under the state's lock; a kill -9 costs nothing.
        yield "locking_mode = EXCLUSIVE"
        yield "journal_mode = WAL"
        yield "synchronous = NORMAL"


def remove(path: Path) -> None:
    """Remove a file of kept reads, and what SQLite keeps beside it."""
    for suffix in SUFFIXES:
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def remove_older(folder: Path, now: float) -> None:
    """Remove what nobody went on from in time; `now` are epoch seconds."""
    with suppress(OSError):
        for path in folder.glob("*.reads"):
            if now - path.stat().st_mtime >= LIFE_SECONDS:
                remove(path)
