"""Reading the changes of a saved plan once, and believing them only at the end.

`SavedPlan.check` reads a plan to see that ctsync made it so, byte for byte, and
whoever sends it reads it again. Who writes files aside need not wait for that: what the
files hold is proven while they are written, and they take their places afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.model.change import Change, EntryAfter
from ctsync.model.change_statistics import ChangeStatistics, traits_of
from ctsync.model.operation import FILES
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.plan_file import SavedPlan, not_its_own
from ctsync.plan.plan_writer import NO_ORDER, check_shape, digest_for


def proven_changes(plan: SavedPlan) -> Iterator[Change]:
    """Yield the changes of a plan, and see in the end that they are the plan's own.

    They come in order and can be done, they have the digest, and as many profiles are
    created, changed, opted in and deprived as the foot says, which limits were held
    against. Other counts and the spelling of the lines are for `SavedPlan.check`.

    Raises:
        PlanRefused: they are not; nothing that was made of them may be kept.
    """
    proof = _Proof(plan)
    try:
        for each in plan.each():
            if isinstance(each, Change):
                proof.take(each)
                yield each
            else:
                proof.take_settled(*each)
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
        self._counts = ChangeStatistics()
        self._last: ProfileKey | None = None
        self._locked = self._by_file = 0

    def take(self, change: Change) -> None:
        self._come_to(change.key)
        check_shape(change)
        self._digest.add(change)
        self._counts.traits[traits_of(change)] += 1
        self._locked += len(change.locked)
        ways = [operation.channel for operation in change.operations]
        self._by_file += not FILES.isdisjoint(ways)

    def take_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        self._come_to(key)
        self._digest.add_settled(key, settled)

    def _come_to(self, key: ProfileKey) -> None:
        if self._last is not None and key <= self._last:
            raise ValueError(NO_ORDER)
        self._last = key

    def holds(self) -> bool:
        foot, counts = self._foot, self._counts
        said = (foot.digest, foot.places, foot.locked, foot.by_file)
        released = counts.only("releases")
        found = (
            self._digest.value(),
            counts.changes - released,
            self._locked,
            self._by_file,
        )
        profiles = {
            "create": counts.having("creations"),
            "release": released,
            "remove": counts.having("removals"),
        }
        return (
            said == found
            and foot.changes == counts.changes
            and foot.summary["opt_in"] == counts.having("opt-ins")
            and profiles.items() <= foot.profiles.items()
        )
