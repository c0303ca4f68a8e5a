"""Members of cohorts, one contribution a member."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.sources.base import Source
from ctsync.spec.cohorts import Cohort
from ctsync.spec.project import Project


def cohort_contributions(project: Project) -> Iterator[Contribution]:
    """Yield what cohorts say of their members, by cohort and member as listed."""
    for _, cohort in sorted(project.cohorts.items()):
        yield from _of_members(cohort)


def _of_members(cohort: Cohort) -> Iterator[Contribution]:
    path = (*cohort.path, "attributes")
    for key, line in zip(cohort.keys, cohort.lines, strict=True):
        if key is not None:
            origin = Origin(cohort.file, line, cohort=cohort.name)
            yield Contribution(key, origin, cohort.digest, cohort.attributes, path)


SOURCE = Source(2, cohort_contributions)
