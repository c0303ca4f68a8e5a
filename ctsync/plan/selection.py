"""Choosing part of a plan: `--target` and `--exclude`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import compress, count

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.errors import UsageError
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.change import ACTIONS, Change, EntryAfter
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import Entry, cohorts_in
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.selector_kinds import SELECTOR_KINDS


class Selector(Struct, frozen=True):
    """`KIND=GLOB`."""

    kind: str
    glob: str

    def __str__(self) -> str:
        return f"{self.kind}={self.glob}"

    def matches(self, names: Iterable[str | None]) -> bool:
        """Return whether any of the names is meant."""
        return any(name is not None and fnmatchcase(name, self.glob) for name in names)


def parse_selector(text: str) -> Selector:
    """Read `KIND=GLOB`.

    Raises:
        UsageError: there is no such kind.
    """
    kind, equals, glob = text.partition("=")
    if not equals or not glob or kind not in SELECTOR_KINDS:
        near = ["identity"] if kind == "id" else _near(kind)
        hint = f"write KIND=GLOB, KIND one of {', '.join(SELECTOR_KINDS)}"
        if near and glob:
            hint = f"did you mean {near[0]}={glob}?"
        raise UsageError(f"not a selector: {text}", hint=hint)
    return Selector(kind, glob)


def _near(kind: str) -> list[str]:
    return difflib.get_close_matches(kind, SELECTOR_KINDS, 1, 0.7)


class Selection:
    """Which part of the changes a plan takes, and which names it has met."""

    def __init__(
        self, targets: Iterable[Selector] = (), excludes: Iterable[Selector] = ()
    ) -> None:
        self.targets = tuple(targets)
        self.excludes = tuple(excludes)
        self._by_kind: dict[str, list[Selector]] = {}
        for selector in self.targets:
            self._by_kind.setdefault(selector.kind, []).append(selector)
        self._watched = {s.kind for s in (*self.targets, *self.excludes)}
        self._met: dict[str, set[str]] = {kind: set() for kind in self._watched}
        self._meet("action", ACTIONS)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self._watched

    @property
    def takes_whole_changes(self) -> bool:
        """Whether of a change all is chosen or nothing."""
        return "attribute" not in self._watched

    def profile_seen(self, key: ProfileKey, entry: Entry | None) -> None:
        """Note the names that a profile brings, so that a typo can be told."""
        if self._watched:
            self._meet(key.type, (key.id,))
            if entry is not None:
                self.record_seen(
                    "attribute", (k.name for k in entry.attributes.values())
                )
                self.record_seen("cohort", cohorts_in(entry.cohorts))

    def decided_seen(self, decided: DecidedRows) -> None:
        """Note the same of rows that were decided in columns; no cohort names these."""
        if decided.key_type in self._watched:
            self._meet(decided.key_type, decided.ids())
        if "attribute" in self._watched:
            self._meet("attribute", decided.seen())

    def record_seen(self, kind: str, names: Iterable[str]) -> None:
        """Note names of one kind."""
        if kind in self._watched:
            self._meet(kind, names)

    def _meet(self, kind: str, names: Iterable[str]) -> None:
        if kind in self._met:
            self._met[kind].update(names)

    def trim(self, change: Change, entry: Entry | None) -> Change | None:
        """Return the chosen part of a change, or None."""
        if self.is_whole:
            return change
        if not self._takes(_names_of(change, entry)):
            return None
        return self._trim_attributes(change, entry)

    def trim_decided(self, decided: DecidedRows) -> DecidedRows:
        """Return the chosen changes of rows, which have the chosen attributes alone."""
        if self.is_whole:
            return decided
        return decided.only(compress(count(), map(self._takes, _names_in(decided))))

    def _takes(self, names: Mapping[str, tuple[str | None, ...]] | None) -> bool:
        """Return whether a change of such names is chosen; None is no change."""
        if names is None:
            return False
        if any(s.matches(names[s.kind]) for s in self.excludes if s.kind in names):
            return False
        return all(
            any(s.matches(names[kind]) for s in selectors)
            for kind, selectors in self._by_kind.items()
            if kind in names
        )

    def _trim_attributes(self, change: Change, entry: Entry | None) -> Change | None:
        if "attribute" not in self._watched:
            return change
        operations = tuple(op for op in change.operations if self.wants(op.attribute))
        released = tuple(name for name in change.released if self.wants(name))
        if operations == change.operations and released == change.released:
            return change
        if not operations and not released:
            return None
        names = {fold_name(op.attribute) for op in operations}
        return replace(
            change,
            action=change.action if operations else "release",
            operations=operations,
            released=released,
            settled=_partly(change, entry, self.wants),
            opt_in=any(map(is_opt_in, operations)),
            once=tuple(name for name in change.once if name in names),
            locked=tuple(name for name in change.locked if self.wants(name)),
        )

    def wants(self, attribute: str) -> bool:
        """Return whether what is done to an attribute is chosen."""
        chosen = self._by_kind.get("attribute")
        if chosen is not None and not any(s.matches((attribute,)) for s in chosen):
            return False
        return not any(
            s.matches((attribute,)) for s in self.excludes if s.kind == "attribute"
        )

    def check(self, mask: Mask) -> None:
        """Refuse selectors that mean nothing that was met.

        Raises:
            UsageError: names the nearest ones; no identity that must not be shown.
        """
        for selector in (*self.targets, *self.excludes):
            names = self._met[selector.kind]
            if not selector.matches(names):
                # It is compared with each name, so not with millions.
                near = difflib.get_close_matches(selector.glob, _some(names), 3)
                open_ = [name for name in near if not _hides(mask, selector.kind, name)]
                hint = f"nearest: {', '.join(open_)}" if open_ else None
                raise UsageError(f"nothing matches {_shown(selector, mask)}", hint=hint)


def _hides(mask: Mask, kind: str, name: str) -> bool:
    return kind == "identity" and mask.hides(ProfileKey(kind, name))


def _shown(selector: Selector, mask: Mask) -> str:
    if not _hides(mask, selector.kind, selector.glob):
        return str(selector)
    return f"{selector.kind}={mask.key_text(ProfileKey(selector.kind, selector.glob))}"


def _some(names: set[str], most: int = 20_000) -> list[str]:
    return sorted(names)[:most]


def _names_of(
    change: Change, entry: Entry | None
) -> Mapping[str, tuple[str | None, ...]]:
    ids: dict[str, tuple[str | None, ...]] = dict.fromkeys(ID_TYPES, ())
    # Who leaves a cohort is meant by it too, and may stand in no place of it any more.
    left = () if entry is None or entry.gone else entry.cohorts
    return {
        **ids,
        change.key.type: (change.key.id,),
        "cohort": (*left, *change.left, *(origin.cohort for origin in change.origins)),
        "table": tuple(origin.table for origin in change.origins),
        "file": tuple(origin.file for origin in change.origins),
        "action": (change.action,),
    }


def _names_in(
    decided: DecidedRows,
) -> Iterator[Mapping[str, tuple[str | None, ...]] | None]:
    """Yield the same of each row that changes something, and None of the others."""
    ids: dict[str, tuple[str | None, ...]] = dict.fromkeys(ID_TYPES, ())
    columns = (decided.values(name) for name in ("id", "is_new", "traits"))
    rows = zip(*columns, decided.standing(), strict=True)
    for identifier, is_new, traits, standing in rows:
        # What an entry is bound to is just where its rows stand, or Python decides.
        before = () if is_new else (each.membership for each in standing)
        yield (
            None
            if not traits
            else {
                **ids,
                decided.key_type: (identifier,),
                "cohort": (*before, *(each.cohort for each in standing)),
                "table": tuple(each.table for each in standing),
                "file": tuple(each.file for each in standing),
                "action": ("create" if is_new else "update",),
            }
        )


def _partly(
    change: Change, entry: Entry | None, wants: Callable[[str], bool]
) -> EntryAfter:
    """Settle only what was chosen; the rest is planned again."""
    cohorts = {*(entry.cohorts if entry is not None else ()), *change.settled.cohorts}
    chosen = {name for name in change.released if wants(name)}
    # While a membership is kept, what was given at parting is known: it is given once.
    if cohorts == {*change.settled.cohorts}:
        moved = (op.attribute for op in change.operations)
        chosen.update(filter(wants, moved))
    folded = {fold_name(name) for name in chosen}
    touched = (*(op.attribute for op in change.operations), *change.released)
    kept = {fold_name(name) for name in touched if wants(name)}
    return EntryAfter(
        cohorts=tuple(sorted(cohorts)),
        forget=tuple(sorted(folded & frozenset(change.settled.forget))),
        ours=tuple(each for each in change.settled.ours if each[0] in kept),
    )
