"""What an entry would be if everything declared had long been so."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS
from ctsync.model.change import Change
from ctsync.model.entry import Entry, KnownValue


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
