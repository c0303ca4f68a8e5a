"""What edits make of a state, in tables: by whole runs where they come so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import eq

from ctsync.gathered_runs import gathered
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import (
    GROUP,
    Row,
    Table,
    in_groups,
    table_of_columns,
    tables_of,
)
from ctsync.state.changed_lines import changed_lines
from ctsync.state.edit_stream import (
    EditStream,
    KeyedEdit,
    KnownEntries,
    ends_of,
)
from ctsync.state.known_lines import KnownLines
from ctsync.state.parquet_snapshot import StoredSheets
from ctsync.state.snapshot_codec import EntryDigest


def changed_tables(
    version: StoredSheets, edits: Iterable[KeyedEdit], digest: EntryDigest
) -> Iterator[Table]:
    """Yield what edits change in tables of one group each, and take it into the digest.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    return in_groups(_tables(version, edits, digest))


def _tables(
    version: StoredSheets, edits: Iterable[KeyedEdit], digest: EntryDigest
) -> Iterator[Table]:
    known = version.known_lines()
    last: ProfileKey | None = None
    runs = edits.runs if isinstance(edits, EditStream) else iter([edits])
    for run in gathered(runs, KnownEntries, GROUP):
        if isinstance(run, KnownEntries):
            first, end = ends_of(run.key_type, run.ids)
            yield from _run_tables(run, known, digest)
        else:
            single = [*run]
            first, end = single[0][0], single[-1][0]
            changed = changed_lines(known.pick, single, digest)
            yield from tables_of((each.key, each.text) for each in changed)
        if last is not None and first <= last:
            raise ValueError(f"the edit of {first} comes twice or out of order")
        last = end


def _run_tables(
    run: KnownEntries, known: KnownLines, digest: EntryDigest
) -> Iterator[Table]:
    before = known.texts(run.key_type, run.ids)
    columns = run.over_all(before)
    lines = [line for line in before.lines if line is not None]
    if columns is None or any(map(eq, lines, columns.lines)):
        yield from tables_of(_rows_of(run, before.lines, digest))
    else:
        digest.exchange_all(lines, columns.lines)
        yield table_of_columns(columns)


def _rows_of(
    run: KnownEntries, before: Sequence[bytes | None], digest: EntryDigest
) -> Iterator[Row]:
    """Yield the rows that became others."""
    keys = [ProfileKey(run.key_type, each.decode()) for each in run.ids]
    for key, line, text in zip(keys, before, run.over(before), strict=True):
        after = None if text is None else text.line
        if after != line:
            digest.exchange(line, after)
            yield key, text
