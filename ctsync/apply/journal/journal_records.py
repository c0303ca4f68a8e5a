"""The lines of a journal: what was about to be sent, and what came of it.

After its head a journal holds the lines of the plan, as they are: of every change, and
of the entries with nothing to do. What follows names records by wave and place, so that
a call costs two short lines however many records it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import TracebackType
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert, field, to_builtins
from msgspec.structs import asdict

from ctsync.limits import MAX_TIMEOUT_SECONDS
from ctsync.model.due_import import DueImport
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.model.run import Author
from ctsync.model.snapshot import Account
from ctsync.plan.document.batches import RecordSlice, Span, spans
from ctsync.state.journal_file import journal_damaged
from ctsync.transport.reply import is_all_taken

Line = Mapping[str, Any]
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)


class readable:  # noqa: N801 - read as a word, and quicker than a generator
    """Refuses a line that no run writes, whatever reading it trips over.

    Without a number, it is not known which.

    Raises:
        StateError: something was (code `journal_damaged`).
    """

    def __init__(self, number: int | None = None) -> None:
        self._number = number

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, _UNREADABLE):
            which = "a line" if self._number is None else f"line {self._number}"
            words = f"{which} of the journal is none that a run writes"
            raise journal_damaged(words) from error


class JournalHead(Struct, frozen=True, tag_field="format", tag="ctsync.journal/1"):
    """A journal's first line: the snapshot that it extends, and the run."""

    lineage: str
    serial: int
    account: Account
    run: str
    plan: str  # checksum of the saved plan
    digest: str
    started: float  # by the clock on the wall
    boot: str | None  # names the clock of the lines below
    tool_version: str
    environment: str | None = None
    author: Author = Author()
    talks_to: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()


def head_from_json(data: Line) -> JournalHead:
    """Read a first line.

    Raises:
        StateError: no run writes this (code `journal_damaged`).
    """
    try:
        return convert(data, JournalHead)
    except ValidationError as error:
        words = "the first line of the journal is none that a run writes"
        raise journal_damaged(words) from error


class CallIntent(Struct, frozen=True):
    """One call as it is about to leave. `at` are seconds of the clock of the head."""

    call: int
    at: float
    # Bounded when it is read: the next run waits that long.
    timeout_seconds: Annotated[float, Meta(ge=0, le=MAX_TIMEOUT_SECONDS)]

    @property
    def over_at(self) -> float:
        """When a server that is late is taken to have given up."""
        return self.at + self.timeout_seconds


class NotedCall(CallIntent, frozen=True):
    """An intent as its line has it: with the wave of its records, and their places."""

    wave: int
    spans: tuple[Span, ...]

    @property
    def records(self) -> int:
        """How many records it has."""
        return sum(count for _, count in self.spans)

    @property
    def bare(self) -> CallIntent:
        """The call, without its records."""
        return CallIntent(self.call, self.at, self.timeout_seconds)


class Receipt(Struct, frozen=True):
    """What came of a call: outcomes of records that follow each other, in order."""

    call: int
    outcomes: tuple[tuple[int, Outcome], ...]
    answered: bool = True

    @property
    def records(self) -> int:
        """How many records it is of."""
        return sum(count for count, _ in self.outcomes)


def intent_line(sent: CallIntent, records_slice: RecordSlice) -> dict[str, Any]:
    """Say that a call leaves, and with what."""
    whom = {"wave": records_slice.wave, "spans": spans(records_slice.places)}
    return {"intent": {**asdict(sent), **whom}}


def left_line(call: int, at: float) -> dict[str, Any]:
    """Say that a call leaves now: it may have waited for its turn."""
    return {"left": {"call": call, "at": at}}


def receipt_line(
    call: int, verdicts: Sequence[RecordOutcome], *, is_answered: bool = True
) -> dict[str, Any]:
    """Say what came of each record of a call, in order."""
    receipt: dict[str, Any] = {"call": call, "outcomes": _runs(verdicts)}
    if not is_answered:
        receipt["answered"] = False
    if not is_all_taken(verdicts):
        receipt["codes"] = [
            (number, verdict.code)
            for number, verdict in enumerate(verdicts)
            if verdict.code is not None
        ]
    return {"receipt": receipt}


def _runs(verdicts: Sequence[RecordOutcome]) -> list[tuple[int, str]]:
    first = verdicts[0]
    if verdicts.count(first) == len(verdicts):
        return [(len(verdicts), first.outcome.value)]
    found = groupby(verdict.outcome for verdict in verdicts)
    return [(sum(1 for _ in run), outcome.value) for outcome, run in found]


def file_line(number: int, due: DueImport) -> dict[str, Any]:
    """Say that a file lies ready; lines of whom it holds came before."""
    return {"file": {"number": number, "due": to_builtins(due)}}


def rows_line(number: int, whom: Sequence[Span]) -> dict[str, Any]:
    """Say whom a file holds, or some of them: their places."""
    return {"rows": {"file": number, "spans": whom}}


def later_line(whom: Sequence[Span]) -> dict[str, Any]:
    """Say of whom a second step is left that waits for what is heard of the first."""
    return {"later": {"spans": whom}}


def waiting_line(whom: Sequence[Span]) -> dict[str, Any]:
    """Say of whom something is in files of earlier runs of the same plan."""
    return {"waiting": {"spans": whom}}


def intended_line(name: str) -> dict[str, Any]:
    """Say that a file is about to be in effect."""
    return {"intended": {"name": name}}


def put_line(name: str, at: float, steady_at: float) -> dict[str, Any]:
    """Say that a file is in effect, of this run or an earlier one."""
    return {"put": {"name": name, "at": at, "steady_at": steady_at}}


def unsent_line(names: Iterable[str]) -> dict[str, Any]:
    """Say which files are not in effect, and never will be."""
    return {"unsent": {"names": list(names)}}


def release_line() -> dict[str, Any]:
    """Say that what the plan releases is forgotten, in the state alone."""
    return {"release": True}


class RunEnd(Struct, frozen=True):
    """The end that a run came to by itself, and whether it left anything open.

    `may_land` says that a call without an answer may still be written, `stopped` why
    not all was sent.
    """

    open: bool
    may_land: bool = False
    seconds: float = 0.0
    stopped: str | None = None


def end_line(
    *,
    is_open: bool,
    may_land: bool = False,
    seconds: float = 0.0,
    stopped: str | None = None,
) -> dict[str, Any]:
    """Say that the run ended by itself."""
    return {"end": asdict(RunEnd(is_open, may_land, seconds, stopped))}
