"""The lines of a journal: what was about to be sent, and what came of it.

After its head a journal holds the lines of the plan, as they are: of every change, and
of the entries with nothing to do. What follows names records by wave and place, so that
a call costs two short lines however many records it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from ctsync.model.record import Verdict
from ctsync.model.snapshot import Account
from ctsync.plan.load import Cargo, spans
from ctsync.transport.reply import is_all_taken

FORMAT = "ctsync.journal/1"

Line = Mapping[str, Any]


class Head(Struct, frozen=True):
    """A journal's first line: the snapshot that it extends, and the run."""

    lineage: str
    serial: int
    account: Account
    run: str
    plan: str  # checksum of the saved plan
    digest: str
    started: float
    tool_version: str

    def as_json(self) -> dict[str, Any]:
        """Give the first line."""
        return {"format": FORMAT, **asdict(self), "account": self.account.as_json()}


def head_from_json(data: Line) -> Head:
    """Read what `Head.as_json` wrote."""
    fields = {name: data[name] for name in Head.__struct_fields__}
    return Head(**{**fields, "account": Account(**data["account"])})


class Sent(Struct, frozen=True):
    """One call as it is about to leave."""

    call: int
    at: float
    timeout_seconds: float
    has_counters: bool

    @property
    def over_at(self) -> float:
        """When a server that is late is taken to have given up."""
        return self.at + self.timeout_seconds


def sent_from_json(data: Line) -> Sent:
    """Read the call of an intent."""
    return Sent(**{name: data[name] for name in Sent.__struct_fields__})


def intent_line(sent: Sent, cargo: Cargo) -> dict[str, Any]:
    """Say that a call leaves, and with what."""
    whom = {"wave": cargo.wave, "spans": spans(cargo.places)}
    return {"intent": {**asdict(sent), **whom}}


def receipt_line(call: int, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Say what came of each record of a call, in order."""
    receipt: dict[str, Any] = {"call": call, "outcomes": _runs(verdicts)}
    if not is_all_taken(verdicts):
        receipt["codes"] = [
            (number, verdict.code)
            for number, verdict in enumerate(verdicts)
            if verdict.code is not None
        ]
    return {"receipt": receipt}


def _runs(verdicts: Sequence[Verdict]) -> list[tuple[int, str]]:
    first = verdicts[0]
    if verdicts.count(first) == len(verdicts):
        return [(len(verdicts), first.outcome.value)]
    found = groupby(verdict.outcome for verdict in verdicts)
    return [(sum(1 for _ in run), outcome.value) for outcome, run in found]


def release_line() -> dict[str, Any]:
    """Say that what the plan releases is forgotten, in the state alone."""
    return {"release": True}


def end_line(*, is_open: bool) -> dict[str, Any]:
    """Say that the run ended by itself, and whether it left anything open."""
    return {"end": {"open": is_open}}
