"""What planning asks of a project, so that it can be tried without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from ctsync.kinds.base import Frame
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution, Path
from ctsync.model.policy import Policy
from ctsync.model.rule import Rule
from ctsync.model.value import Raw


class Cohort(Protocol):
    """A cohort of the spec: what it makes of those who leave it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def origin(self) -> Origin:
        """Where it stands."""

    def leave(self) -> Mapping[str, Raw]:
        """Give what a profile that leaves gets."""

    @property
    def leave_path(self) -> Path:
        """Where `leave:` stands in the file."""


class Ground(Protocol):
    """A checked project."""

    @property
    def frame(self) -> Frame:
        """Time zone and platform limits."""

    @property
    def policy(self) -> Policy:
        """What a plan may do."""

    @property
    def cohorts(self) -> Mapping[str, Cohort]:
        """Cohorts by name."""

    @property
    def salt(self) -> bytes:
        """What, besides their words, decides what contributions mean."""

    def rule_for(self, name: str) -> Rule:
        """Give what the project says an attribute is."""

    def locate(self, file: str, path: Path) -> tuple[int, int]:
        """Give line and column of a place in a file."""

    def contributions(self) -> Iterator[Contribution]:
        """Yield what every place says about every profile."""
