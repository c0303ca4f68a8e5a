"""What edits make of the lines of a snapshot, with the digest carried along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ctsync.model.entry import Entry, entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.state.entry_edits import Edit, replaced_entries
from ctsync.state.snapshot_codec import EntryDigest


class ChangedLine(Struct, frozen=True):
    """One entry that is not what it was; without a line there is none."""

    key: ProfileKey
    entry: Entry | None
    before: bytes | None
    line: bytes | None


def changed_lines(
    pick: Callable[[Iterable[ProfileKey]], Iterator[Entry]],
    edits: Iterable[tuple[ProfileKey, Edit]],
    digest: EntryDigest,
) -> Iterator[ChangedLine]:
    """Yield what edits change, and take it into the digest.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    for key, before, after in replaced_entries(pick, edits):
        line = None if after is None else entry_line(after)
        line_before = None if before is None else entry_line(before)
        if line != line_before:
            digest.exchange(line_before, line)
            yield ChangedLine(key, after, line_before, line)
