"""Reading the sheets of a state that a hand may have touched, row by row."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import pairwise

from ctsync.arrow import arrow, arrow_compute, arrow_failures
from ctsync.errors import StateError
from ctsync.model.entry import Entry, entry_from_line, entry_line
from ctsync.model.entry_bodies import SPELLED, lines_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import (
    Table,
    merged_segments,
    present_rows,
    schema,
    sort_keys,
)
from ctsync.state.base import Snapshot
from ctsync.state.parquet_snapshot import ParquetSnapshot
from ctsync.state.snapshot_codec import entry_from_edited_line, with_digest


def edited_snapshot(version: ParquetSnapshot) -> Snapshot:
    """Return the snapshot as it stands, edits included, sorted anew.

    Raises:
        StateError: a file cannot be read, or holds what is no entry.
    """

    def entries() -> Iterator[Entry]:
        names = (parquet_file.name for parquet_file in version.manifest.parquet_files)
        tables = (_checked(version, name) for name in names)
        for table in present_rows(reduce(merged_segments, tables)):
            yield from map(entry_from_line, table["body"].to_pylist())

    return Snapshot(with_digest(version.manifest.header, entries()), entries)


def _checked(version: ParquetSnapshot, name: str) -> Iterator[Table]:
    """Yield the rows of a file with the canonical lines of its entries."""
    pa = arrow()

    place = f"{version.location}{name}"
    last: tuple[ProfileKey, int] | None = None
    with _readable(place):
        for table in _sorted(version, name):
            types, ids, rows = (table[n].to_pylist() for n in ("type", "id", "row"))
            lines = []
            for key, line, row in zip(
                map(ProfileKey, types, ids), lines_of(table), rows, strict=True
            ):
                if last is not None and last[0] == key:
                    raise _twice(place, row, last[1])
                lines.append(_canonical(place, row, key, line))
                last = key, row
            texts = pa.array(lines, pa.binary()).view(pa.string())
            yield table.select(["type", "id"]).append_column("body", texts)


def _canonical(
    place: str, row: int, key: ProfileKey, line: bytes | None
) -> bytes | None:
    if line is None:
        return None
    try:
        entry = entry_from_edited_line(line)
    except ValueError as error:
        raise _no_entry(place, row) from error
    if entry.key != key:
        raise _no_entry(place, row)
    return entry_line(entry)[:-1]


def _no_entry(place: str, row: int) -> StateError:
    return StateError(
        f"row {row} of {place} is no entry",
        hint='restore a copy, or move the folder away and run "ctsync import spec"',
        code="state_unreadable",
    )


def _twice(place: str, row: int, first: int) -> StateError:
    return StateError(
        f"row {row} of {place} is about the same profile as row {first}",
        hint='restore a copy, or move the folder away and run "ctsync import spec"',
        code="state_unreadable",
    )


def _sorted(version: ParquetSnapshot, name: str) -> Iterator[Table]:
    """Yield the rows of a file by key; only one that is out of order is kept whole."""
    pa, pc = arrow(), arrow_compute()

    if _is_sorted(_numbered(version, name)):
        yield from _numbered(version, name)
        return
    whole = pa.concat_tables(_numbered(version, name))
    yield whole.take(pc.sort_indices(sort_keys(whole)))


def _is_sorted(tables: Iterable[Table]) -> bool:
    keys = (key for table in tables for key in sort_keys(table).to_pylist())
    return all(left <= right for left, right in pairwise(keys))


def _numbered(version: ParquetSnapshot, name: str) -> Iterator[Table]:
    """Yield the rows of a file with their numbers, from 1.

    Raises:
        ValueError: a row has no key.
    """
    pa = arrow()

    types = pa.schema([schema().field(column) for column in SPELLED])
    count = 0
    for table in version.reader(name).tables(SPELLED):
        if table["type"].null_count or table["id"].null_count:
            raise ValueError("a row has no key")
        numbers = pa.array(range(count + 1, count + len(table) + 1))
        count += len(table)
        yield table.select(SPELLED).cast(types).append_column("row", numbers)


@contextmanager
def _readable(place: str) -> Generator[None]:
    """Refuse for good what is damaged: there is no edit to accept."""
    try:
        yield
    except (arrow_failures(), KeyError, ValueError, StateError) as error:
        if isinstance(error, StateError) and error.code != "state_edited":
            raise
        raise StateError(
            f"{place} cannot be read any more",
            hint='restore a copy, or move the folder away and run "ctsync import spec"',
            code="state_unreadable",
        ) from error
