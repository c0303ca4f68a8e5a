"""Parquet files that are written once, checked, and read in order or by key."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import compress
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from msgspec import Struct, json
from msgspec.structs import replace

from ctsync.arrow import arrow, arrow_compute, arrow_failures, arrow_parquet
from ctsync.beside import ahead
from ctsync.canonical_json import canonical
from ctsync.model.entry_bodies import SPELLED, lines_of, with_cut_bodies
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import (
    COLUMNS,
    GROUP,
    Table,
    schema,
    sort_key,
    sort_keys,
)
from ctsync.state.atomic_files import (
    CHUNK,
    PinnedFile,
    create_private,
    state_errors,
    write_all,
)
from ctsync.state.key_range import KeyRange
from ctsync.state.snapshot_codec import edited

FIRST_KEYS = b"ctsync.first_keys"
_FIRST_KEYS = list[tuple[str, str]]
AtHand: TypeAlias = "WeakValueDictionary[tuple[str, int, tuple[str, ...]], Table]"
"""Groups of files of a folder, by name, number and columns."""
# Digests do not compress. To find some entries all bodies are unpacked: Zstandard would
# pack them by a third more, and take twice as long for that.
_PACKED = {"fingerprint": "none", "body": "lz4"}
ALWAYS_HASHED = 1 << 26  # bytes that take a tenth of a second


class ParquetFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One file, as it was when ctsync had written it."""

    name: str
    rows: int
    size: int
    sha256: str
    inode: int
    changed_ns: int

    def stamped(self, fd: int) -> ParquetFile:
        """Return the sheet with inode and time of change as they are now."""
        status = os.fstat(fd)
        return replace(self, inode=status.st_ino, changed_ns=status.st_ctime_ns)

    def check(self, file: PinnedFile, location: str, sheet_size: int) -> None:
        """Refuse a file that is not what was written.

        The bytes are compared by their SHA-256; of a large sheet only where size, inode
        and time of change are not those that were noted after it was written, since no
        program can change a file and keep all three.

        Raises:
            StateError: it was changed (code `state_edited`).
        """
        if file.size != self.size:
            why = f"{self.name} has {file.size} bytes, it wrote {self.size}"
            raise edited(location, why)
        if sheet_size > ALWAYS_HASHED and self == self.stamped(file.fd):
            return
        sha = hashlib.sha256()
        with state_errors("read", location):
            for chunk in file.chunks():
                sha.update(chunk)
        if sha.hexdigest() != self.sha256:
            raise edited(location, f"{self.name} has other bytes than it wrote")


def write_parquet(path: Path, tables: Iterable[Table]) -> ParquetFile:
    """Write tables of one group each to a new file, which then survives.

    Raises:
        OSError: it could not be written; the file is there nevertheless.
    """
    fd = create_private(path)
    try:
        sink = _Sink(fd)
        rows = _write(sink, tables)
        os.fsync(fd)
        sha = sink.sha.hexdigest()
        return ParquetFile(path.name, rows, sink.size, sha, 0, 0).stamped(fd)
    finally:
        os.close(fd)


def _write(sink: _Sink, tables: Iterable[Table]) -> int:
    firsts: list[Sequence[str]] = []
    rows = 0
    # A page at a time would have to wait for Python as often as it is written.
    stream = arrow().output_stream(sink, buffer_size=CHUNK)
    writer = arrow_parquet().ParquetWriter(
        stream,
        schema(),
        compression={name: _PACKED.get(name, "zstd") for name in COLUMNS},
        # Types and lists of names come again and again. Of other texts lengths stand
        # apart, so that what is alike in two bodies is not parted by them.
        use_dictionary=["type", "names"],
        column_encoding=dict.fromkeys(("id", "body"), "DELTA_LENGTH_BYTE_ARRAY"),
        write_statistics=["type", "id"],
        write_batch_size=GROUP,
        write_page_checksum=True,
    )
    try:
        with ahead(tables) as made:
            for table in made:
                writer.write_table(with_cut_bodies(table), row_group_size=GROUP)
                firsts.append((table["type"][0].as_py(), table["id"][0].as_py()))
                rows += len(table)
        writer.add_key_value_metadata({FIRST_KEYS: canonical(firsts)})
        writer.close()
        stream.flush()
    except BaseException:
        sink.is_given_up = True  # closing writes what is left
        with suppress(Exception):
            writer.close()
        raise
    return rows


