"""What edits make of a state, in tables: by whole runs where they come so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import lt

from ctsync.gathered_runs import gathered
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import GROUP, Row, Table, in_groups, tables_of
from ctsync.state.changed_lines import changed_lines
from ctsync.state.edit_stream import EditStream, KeyedEdit, KnownEntries
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
            keys = [ProfileKey(run.key_type, each.decode()) for each in run.ids]
            rows = _rows_of(run, keys, known, digest)
        else:
            single = [*run]
            keys = [key for key, _ in single]
            changed = changed_lines(known.pick, single, digest)
            rows = [(each.key, each.text) for each in changed]
        _require_order(keys if last is None else [last, *keys])
        last = keys[-1]
        yield from tables_of(rows)


def _rows_of(
    run: KnownEntries,
    keys: Sequence[ProfileKey],
    known: KnownLines,
    digest: EntryDigest,
) -> list[Row]:
    before = known.of(run.key_type, run.ids)
    rows = list[Row]()
    for key, line, text in zip(keys, before, run.over(before), strict=True):
        after = None if text is None else text.line
        if after != line:
            digest.exchange(line, after)
            rows.append((key, text))
    return rows


def _require_order(keys: Sequence[ProfileKey]) -> None:
    if not all(map(lt, keys, islice(keys, 1, None))):
        raise ValueError(f"edits up to {keys[-1]} come twice or out of order")
