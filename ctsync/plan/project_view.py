"""What planning asks of a project, so that it can be tried without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Protocol

from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution, Path
from ctsync.model.contribution_batch import Batch
from ctsync.model.policy import Policy
from ctsync.model.row_source import RowSource
from ctsync.model.scalar_value import Raw


class Cohort(Protocol):
    """A cohort of the spec: what it makes of those who leave it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def origin(self) -> Origin:
        """Where it stands."""

    def leave(self) -> Mapping[str, Raw]:
        """Return what a profile that leaves gets."""

    @property
    def leave_path(self) -> Path:
        """Where `leave:` stands in the file."""

    @property
    def attributes_path(self) -> Path:
        """Where `attributes:` stands in the file."""


class Table(Protocol):
    """A table of the spec: what it disposes of on profiles that it does not list."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def origin(self) -> Origin:
        """Where it stands."""

    @property
    def path(self) -> Path:
        """Where it stands in the file."""

    @property
    def attributes(self) -> frozenset[str]:
        """The folded names of the attributes that its columns give."""

    @property
    def missing(self) -> Literal["keep", "remove"]:
        """What becomes of its attributes on known profiles that it does not list."""

    def column_of(self, attribute: str) -> tuple[str | None, Path]:
        """Return the column that gives an attribute, and where its words stand.

        That of the key stands for ''; what is computed has no column.
        """

    @property
    def invalid(self) -> Literal["error", "skip"]:
        """What becomes of a bad row."""


class ProjectView(Protocol):
    """A checked project."""

    @property
    def frame(self) -> ValueContext:
        """Time zone and platform limits."""

    @property
    def policy(self) -> Policy:
        """What a plan may do."""

    @property
    def cohorts(self) -> Mapping[str, Cohort]:
        """Cohorts by name."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """Tables by name."""

    @property
    def names(self) -> frozenset[str]:
        """The folded names of all attributes that any place may declare."""

    def rule_for(self, name: str) -> Attribute:
        """Return what the project says an attribute is."""

    def locate(self, file: str, path: Path) -> tuple[int, int]:
        """Return line and column of a place in a file."""


class ContributionSources(Protocol):
    """What all places of a project say."""

    def contributions(self) -> Iterator[Contribution]:
        """Yield what every place says about every profile."""

    def batches(self) -> Iterable[Batch]:
        """Yield what can be told of many profiles at once."""

    def unbatched(self) -> Iterator[Contribution]:
        """Yield the contributions that are in no batch."""

    def loose_contributions(self) -> Iterator[Contribution]:
        """Yield what those places say that are no rows of files."""

    def row_sources(self) -> Iterable[RowSource]:
        """Return the files whose rows are the other places."""