class _Sink:
    """What pyarrow writes to: counted and digested."""

    closed = False

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.sha = hashlib.sha256()
        self.size = 0
        self.is_given_up = False

    def write(self, data: Any) -> None:
        """Write bytes."""
        if not self.is_given_up:
            whole = bytes(data)
            write_all(self._fd, whole)
            self.sha.update(whole)
            self.size += len(whole)

    def flush(self) -> None:
        """Have nothing that waits."""

    def close(self) -> None:
        """Leave it to whoever opened the file."""


class ParquetFileReader:
    """A sheet, opened by its name. Give it a path that stays: hold a lease.

    What readers of one folder have `at_hand` is read once, as long as one holds it.
    """

    def __init__(
        self, path: Path, location: str, at_hand: AtHand | None = None
    ) -> None:
        self._location = location
        self._name = path.name
        self._at_hand: AtHand = WeakValueDictionary() if at_hand is None else at_hand
        with self._understood():
            self._file = arrow_parquet().ParquetFile(
                path, page_checksum_verification=True
            )
            self._firsts = self._first_keys()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        rows: int = self._file.metadata.num_rows
        return rows

    @property
    def firsts(self) -> list[ProfileKey]:
        """The first key of each group."""
        return self._firsts

    @property
    def last(self) -> ProfileKey:
        """The last key of all; there is one."""
        with self._understood():
            *_, last = self._group(
                self._file.num_row_groups - 1, ("type", "id")
            ).to_pylist()
        return ProfileKey(last["type"], last["id"])

    def tables(self, columns: Sequence[str] = COLUMNS) -> Iterator[Table]:
        """Yield all rows, in order."""
        with self._understood():
            # Not `iter_batches`: it keeps what it has read until its end.
            for number in range(self._file.num_row_groups):
                yield self._group(number, columns)

    def tables_within(
        self, within: KeyRange, columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of a range of keys, in order; no other group is read."""
        with self._understood():
            for number in within.groups(self._firsts):
                yield within.cut(self._group(number, columns))

    def lines(
        self, keys: Iterable[ProfileKey]
    ) -> Iterator[tuple[ProfileKey, bytes | None]]:
        """Yield the lines of those keys that the file has; None of who is gone.

        Each key can be in one group only, so no other is read.
        """
        groups: defaultdict[int, list[ProfileKey]] = defaultdict(list)
        for key in keys:
            groups[bisect_right(self._firsts, key) - 1].append(key)
        with self._understood():
            for number, wanted in groups.items():
                if number >= 0:
                    yield from self._in_group(number, wanted)

    def _in_group(
        self, number: int, keys: list[ProfileKey]
    ) -> Iterator[tuple[ProfileKey, bytes | None]]:
        pa, pc = arrow(), arrow_compute()

        table = self._group(number, SPELLED)
        texts = pa.array([sort_key(key) for key in keys])
        places = pc.index_in(texts, value_set=sort_keys(table))
        met = compress(keys, places.is_valid().to_pylist())
        return zip(met, lines_of(table.take(places.drop_null())), strict=True)

    def group(self, number: int, columns: Sequence[str]) -> Table:
        """Return the rows of one group."""
        with self._understood():
            return self._group(number, columns)

    def _group(self, number: int, columns: Sequence[str]) -> Table:
        place = self._name, number, tuple(columns)
        table = self._at_hand.get(place)
        if table is None:
            table = self._file.read_row_group(
                number, columns=list(columns), use_threads=False
            )
            self._at_hand[place] = table
        return table

    def _first_keys(self) -> list[ProfileKey]:
        words = (self._file.metadata.metadata or {}).get(FIRST_KEYS, b"[]")
        return [ProfileKey(*key) for key in json.decode(words, type=_FIRST_KEYS)]

    @contextmanager
    def _understood(self) -> Generator[None]:
        """Turn what comes of damage into the refusal of an edited state."""
        try:
            yield
        # A name that is no UTF-8, or first keys that are none, are a ValueError.
        except (arrow_failures(), OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                with state_errors("read", self._location):
                    raise
            raise edited(self._location, f"{self._name} is damaged") from error
