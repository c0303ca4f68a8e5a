"""Explaining one profile: the same steps as planning, for one key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace

from ctsync.engines.base import Candidate, fingerprint, in_order
from ctsync.engines.find_places import find_places
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry
from ctsync.model.explanation import Declaration, Explanation, Past, Wanted
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.schedule import records_of
from ctsync.plan.planner import Planner
from ctsync.plan.profile.merge_contributions import MergedContributions, SourcedValue
from ctsync.plan.profile.verdicts import VerdictSources, verdicts_of
from ctsync.project.project import Project


def explain_key(
    planner: Planner,
    key: ProfileKey,
    entries: Iterable[Entry],
    past: Past | None = None,
) -> Explanation | None:
    """Return what a plan makes of a profile; None where nobody knows it."""
    candidate = _candidate(planner, key, entries)
    if not candidate.contributions and candidate.entry is None:
        return None
    found, wanted, built = planner.plan_one(candidate)
    tables = tuple(planner.project_view.tables.values())
    decided = VerdictSources(
        candidate.entry,
        wanted,
        built,
        tables,
        frozenset(found.listed),
        planner.waits,
    )
    return Explanation(
        key=key,
        declarations=tuple(_declarations(planner, candidate, found.skipped)),
        wanted=tuple(_merged(found)),
        entry=candidate.entry,
        change=built.change,
        records=() if built.change is None else records_of(built.change),
        held=tuple(built.held),
        verdicts=tuple(verdicts_of(decided)),
        past=past or Past(),
        waits=planner.waits,
    )


def _candidate(
    planner: Planner, key: ProfileKey, entries: Iterable[Entry]
) -> Candidate:
    sources = planner.sources
    loose = (place for place in sources.loose_contributions() if place.key == key)
    places = in_order([*loose, *find_places(sources.row_sources(), key)])
    entry = next((entry for entry in entries if entry.key == key), None)
    mark = fingerprint(places) if places else None
    return Candidate(key, places, entry, mark)


def _declarations(
    planner: Planner, candidate: Candidate, skipped: Collection[Contribution]
) -> Iterator[Declaration]:
    for place, found in planner.read_apart(candidate):
        wanted = (
            Wanted(each.target, _exact(each, planner.project_view))
            for each in found.declared.values()
        )
        yield Declaration(place.origin, tuple(wanted), is_skipped=place in skipped)


def _exact(found: SourcedValue, project_view: Project) -> Origin:
    """Return where a word stands, to the line; of a row, the row."""
    place = found.place
    if place.origin.row is not None:
        return place.origin
    line, _ = project_view.locate(place.origin.file, place.path)
    return replace(place.origin, line=line)


def _merged(found: MergedContributions) -> Iterator[Wanted]:
    sourced = {**found.leaving, **found.declared}
    for each in sorted(sourced.values(), key=lambda d: d.target.attribute):
        yield Wanted(each.target, each.place.origin)
