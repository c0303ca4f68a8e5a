"""What is wrong with all the other places, where a file of rows cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ctsync.diagnostics import Findings
from ctsync.engines.find_places import find_places
from ctsync.errors import SpecError
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.row_source import RowSource
from ctsync.plan.profile.merge_contributions import ContributionMerger
from ctsync.sources.project_sources import ProjectSources


def findings_beside(
    error: SpecError,
    row_sources: Iterable[RowSource],
    sources: ProjectSources,
    merger: Callable[[Findings], ContributionMerger],
) -> Iterator[Findings]:
    """Yield what is wrong with a file of rows, and with all the other places.

    Of rows, only those that name no one: others are judged beside their entries.
    `merger` gives what judges, and puts what it finds where it is told. What is yielded
    is to be absorbed: some of it may have been met before.

    Raises:
        SpecError: the error itself, if it has no findings that would refuse a plan.
    """
    if not error.findings.has_errors:
        raise error
    yield error.findings
    met = Findings()  # an engine may have come across some of it before
    reader = merger(met)
    for source in row_sources:
        try:
            for place in find_places([source], ProfileKey(source.key_type, "")):
                reader.desired(NOBODY, (place,))
        except SpecError as another:
            met.absorb(another.findings)
    for place in sources.loose_contributions():
        reader.desired(place.key, (place,))
    yield met
