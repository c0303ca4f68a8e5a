"""Explaining one profile: the same steps as planning, for one key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ctsync.engines.base import Candidate, fingerprint, in_order
from ctsync.engines.duckdb import find_places
from ctsync.model.entry import Entry
from ctsync.model.explanation import Explanation, Wanted
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.diff_profile import PlannedProfile
from ctsync.plan.merge_contributions import SourcedValue
from ctsync.plan.planner import Planner
from ctsync.plan.schedule import records_of


def explain_key(
    planner: Planner, key: ProfileKey, entries: Iterable[Entry]
) -> Explanation | None:
    """Return what a plan makes of a profile; None where nobody knows it."""
    candidate = _candidate(planner, key, entries)
    if not candidate.contributions and candidate.entry is None:
        return None
    declared, built = planner.plan_one(candidate)
    return _explanation(candidate, declared, built)


def _candidate(
    planner: Planner, key: ProfileKey, entries: Iterable[Entry]
) -> Candidate:
    sources = planner.sources
    loose = (place for place in sources.loose_contributions() if place.key == key)
    places = in_order([*loose, *find_places(sources.row_sources(), key)])
    entry = next((entry for entry in entries if entry.key == key), None)
    mark = fingerprint(places) if places else None
    return Candidate(key, places, entry, mark)


def _explanation(
    candidate: Candidate, declared: Mapping[str, SourcedValue], built: PlannedProfile
) -> Explanation:
    change = built.change
    return Explanation(
        key=candidate.key,
        origins=tuple(dict.fromkeys(c.origin for c in candidate.contributions)),
        wanted=tuple(
            Wanted(found.target, found.place.origin)
            for found in sorted(declared.values(), key=lambda d: d.target.attribute)
        ),
        entry=candidate.entry,
        change=change,
        records=() if change is None else records_of(change),
        held=tuple(built.held),
    )
