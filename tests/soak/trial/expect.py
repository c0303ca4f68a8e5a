"""What the platform has to hold once everything was brought to it.

Worked out from the project's history and from what left, by rules written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ctsync.sandbox.profile import Profile
from trial.watch import Watch
from trial.wishes import (
    COHORT_TIER,
    LEFT_TIER,
    LISTS,
    ONCE,
    REMOVABLE,
    Day,
    Part,
    Wishes,
)

KEPT = ("Legacy", "written by somebody else")


def mistakes(
    wishes: Wishes, watch: Watch, *, removes: bool, joined: set[str], known: set[str]
) -> Iterator[str]:
    """Say what the platform holds and should not, or lacks."""
    for identity in sorted(known | wishes.named):
        profile = watch.platform.profile("identity", identity)
        if profile is None:
            values = wishes.desired(identity).values()
            if any(isinstance(value, str | int | float) for value in values):
                yield f"{identity} is not there"
            continue
        judge = _Judge(profile, wishes, watch, removes)
        for words in judge.mistakes(left=identity in joined - wishes.members):
            yield f"{identity}: {words}"


class _Judge:
    def __init__(
        self, profile: Profile, wishes: Wishes, watch: Watch, removes: bool
    ) -> None:
        self.identity = profile.value
        self.found = {**profile.attributes, **profile.flags}
        self.groups = profile.groups
        self.wishes, self.watch, self.removes = wishes, watch, removes
        self.desired = wishes.desired(profile.value)

    def mistakes(self, *, left: bool) -> Iterator[str]:
        for name, value in self.desired.items():
            found = self.found.get(name)
            if name in LISTS:
                yield from self._list(name, value, found)
            elif not self._is_reached(name, value, found):
                yield f"{name} is {found!r}, not {value!r}"
        yield from self._left(left=left)
        yield from self._undeclared()
        yield from self._groups()
        if KEPT[0] in self.found and self.found[KEPT[0]] != KEPT[1]:
            yield f"{KEPT[0]} is not ours and was changed"

    def _is_reached(self, name: str, value: Any, found: Any) -> bool:
        if name == ONCE:
            return bool(found == self.watch.once.get(self.identity))
        if isinstance(value, Day):
            value = value.stored
        return type(found) is type(value) and bool(found == value)

    def _list(self, name: str, value: Any, found: Any) -> Iterator[str]:
        held = set(found or ())
        where = (self.identity, name)
        foreign, loose = self.watch.foreign[where], self.watch.loose[where]
        touched = set().union(
            *(self.watch.declared[(*where, how)] for how in ("exact", "include"))
        )
        excluded = self.watch.declared[(*where, "exclude")]
        if isinstance(value, Part):
            required, banned = set(value.include), set(value.exclude)
            banned |= self._parted(where, required)
        else:
            required = set(value or ())
            banned = held - required - foreign - loose
        required |= foreign - touched - excluded
        if required - held:
            yield f"{name} lacks {sorted(required - held)}: {sorted(held)}, {value}"
        if banned & held:
            yield f"{name} has {sorted(banned & held)}: {sorted(held)}, {value}"

    def _parted(self, where: tuple[str, str], wanted: set[str]) -> set[str]:
        """Give values that were ours by an include alone, and are wanted no more."""
        included = self.watch.declared[(*where, "include")]
        exact = self.watch.declared[(*where, "exact")]
        others = self.watch.foreign[where] | self.watch.loose[where]
        return included - exact - wanted - others

    def _left(self, *, left: bool) -> Iterator[str]:
        if left and "Tier" not in self.desired and self.found.get("Tier") != LEFT_TIER:
            yield f"Tier is {self.found.get('Tier')!r} after leaving"
        if "Tier" in self.desired and self.found.get("Tier") != COHORT_TIER:
            yield "Tier is not the cohort's"

    def _undeclared(self) -> Iterator[str]:
        for name in LISTS:
            if name not in self.desired:
                held = _texts(self.found.get(name))
                gone = held & self._parted((self.identity, name), set())
                if gone:
                    yield f"{name} still has {sorted(gone)}, which nobody includes"
        for name in REMOVABLE if self.removes else ():
            if name not in self.desired and name in self.found:
                yield f"{name} is still there although nobody declares it"

    def _groups(self) -> Iterator[str]:
        person = self.wishes.people.get(self.identity)
        for group, value in (person.groups if person else {}).items():
            if self.groups.get(group) is not value:
                yield f"group {group} is {self.groups.get(group)}, not {value}"


def _texts(found: Any) -> set[str]:
    return {*map(str, found)} if isinstance(found, list | tuple) else set()
