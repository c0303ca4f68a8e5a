"""What edits make of the lines of a snapshot, with the digest carried along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ctsync.model.entry_text import EntryText, text_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state.entry_edits import Edit, beside_found, edited_line, in_order
from ctsync.state.snapshot_codec import EntryDigest


class ChangedLine(Struct, frozen=True):
    """One entry that is not what it was; without a line there is none."""

    key: ProfileKey
    before: bytes | None
    text: EntryText | None

    @property
    def line(self) -> bytes | None:
        """The line that is there now."""
        return None if self.text is None else self.text.line


def changed_lines(
    pick: Callable[[Iterable[ProfileKey]], Iterator[tuple[ProfileKey, bytes]]],
    edits: Iterable[tuple[ProfileKey, Edit]],
    digest: EntryDigest,
) -> Iterator[ChangedLine]:
    """Yield what edits change, and take it into the digest.

    `pick` gives the lines of those keys that there are; keys come sorted.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    for key, edit, before in beside_found(pick, in_order(edits)):
        after = edited_line(edit, before)
        changed = ChangedLine(key, before, None if after is None else text_of(after))
        if changed.line != before:
            digest.exchange(before, changed.line)
            yield changed
