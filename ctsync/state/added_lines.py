"""Lines of a state that begins: many at once where edits come so."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.state.edit_stream import EditStream, NewEntries
from ctsync.state.entry_edits import edited_line
from ctsync.state.snapshot_codec import EntryDigest


def added_lines(edits: EditStream, digest: EntryDigest) -> Iterator[bytes]:
    """Yield what edits make where nothing is: lines that follow each other.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    for run in edits.runs:
        if isinstance(run, NewEntries):
            digest.add_columns(run.columns)
            yield b"".join(run.columns.lines)
            continue
        for _, edit in run:
            made = edited_line(edit, None)
            if made is not None:
                yield digest.add(made)
