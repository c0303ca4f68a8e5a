"""What edits make of the lines of a snapshot, with the digest carried along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ctsync.model.entry import Entry
from ctsync.model.key import Key
from ctsync.state.edits import Edit, exchanged
from ctsync.state.form import EntryDigest, entry_line


class ChangedLine(Struct, frozen=True):
    """One entry that is not what it was; without a line there is none."""

    key: Key
    entry: Entry | None
    before: bytes | None
    line: bytes | None


def changed_lines(
    pick: Callable[[Iterable[Key]], Iterator[Entry]],
    edits: Iterable[tuple[Key, Edit]],
    digest: EntryDigest,
) -> Iterator[ChangedLine]:
    """Yield what edits change, and take it into the digest.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    for key, before, after in exchanged(pick, edits):
        line = None if after is None else entry_line(after)
        line_before = None if before is None else entry_line(before)
        if line != line_before:
            digest.exchange(line_before, line)
            yield ChangedLine(key, after, line_before, line)
