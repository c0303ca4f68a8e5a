"""What is notable of a row that is decided in columns, as SQL: a bit for each trait."""

from __future__ import annotations

from collections.abc import Sequence

from ctsync.canonical_json import canonical
from ctsync.kinds.subscription import KIND as SUBSCRIPTION_KIND
from ctsync.kinds.subscription import opting_in
from ctsync.model.change_statistics import TRAITS
from ctsync.model.decided_rows import LETTERS
from ctsync.model.operation import DELTAS
from ctsync.plan.decided_places import Moving
from ctsync.sql_text import quoted

_SUBSCRIPTION = SUBSCRIPTION_KIND.name
_GAINS = {
    name: 1 << TRAITS.index(trait)
    for name, trait in (
        ("opt_in", "opt-ins"), ("new", "creations"), ("count", "counters"),
        ("unknown", "uncertain"), ("rest", "rest"),
    )
}  # fmt: skip


def traits_of(moving: Sequence[Moving], *, are_new: bool, is_part: bool) -> str:
    """Return a bit for each trait; NULL where nothing is done.

    It is 0 where something is, and nothing of that is chosen.
    """
    unknown = " OR ".join(
        f"(h{p.number} IS NULL AND l{p.number} <> '')"
        for p in ([] if are_new else moving)
    )
    counts = [
        f"l{place.number} = '{letter}'"
        for place, move in moving
        for letter in move.letters
        if LETTERS[letter] in DELTAS
    ]
    counting = " OR ".join(counts) or "false"
    # Whoever opts in has asked for it somewhere, and a plan is limited in that: an
    # opt-in that is not told as one would pass.
    opting = " OR ".join(map(_opts_in, moving)) or "false"
    bits = (
        f"(CASE WHEN {opting} THEN {_GAINS['opt_in']} ELSE 0 END"
        f" + CASE WHEN is_new THEN {_GAINS['new']} "
        f"WHEN {unknown or 'false'} THEN {_GAINS['unknown']} ELSE 0 END"
        f" + CASE WHEN {counting} THEN {_GAINS['count']} ELSE 0 END)"
    )
    return (
        f"CASE WHEN decided AND ltrim(letters, '.') <> '' "
        f"THEN CASE {bits} WHEN 0 THEN {_GAINS['rest']} ELSE {bits} END "
        f"{'WHEN decided AND is_cut THEN 0 ' if is_part else ''}END"
    )


def _opts_in(moving: Moving) -> str:
    place, number = moving.place, moving.number
    if place.one_kind.name != _SUBSCRIPTION:
        return "false"
    value = canonical(opting_in(place.rule.attribute)).decode()
    return f"(l{number} <> '' AND v{number} = {quoted(value)})"
