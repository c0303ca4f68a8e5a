"""What is notable of a row that is decided in columns, as SQL: a bit for each trait."""

from __future__ import annotations

from collections.abc import Sequence

from ctsync.canonical_json import canonical
from ctsync.kinds.subscription import KIND as SUBSCRIPTION_KIND
from ctsync.kinds.subscription import opting_in
from ctsync.model.change_statistics import TRAITS
from ctsync.model.decided_rows import LETTERS
from ctsync.model.operation import DELTAS
from ctsync.plan.columns.decided_places import Moving
from ctsync.plan.columns.decided_sizes import DoneNames
from ctsync.sql_text import quoted

_SUBSCRIPTION = SUBSCRIPTION_KIND.name
GAINS = {
    name: 1 << TRAITS.index(trait)
    for name, trait in (
        ("opt_in", "opt-ins"), ("new", "creations"), ("count", "counters"),
        ("unknown", "uncertain"), ("rest", "rest"),
    )
}  # fmt: skip


def traits_of(moving: Sequence[Moving], names: DoneNames, *, is_part: bool) -> str:
    """Return a bit for each trait; NULL where nothing is done.

    It is 0 where something is, and nothing of that is chosen.
    """
    unknown = " OR ".join(
        f"(h{each.number} IS NULL AND {names.is_done(each)})" for each in moving
    )
    bits = (
        f"({bits_done(moving, names)}"
        f" + CASE WHEN is_new THEN {GAINS['new']} "
        f"WHEN {unknown or 'false'} THEN {GAINS['unknown']} ELSE 0 END)"
    )
    return (
        f"CASE WHEN decided AND ltrim(letters, '.') <> '' "
        f"THEN CASE {bits} WHEN 0 THEN {GAINS['rest']} ELSE {bits} END "
        f"{'WHEN decided AND is_cut THEN 0 ' if is_part else ''}END"
    )


def bits_done(moving: Sequence[Moving], names: DoneNames) -> str:
    """Return the bits of what is done to attributes, whatever is held of them."""
    # Whoever opts in has asked for it somewhere, and a plan is limited in that: an
    # opt-in that is not told as one would pass.
    opting = [
        f"({names.is_done(each)} AND v{each.number} = {_opting_in(each)})"
        for each in moving
        if each.place.one_kind.name == _SUBSCRIPTION
    ]
    counting = [
        names.is_done(each, letter)
        for each in moving
        for letter in each.move.letters
        if LETTERS[letter] in DELTAS
    ]
    bits = (
        f"CASE WHEN {' OR '.join(when)} THEN {GAINS[name]} ELSE 0 END"
        for name, when in (("opt_in", opting), ("count", counting))
        if when
    )
    return " + ".join(bits) or "0"


def _opting_in(moving: Moving) -> str:
    return quoted(canonical(opting_in(moving.place.rule.attribute)).decode())
