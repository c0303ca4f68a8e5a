"""Filling a state from the spec, as if everything declared were so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import BinaryIO

from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_text import EntryText, text_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.state.entry_edits import Edit, PutText

_ROW = b" "  # what no line of an entry begins with


class SpecImport:
    """What a state takes from the spec; kept in a file, since it may be millions."""

    def __init__(
        self,
        file: BinaryIO,
        *,
        is_read: bool = False,
        read_row: Callable[[bytes], tuple[ProfileKey, Edit]] | None = None,
    ) -> None:
        """`file` is empty, private, and gone when it is closed.

        `read_row` says what a line that was given to `add_row` does, and to whom.
        `is_read` says that what the spec declares was read of a platform, so that
        counters are certain too.
        """
        self.profiles = 0
        self.attributes = 0
        self._file = file
        self._is_read = is_read
        self._read_row = read_row

    def add(
        self, entry: Entry | None, change: Change, whole: Collection[str] = ()
    ) -> None:
        """Take a change in, as if it had long been so; changes come sorted by key.

        `whole` are folded names of lists that hold no other values.
        """
        before = entry or Entry(change.key)
        after = entry_as_declared(before, change, whole, is_read=self._is_read)
        if after != entry:
            self._file.write(entry_line(after))
            self.profiles += 1
            self.attributes += len({op.attribute for op in change.operations})

    def add_new(self, text: EntryText) -> None:
        """Take in a new profile as it is to stand in the state."""
        self._file.write(text.line)
        self.profiles += 1
        self.attributes += len(text.names)

    def add_row(self, line: bytes, attributes: int) -> None:
        """Take in the change of a profile that is known, with so many attributes."""
        self._file.write(_ROW + line)
        self.profiles += 1
        self.attributes += attributes

    def edits(self) -> Iterator[tuple[ProfileKey, Edit]]:
        """Yield what is to stand in the state, by key. May be called again."""
        self._file.seek(0)
        for line in self._file:
            if self._read_row is not None and line.startswith(_ROW):
                yield self._read_row(line.removeprefix(_ROW))
            else:
                text = text_from_line(line)
                yield text.key, PutText(text)


def entry_as_declared(
    entry: Entry, change: Change, whole: Collection[str] = (), *, is_read: bool = False
) -> Entry:
    """Return an entry as if a change had long been so.

    Nothing counts as sent by ctsync. Counters are uncertain unless it `is_read`, since
    what they would be compared with was never seen, and so the next plan assigns them.
    """
    before = {} if entry.gone else {**entry.attributes}
    after = {**before, **_after(before, change, whole, is_read=is_read)}
    kept = {name: k for name, k in after.items() if name not in change.settled.forget}
    doubtful = any(not known.certain for known in kept.values())
    return Entry(
        entry.key,
        dict(sorted(kept.items())),
        change.settled.cohorts,
        tuple(sorted({*change.once, *entry.once})),
        None if doubtful else change.settled.fingerprint,
    )


def _after(
    before: Mapping[str, KnownValue],
    change: Change,
    whole: Collection[str],
    *,
    is_read: bool,
) -> dict[str, KnownValue]:
    after: dict[str, KnownValue] = {}
    for operation in change.operations:
        name = fold_name(operation.attribute)
        held = after.get(name, before.get(name))
        sent = replace(operation, ours=()) if operation.ours else operation
        known = KINDS[operation.kind].apply(held, sent)
        after[name] = replace(
            known,
            owned=held.owned if held is not None else False,
            certain=is_read or operation.kind != "counter",
            complete=known.complete or name in whole,
        )
    return after
