"""What is known of a list, as sets, and how operations move values between them."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.operation import Operation, Prior


class KnownList(Struct, frozen=True):
    """What is known of a list, as sets."""

    present: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()
    complete: bool = False
    prior: Prior = "unknown"
    since: str | None = None

    def lacks(self, value: str) -> bool:
        """Return whether the value is known not to be there."""
        if value in self.absent:
            return True
        return self.complete and value not in self.present | self.maybe


def held_of(known: KnownValue | None, target: DesiredValue | None) -> KnownList:
    """Read what is known as a list; a text counts as a list of one."""
    if known is None:
        return KnownList()
    prior: Prior = "uncertain" if known.maybe or not known.certain else "known"
    if known.is_set:
        return KnownList(
            frozenset(known.present),
            frozenset(known.maybe),
            frozenset(known.absent),
            frozenset(known.ours),
            known.complete,
            prior,
            known.since,
        )
    return _of_scalar(known, target, prior)


def _of_scalar(
    known: KnownValue, target: DesiredValue | None, prior: Prior
) -> KnownList:
    value = known.value
    if value is None or (isinstance(value, str) and known.kind == "string"):
        texts = frozenset([value] if isinstance(value, str) else [])
        if known.certain:
            return KnownList(present=texts, complete=True, prior=prior)
        return KnownList(maybe=texts.union(known.maybe), prior=prior, since=known.since)
    if target is None:
        # `apply` has no target: whatever was there, the operation has been sent.
        return KnownList(prior="uncertain")
    # The platform would keep the old value as text that only it knows the form of.
    raise Faults(
        Fault(
            "CT402",
            f"{known.name} holds a {known.kind}, which cannot become a list",
            "choose another name for the list, or clear the value in the dashboard "
            'and run "ctsync state forget --attribute NAME"',
        )
    )


def _added(held: KnownList, values: frozenset[str], operation: Operation) -> KnownList:
    return replace(
        held,
        present=held.present | values,
        maybe=held.maybe - values,
        absent=held.absent - values,
        ours=held.ours.union(operation.ours),
    )


def _perhaps_added(
    held: KnownList, values: frozenset[str], operation: Operation
) -> KnownList:
    return replace(
        held,
        # What was there is there, whether or not the call was written.
        maybe=held.maybe | (values - held.present),
        absent=held.absent - values,
        ours=held.ours.union(operation.ours),
    )


def _removed(
    held: KnownList, values: frozenset[str], operation: Operation
) -> KnownList:
    return replace(
        held,
        present=held.present - values,
        maybe=held.maybe - values,
        absent=held.absent.union(operation.excluded),
        ours=held.ours - values,
    )


def _perhaps_removed(
    held: KnownList,
    values: frozenset[str],
    operation: Operation,  # noqa: ARG001 - one signature for all moves
) -> KnownList:
    return replace(
        held,
        present=held.present - values,
        # What was not known to be there is no more possible for being taken away.
        maybe=held.maybe | (values & held.present),
    )


MOVES = {
    ("$add", True): _added,
    ("$add", False): _perhaps_added,
    ("$remove", True): _removed,
    ("$remove", False): _perhaps_removed,
}
