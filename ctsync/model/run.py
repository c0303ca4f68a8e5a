"""What is kept of a run: who started it, what came of it, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ctsync.canonical_json import fold_name
from ctsync.model.entry import KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome

KEPT_RUNS = 100


class Author(Struct, frozen=True, forbid_unknown_fields=True):
    """Who started a run: `pipeline` is the page of the job, `commit` what it has."""

    user: str = ""
    host: str = ""
    pipeline: str | None = None
    commit: str | None = None


class Run(Struct, frozen=True, tag_field="format", tag="ctsync.run/1"):
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


class RunOperation(Struct, frozen=True, forbid_unknown_fields=True):
    """One operation of a run, and whether it was acknowledged or is unknown."""

    operation: Operation
    outcome: Outcome


class RunChange(Struct, frozen=True, forbid_unknown_fields=True):
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

    def touches(self, attribute: str) -> bool:
        """Whether something was sent for an attribute, by folded name."""
        sent = (each.operation.attribute for each in self.operations)
        return any(fold_name(name) == attribute for name in sent)
