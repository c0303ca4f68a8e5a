"""Edits of what a snapshot knows: by key, or taking knowledge and certainty away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import tee
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey

Edit: TypeAlias = "Callable[[Entry | None], Entry | None]"
T = TypeVar("T")
F = TypeVar("F")


class TextEdit(ABC):
    """An edit that may say at once, as text, what it makes of the line of an entry."""

    __slots__ = ()

    @abstractmethod
    def over(self, before: bytes | None) -> EntryText | None:
        """Return what is to stand there; None where the entry has to be understood.

        What it gives is what a call of it gives, byte by byte.
        """

    @abstractmethod
    def __call__(self, before: Entry | None) -> Entry | None:
        """Edit as any other does."""


class PutText(TextEdit):
    """An edit that lets an entry, given as text, stand in the place of whatever is."""

    __slots__ = ("_text",)

    def __init__(self, text: EntryText) -> None:
        self._text = text

    def over(self, before: bytes | None) -> EntryText:  # noqa: ARG002
        """Return the text."""
        return self._text

    def __call__(self, before: Entry | None) -> Entry | None:  # noqa: ARG002
        """Read the text."""
        return entry_from_line(self._text.line)


def edited(edit: Edit, before: Entry | None) -> Entry | EntryText | None:
    """Return what an edit makes of an entry, as text where that is at hand."""
    if isinstance(edit, PutText) or before is None:
        return edited_line(edit, None)
    text = edit.over(entry_line(before)) if isinstance(edit, TextEdit) else None
    return edit(before) if text is None else text


def edited_line(edit: Edit, before: bytes | None) -> Entry | EntryText | None:
    """Return the same, from the line of the entry."""
    if isinstance(edit, TextEdit):
        text = edit.over(before)
        if text is not None:
            return text
    return edit(None if before is None else entry_from_line(before))


def changed_texts(
    entries: Iterable[Entry], edits: Iterable[tuple[ProfileKey, Edit]]
) -> Iterator[Entry | EntryText]:
    """Yield the same as `changed_entry`, for whoever only writes it down."""
    for entry, edit in _side_by_side(entries, in_order(edits)):
        after = entry if edit is None else edited(edit, entry)
        if after is not None:
            yield after


def changed_entry(
    entries: Iterable[Entry], edits: Iterable[tuple[ProfileKey, Edit]]
) -> Iterator[Entry]:
    """Yield the entries after the edits; both come sorted by key.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    for entry, edit in _side_by_side(entries, in_order(edits)):
        after = entry if edit is None else edit(entry)
        if after is not None:
            yield after


def _side_by_side(
    entries: Iterable[Entry], edits: Iterator[tuple[ProfileKey, Edit]]
) -> Iterator[tuple[Entry | None, Edit | None]]:
    waiting = next(edits, None)
    for entry in entries:
        while waiting is not None and waiting[0] < entry.key:
            yield None, waiting[1]
            waiting = next(edits, None)
        if waiting is not None and waiting[0] == entry.key:
            yield entry, waiting[1]
            waiting = next(edits, None)
        else:
            yield entry, None
    while waiting is not None:
        yield None, waiting[1]
        waiting = next(edits, None)


def put_instead(after: Entry | None) -> Edit:
    """Return the edit that lets this stand in the place of whatever is there."""
    return lambda _before: after


def in_order(
    edits: Iterable[tuple[ProfileKey, Edit]],
) -> Iterator[tuple[ProfileKey, Edit]]:
    """Yield the edits as they are.

    Raises:
        ValueError: one does not come after the one before.
    """
    last: ProfileKey | None = None
    for number, (key, edit) in enumerate(edits, start=1):
        if last is not None and key <= last:
            word = "twice" if key == last else "out of order"
            raise ValueError(f"edit {number} comes {word}")
        last = key
        yield key, edit


def chosen_entries(
    entries: Iterable[Entry], keys: Iterable[ProfileKey]
) -> Iterator[Entry]:
    """Yield the entries of these keys; both come sorted by key."""
    wanted = iter(keys)
    key = next(wanted, None)
    for entry in entries:
        while key is not None and key < entry.key:
            key = next(wanted, None)
        if key is None:
            return
        if key == entry.key:
            yield entry


def replaced_entries(
    pick: Callable[[Iterable[ProfileKey]], Iterator[Entry]],
    edits: Iterable[tuple[ProfileKey, Edit]],
) -> Iterator[tuple[ProfileKey, Entry | None, Entry | None]]:
    """Yield for each edit the entry before, which `pick` finds, and the one after.

    Raises:
        ValueError: the edits are not sorted, or a key comes twice.
    """
    for key, edit, before in beside(pick, in_order(edits)):
        yield key, before, edit(before)


def beside(
    pick: Callable[[Iterable[ProfileKey]], Iterator[Entry]],
    values: Iterable[tuple[ProfileKey, T]],
) -> Iterator[tuple[ProfileKey, T, Entry | None]]:
    """Yield values, which come sorted by key, with the entry that each is about."""

    def keyed(keys: Iterable[ProfileKey]) -> Iterator[tuple[ProfileKey, Entry]]:
        return ((entry.key, entry) for entry in pick(keys))

    return beside_found(keyed, values)


def beside_found(
    pick: Callable[[Iterable[ProfileKey]], Iterator[tuple[ProfileKey, F]]],
    values: Iterable[tuple[ProfileKey, T]],
) -> Iterator[tuple[ProfileKey, T, F | None]]:
    """Yield values, which come sorted by key, with what is found of each."""
    # Keys are asked for in crowds, and each value waits here until its entry has come.
    values, again = tee(values)
    found = pick(key for key, _ in again)
    waiting = next(found, None)
    for key, value in values:
        before = None
        if waiting is not None and waiting[0] == key:
            before, waiting = waiting[1], next(found, None)
        yield key, value, before


def forget_attribute(entry: Entry, folded_name: str) -> Entry:
    """Return the entry without an attribute and its once mark."""
    if folded_name not in entry.attributes and folded_name not in entry.once:
        return entry
    kept = {name: k for name, k in entry.attributes.items() if name != folded_name}
    once = tuple(name for name in entry.once if name != folded_name)
    return replace(entry, attributes=kept, once=once, fingerprint=None)


def doubt_entry(entry: Entry, folded_names: Container[str] | None = None) -> Entry:
    """Return the entry with these attributes, or all, uncertain."""
    doubted = {
        name: _doubted(known) if folded_names is None or name in folded_names else known
        for name, known in entry.attributes.items()
    }
    if doubted == {**entry.attributes}:
        return entry
    return replace(entry, attributes=doubted, fingerprint=None)


def _doubted(known: KnownValue) -> KnownValue:
    """Of a list, nothing is certainly there or absent any more; it may be more."""
    known = replace(known, due=None)  # whoever doubts waits for nothing
    if known.is_set:
        possible = tuple(sorted({*known.present, *known.maybe}))
        return replace(known, present=(), maybe=possible, absent=(), complete=False)
    return replace(known, certain=False)
