"""Reading the changes of a saved plan once, and believing them only at the end.

`SavedPlan.check` reads a plan to see that ctsync made it so, byte for byte, and
whoever sends it reads it again. Who writes files aside need not wait for that: what the
files hold is proven while they are written, and they take their places afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.model.change import ACTIONS, Change, EntryAfter
from ctsync.model.change_statistics import LOSING
from ctsync.model.operation import API
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import START, change_from_line, settled_from_line
from ctsync.plan.document.plain_changes import PlainChange, PlainReader
from ctsync.plan.document.plan_file import SavedPlan, not_its_own
from ctsync.plan.document.plan_writer import NO_ORDER, check_shape, digest_for


def proven_rows(plan: SavedPlan) -> Iterator[Change | PlainChange]:
    """Yield the changes of a plan, of plain ones the values alone, and see the same.

    They come in order and can be done, they have the digest, and as many profiles are
    created, changed, opted in and deprived as the foot says, which limits were held
    against. Other counts and the spelling of the lines are for `SavedPlan.check`.

    Raises:
        PlanRefused: they are not; nothing that was made of them may be kept.
    """
    proof, plain = _Proof(plan), PlainReader()
    try:
        for line in plan.entry_lines():
            if not line.startswith(START):
                proof.take_settled(*settled_from_line(line))
                continue
            row = plain.read(line)
            if row is not None:
                proof.take_plain(row)
                yield row
            else:
                change = change_from_line(line)
                proof.take(change)
                yield change
        is_proven = proof.holds()
    except (ValueError, KeyError, TypeError) as error:
        raise not_its_own(plan.name) from error
    if not is_proven:
        raise not_its_own(plan.name)


class _Proof:
    """What changes come to, as they pass by."""

    def __init__(self, plan: SavedPlan) -> None:
        self._foot = plan.foot
        self._digest = digest_for(plan.head)
        self._last: tuple[str, str] | None = None
        self._actions: dict[str, int] = dict.fromkeys(ACTIONS, 0)
        self._removes = self._opt_in = self._locked = self._by_file = 0

    def take(self, change: Change) -> None:
        self._come_to(change.key)
        check_shape(change)
        self._digest.add(change)
        operations = change.operations
        self._actions[change.action] += 1
        self._opt_in += change.opt_in
        self._locked += len(change.locked)
        if not LOSING.isdisjoint([operation.operator for operation in operations]):
            self._removes += change.removes
        if {operation.channel for operation in operations} - _ONLY_API:
            self._by_file += 1

    def take_plain(self, row: PlainChange) -> None:
        example = row.shape.example
        self._come_to((example.key.type, row.id))
        self._digest.add_decided(row.effects)
        self._actions[example.action] += 1
        self._by_file += row.shape.has_files

    def take_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        self._come_to(key)
        self._digest.add_settled(key, settled)

    def _come_to(self, key: tuple[str, str]) -> None:
        if self._last is not None and key <= self._last:
            raise ValueError(NO_ORDER)
        self._last = key

    def holds(self) -> bool:
        foot, actions = self._foot, self._actions
        profiles: dict[str, int] = {**actions, "remove": self._removes}
        places = sum(actions.values()) - actions["release"]
        said = (foot.digest, foot.places, foot.locked, foot.by_file)
        found = (self._digest.value(), places, self._locked, self._by_file)
        return (
            said == found
            and foot.summary["opt_in"] == self._opt_in
            and profiles.items() <= foot.profiles.items()
        )


_ONLY_API = {API}
