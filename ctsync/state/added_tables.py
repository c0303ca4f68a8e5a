"""Entries of a state that begins, as tables: whole columns where edits come so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctsync.gathered_runs import gathered
from ctsync.model.entry_text import text_of
from ctsync.state.arrow_rows import (
    GROUP,
    Table,
    in_groups,
    table_of_columns,
    tables_of,
)
from ctsync.state.edit_stream import EditStream, KeyedEdit, NewEntries
from ctsync.state.entry_edits import edited_line
from ctsync.state.snapshot_codec import EntryDigest


def added_tables(edits: EditStream, digest: EntryDigest) -> Iterator[Table]:
    """Yield what edits make where nothing is, in tables of one group each.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    return in_groups(_tables(edits, digest))


def _tables(edits: EditStream, digest: EntryDigest) -> Iterator[Table]:
    for run in gathered(edits.runs, NewEntries, GROUP):
        if isinstance(run, NewEntries):
            digest.add_columns(run.columns)
            yield table_of_columns(run.columns)
        else:
            yield from _table_of(run, digest)


def _table_of(edits: Iterable[KeyedEdit], digest: EntryDigest) -> Iterator[Table]:
    made = (edited_line(edit, None) for _, edit in edits)
    texts = [text_of(each) for each in made if each is not None]
    for text in texts:
        digest.add(text)
    return tables_of((text.key, text) for text in texts)
