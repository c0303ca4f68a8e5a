"""Members of cohorts, one contribution a member."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.project.cohorts import Cohort
from ctsync.project.project import Project
from ctsync.sources.base import Source
from ctsync.sources.member_files import member_digest, member_rows
from ctsync.sources.reading import contributions_of


def cohort_contributions(project: Project) -> Iterator[Contribution]:
    """Yield what cohorts say of their members: first those that are listed."""
    yield from listed_contributions(project)
    for rows in member_rows(project):
        yield from contributions_of(rows, project)


def listed_contributions(project: Project) -> Iterator[Contribution]:
    """Yield what cohorts say of listed members, by cohort and member as listed."""
    for _, cohort in sorted(project.cohorts.items()):
        yield from _of_members(cohort, project.salt)


def _of_members(cohort: Cohort, salt: bytes) -> Iterator[Contribution]:
    path = (*cohort.path, "attributes")
    digest = member_digest(cohort, salt)
    for key, line in zip(cohort.keys, cohort.lines, strict=True):
        if key is not None:
            origin = Origin(cohort.file, line, cohort=cohort.name)
            yield Contribution(key, origin, digest, cohort.attributes, path)


SOURCE = Source(
    2, cohort_contributions, row_sources=member_rows, loose=listed_contributions
)
