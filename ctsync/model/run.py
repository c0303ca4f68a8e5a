"""What is kept of a run: who started it, what came of it, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from ctsync.model.entry import KnownValue, known_from_json
from ctsync.model.operation import Operation, operation_from_json
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.model.record import Outcome

FORMAT = "ctsync.run/1"
KEPT_RUNS = 100


class Author(Struct, frozen=True):
    """Who started a run: `pipeline` is the page of the job, `commit` what it has."""

    user: str = ""
    host: str = ""
    pipeline: str | None = None
    commit: str | None = None


class Run(Struct, frozen=True):
    """One apply, as it is kept beside the state.

    `started` is in epoch seconds; `serial` is that of the snapshot it began from.
    `seconds` is None of a run that was cut off. `counts` are profiles by their worst
    outcome, of those that this run had something to do for.
    """

    run: str
    started: float
    seconds: float | None
    author: Author
    environment: str | None
    lineage: str
    serial: int
    plan: str
    digest: str
    counts: Mapping[str, int]
    calls: int
    stopped: str | None
    tool_version: str

    @property
    def is_clean(self) -> bool:
        """Whether the run ended, and every profile was acknowledged."""
        rest = sum(n for name, n in self.counts.items() if name != "acknowledged")
        return self.seconds is not None and not rest

    def as_json(self) -> dict[str, Any]:
        """Return the record as a store keeps it."""
        return {"format": FORMAT, **asdict(self), "author": asdict(self.author)}


def run_from_json(data: Mapping[str, Any]) -> Run:
    """Read what `Run.as_json` wrote.

    Raises:
        KeyError, TypeError: it is no record of a run.
    """
    fields = {name: data[name] for name in Run.__struct_fields__}
    return Run(**{**fields, "author": Author(**data["author"])})


class RunOperation(Struct, frozen=True):
    """One operation of a run, and whether it was acknowledged or is unknown."""

    operation: Operation
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is kept."""
        return {**self.operation.as_json(), "outcome": self.outcome.value}


class RunChange(Struct, frozen=True):
    """What a run did to one profile, and what was known of it before.

    Operations stand in the order in which they were sent; those that were rejected or
    not sent are not among them. `known` is, by folded name, what was known before of
    the attributes that they touch. `forgotten` are folded names of attributes that left
    the entry once all was acknowledged.
    """

    key: ProfileKey
    action: str
    operations: tuple[RunOperation, ...] = ()
    released: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    known: Mapping[str, KnownValue] = field(default_factory=dict)
    cohorts: tuple[str, ...] = ()
    is_new: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is kept."""
        return {
            "key": self.key.as_json(),
            "action": self.action,
            "operations": [each.as_json() for each in self.operations],
            "released": self.released,
            "forgotten": self.forgotten,
            "known": {name: known.as_json() for name, known in self.known.items()},
            "cohorts": self.cohorts,
            "is_new": self.is_new,
        }


def run_change_from_json(data: Mapping[str, Any]) -> RunChange:
    """Read what `RunChange.as_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is no change of a run.
    """
    return RunChange(
        key=key_from_json(data["key"]),
        action=data["action"],
        operations=tuple(map(_operation, data["operations"])),
        released=tuple(data["released"]),
        forgotten=tuple(data["forgotten"]),
        known={name: known_from_json(known) for name, known in data["known"].items()},
        cohorts=tuple(data["cohorts"]),
        is_new=data["is_new"],
    )


def _operation(data: Mapping[str, Any]) -> RunOperation:
    own = {name: value for name, value in data.items() if name != "outcome"}
    return RunOperation(operation_from_json(own), Outcome(data["outcome"]))
