"""What all places of a project say, whatever sort of place they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ctsync.discovery import discover
from ctsync.model.contribution import Contribution
from ctsync.model.contribution_batch import Batch
from ctsync.model.row_source import RowSource
from ctsync.project.project import Project
from ctsync.sources.base import Source


def sources() -> tuple[Source, ...]:
    """Return every source of this version, the first to be named first."""
    found = (
        cast("Source", source) for source in discover(__package__, "SOURCE", Source)
    )
    return tuple(sorted(found, key=lambda source: source.rank))


class ProjectSources:
    """The contributions of a project, in a fixed order."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._sources = sources()

    def contributions(self) -> Iterator[Contribution]:
        """Yield what every place says about every profile."""
        for source in self._sources:
            yield from source.contributions(self._project)

    def batches(self) -> Iterator[Batch]:
        """Yield what can be told of many profiles at once."""
        for source in self._sources:
            if source.batches is not None:
                yield from source.batches(self._project)

    def unbatched(self) -> Iterator[Contribution]:
        """Yield the contributions that are in no batch."""
        for source in self._sources:
            yield from (source.unbatched or source.contributions)(self._project)

    def row_sources(self) -> Iterator[RowSource]:
        """Yield what reads the rows of files, for who reads them as columns."""
        for source in self._sources:
            if source.row_sources is not None:
                yield from source.row_sources(self._project)

    def loose_contributions(self) -> Iterator[Contribution]:
        """Yield the contributions of no row source."""
        for source in self._sources:
            yield from (source.loose or source.contributions)(self._project)
