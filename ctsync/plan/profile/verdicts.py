"""Why an attribute is sent, or is not: a verdict on each that is in question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.model.due_import import NO_WAITS, Waits
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.explanation import Reason, Verdict
from ctsync.model.operation import Operation
from ctsync.plan.profile.planned_profile import DesiredProfile, PlannedProfile
from ctsync.project.tables import Table

_NOTHING: Mapping[str, KnownValue] = {}


class VerdictSources(Struct, frozen=True):
    """What a plan decided of one profile, and what it decided by.

    `listed` are the tables that have a row for the profile, `waits` the files of which
    the platform may still tell.
    """

    entry: Entry | None
    wanted: DesiredProfile
    built: PlannedProfile
    tables: Collection[Table] = ()
    listed: Collection[str] = ()
    waits: Waits = NO_WAITS


def verdicts_of(decided: VerdictSources) -> Iterator[Verdict]:
    """Yield a verdict on each attribute that is declared or known, by name."""
    names = _names(decided)
    operations = _by_attribute(decided)
    for folded in sorted(names, key=lambda each: names[each].encode()):
        found = operations.get(folded)
        if found is None:
            yield _unsent(folded, names[folded], decided)
        else:
            reason = _reason_to_send(folded, decided)
            yield Verdict(names[folded], reason, found.prior, found.since)


def _names(decided: VerdictSources) -> dict[str, str]:
    """Return each attribute in question as it is spelled, by folded name."""
    known = _known(decided).values()
    wanted = (*decided.wanted.leaving.values(), *decided.wanted.declared.values())
    spelled = (*(k.name for k in known), *(target.attribute for target in wanted))
    return {fold_name(name): name for name in spelled}


def _known(decided: VerdictSources) -> Mapping[str, KnownValue]:
    entry = decided.entry
    return _NOTHING if entry is None or entry.gone else entry.attributes


def _by_attribute(decided: VerdictSources) -> dict[str, Operation]:
    change = decided.built.change
    operations = () if change is None else change.operations
    # Of two steps the first says what was known before them.
    return {fold_name(each.attribute): each for each in reversed(operations)}


def _reason_to_send(folded: str, decided: VerdictSources) -> Reason:
    if folded in _folded(decided.built.locked):
        return "locked"
    if folded in decided.wanted.declared:
        return "sent"
    if folded in decided.wanted.leaving:
        return "left"
    known = _known(decided).get(folded)
    return "taken_back" if known is not None and known.ours else "removed"


def _unsent(folded: str, name: str, decided: VerdictSources) -> Verdict:
    reason = next(why for why, names in _reasons_not_to(decided) if folded in names)
    if reason == "waiting":
        file = dict(decided.built.waiting)[name]
        return Verdict(name, reason, file=file, until=decided.waits.until(file))
    tables = _shielding(folded, decided) if reason == "shielded" else ()
    return Verdict(name, reason, tables=tables)


def _reasons_not_to(
    decided: VerdictSources,
) -> Iterator[tuple[Reason, Collection[str]]]:
    """Yield reasons with the attributes they hold for, the first of them counts."""
    built, wanted = decided.built, decided.wanted
    yield "waiting", _folded(name for name, _ in built.waiting)
    yield "once", _folded(built.held)
    yield "impossible", _folded(attribute for attribute, _ in built.faults)
    yield "stuck", _folded(built.stuck)
    yield "released", _folded(() if built.change is None else built.change.released)
    yield "equal", {*wanted.declared, *wanted.leaving}
    yield "shielded", wanted.shields.kept
    yield "undeclared", _known(decided).keys()


def _shielding(folded: str, decided: VerdictSources) -> tuple[str, ...]:
    return tuple(
        table.name
        for table in decided.tables
        if folded in table.attributes
        and (table.name in decided.listed or table.missing == "keep")
    )


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(fold_name, names))
