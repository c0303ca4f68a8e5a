"""Taking what was read into a state: certain, and not ours.

Where the spec declares a value that is equal to the one that was read, the state takes
the spec's spelling, so that the plan that follows has nothing to send.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import BinaryIO, Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.model.attribute import Attribute
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.compare import known_from, look_at
from ctsync.observe.kept_entries import KeptEntries
from ctsync.observe.profile_reply import Seen, SeenProfile
from ctsync.state.edit_stream import EditStream

Wants: TypeAlias = Callable[[str, str], bool]
"""Says whether an attribute is taken in, by folded name and name."""


class ImportRules(Struct, frozen=True):
    """What the project says of what is read; `wants` chooses the attributes.

    `files` are those of which the platform may still tell.
    """

    rule_for: Callable[[str], Attribute]
    wants: Wants = lambda _folded, _name: True
    files: Container[str] = frozenset()


class SpecWriter(Protocol):
    """Writes what was read as a spec."""

    def add(self, entry: Entry) -> Entry:
        """Take a profile in; give what of it can be declared."""
        ...


class ProfileImport:
    """What a state takes in; kept in a file, since it may be millions.

    `file` is empty, private, and gone when it is closed. Profiles come sorted by key.
    """

    def __init__(
        self, file: BinaryIO, rules: ImportRules, spec: SpecWriter | None = None
    ) -> None:
        self.profiles = 0
        self.attributes = 0
        self._kept = KeptEntries(file)
        self._rules = rules
        self._spec = spec
        self._shapes: dict[str, tuple[str, str | None]] = {}

    def add(
        self,
        seen: SeenProfile,
        entry: Entry | None,
        declared: Entry | None,
        key: ProfileKey,
    ) -> None:
        """Take a profile in: what was read, what is known, what the spec says."""
        if entry is None and declared is None and self._spec is None:
            self._add_new(key, seen)
            return
        after = self._merged(seen, entry, declared, key)
        if self._spec is not None and declared is None:
            after = self._spec.add(after)
        if after != entry:
            self.add_line(entry_line(after), len(after.attributes))

    def add_line(self, line: bytes, attributes: int) -> None:
        """Take in the line of an entry, and count its attributes."""
        self._kept.add_line(line)
        self.profiles += 1
        self.attributes += attributes

    def add_columns(self, columns: EntryColumns) -> None:
        """Take in entries of whom nobody knows."""
        self._kept.add_columns(columns)
        self.profiles += len(columns)
        self.attributes += sum(map(len, columns.names))

    @property
    def writes_spec(self) -> bool:
        """Whether a spec is to say what is taken in."""
        return self._spec is not None

    def edits(self) -> EditStream:
        """Return what is to stand in the state, by key. May be called again."""
        return EditStream(self._kept.runs(), self.profiles)

    def _add_new(self, key: ProfileKey, seen: SeenProfile) -> None:
        """Take in whom nobody knows; most profiles of an export are of this sort."""
        found: dict[str, KnownValue] = {}
        for folded, each in seen.attributes.items():
            if each.is_odd or not self._rules.wants(folded, each.name):
                continue
            found[folded] = self._known(each)
        self.add_line(entry_line(Entry(key, found)), len(found))

    def _known(self, seen: Seen) -> KnownValue:
        shape = self._shapes.get(seen.name)
        if shape is None:
            rule = self._rules.rule_for(seen.name)
            shape = self._shapes[seen.name] = (rule.attribute, rule.kind)
        return known_from(shape[0], shape[1], seen.value)

    def _merged(
        self,
        seen: SeenProfile,
        entry: Entry | None,
        declared: Entry | None,
        key: ProfileKey,
    ) -> Entry:
        before = {} if entry is None or entry.gone else {**entry.attributes}
        said = {} if declared is None else _as_read(declared)
        flags = frozenset() if declared is None else declared.attributes.keys()
        after: dict[str, KnownValue] = {}
        for folded, known in {**said, **before}.items():
            look = look_at(known, seen.attributes.get(folded), self._rules.files)
            after[folded] = look.after
        for folded, each in seen.attributes.items():
            if each.is_odd or not self._rules.wants(folded, each.name):
                continue
            is_flag = folded in after and after[folded].kind == "subscription"
            # What no place declares of a profile would be released by the next plan.
            is_new = folded not in after and (declared is None or folded in flags)
            if is_flag or is_new:
                after[folded] = self._known(each)
        whole = entry or Entry(key)
        return replace(
            whole,
            attributes=dict(sorted(after.items())),
            cohorts=whole.cohorts if declared is None else declared.cohorts,
            once=whole.once,
            fingerprint=None if after != before else whole.fingerprint,
            gone=False,
        )


def _as_read(declared: Entry) -> dict[str, KnownValue]:
    """Give what the spec says as what a read may confirm; flags no read confirms."""
    return {
        folded: replace(known, certain=True, owned=False)
        for folded, known in declared.attributes.items()
        if known.kind != "subscription"
    }


class Beside:
    """Gives entries by key to whoever asks for one key after the other, sorted."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._waiting = iter(entries)
        self._next = next(self._waiting, None)

    @property
    def has_more(self) -> bool:
        """Whether one is left."""
        return self._next is not None

    def reaches(self, key: ProfileKey) -> bool:
        """Return whether one is left up to a key."""
        return self._next is not None and self._next.key <= key

    def at(self, key: ProfileKey) -> Entry | None:
        """Give the entry of a key, if there is one."""
        while self._next is not None and self._next.key < key:
            self._next = next(self._waiting, None)
        found = self._next
        return found if found is not None and found.key == key else None
