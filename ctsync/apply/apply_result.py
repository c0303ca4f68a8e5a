"""What an apply came to: the document, the exit code, and the report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from ctsync.apply.apply_settings import Halted
from ctsync.apply.failure_store import Failure
from ctsync.apply.outcome_counts import OutcomeCounts, ProfileOutcome
from ctsync.canonical_json import canonical
from ctsync.diagnostic_codes import CODES
from ctsync.errors import CtsyncError
from ctsync.model.change import Change
from ctsync.model.masking import Mask
from ctsync.model.policy import Limit
from ctsync.model.record import Outcome
from ctsync.output_file import OutputFile

FORMAT = "ctsync.apply/1"
LISTED = 100
EXPORT = "ctsync export FILE --channel sftp --out DIR"
RECEIPTS = "ctsync receipts FILE"


class ApplyResult(Struct, frozen=True):
    """The end of a run.

    `called` says that a call may have reached the platform. `put` are the files that
    were put; None where the project has no server to put any on. `by_file` counts
    profiles to which something goes in a file that this plan does not send: no run
    does, or it waits for what is heard of a first step. `error` is what stopped the
    run, where it was not the user.
    """

    run: str
    digest: str
    environment: str | None
    tally: OutcomeCounts
    calls: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    called: bool = False
    stopped: Halted | None = None
    signal_number: int | None = None
    allow_rejected: Limit | None = None
    by_file: int = 0
    put: tuple[str, ...] | None = None
    error: CtsyncError | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Profiles by their worst outcome."""
        return self.tally.counts()

    @property
    def is_complete(self) -> bool:
        """Whether every profile was acknowledged."""
        return self.counts["acknowledged"] == self.tally.total and self.error is None

    @property
    def retryable(self) -> bool:
        """Whether applying again would send something."""
        counts = self.counts
        is_cut_short = self.stopped is not None or self.error is not None
        # A run that came to its end left unsent only what goes in files.
        waiting = 0 if is_cut_short else self.by_file
        return counts["unknown"] > 0 or counts["not_sent"] > waiting

    @property
    def tolerates_rejected(self) -> bool:
        """Whether there are rejected profiles, and no more than was allowed."""
        rejected, limit = self.counts["rejected"], self.allow_rejected
        if limit is None or not rejected or self.retryable or self.error is not None:
            return False
        return not limit.is_exceeded(rejected, self.tally.total)

    @property
    def exit_code(self) -> int:
        """The code that the process ends with."""
        if self.stopped == "interrupted" and self.counts["not_sent"]:
            return 128 + (self.signal_number or 2)
        if self.error is not None and not self.called:
            return self.error.exit_code
        return 0 if self.is_complete or self.tolerates_rejected else 3

    @property
    def next(self) -> str:
        """The command to run next: the same plan again, or a new one."""
        if self.dry_run or self.retryable:
            return "ctsync apply"
        if self.counts.get("sent"):
            return RECEIPTS
        if self.by_file and self.put is None:
            return EXPORT
        return "ctsync plan"

    def as_json(self, mask: Mask) -> dict[str, Any]:
        """Return the document, with keys masked."""
        return {
            "format": FORMAT,
            "exit_code": self.exit_code,
            "error": _error_as_json(self.error),
            "diagnostics": [],
            "diagnostic_totals": {},
            "run": self.run,
            "digest": self.digest,
            "environment": self.environment,
            "dry_run": self.dry_run,
            "counts": self.counts,
            "rejected": self._listed(Outcome.REJECTED, mask),
            "unknown": self._listed(Outcome.UNKNOWN, mask),
            "channels": {"sftp": self._in_files()},
            "calls": self.calls,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "retryable": self.retryable,
            "next": self.next,
        }

    def _in_files(self) -> dict[str, Any]:
        said: dict[str, Any] = {"profiles": self.by_file}
        return said if self.put is None else {**said, "put": list(self.put)}

    def _listed(self, outcome: Outcome, mask: Mask) -> list[dict[str, Any]]:
        failures = self.tally.failures(outcome)
        return [
            _failure_as_json(failure, mask)
            for _, failure in zip(range(LISTED), failures, strict=False)
        ]


def create_report(path: Path) -> OutputFile:
    """Begin the file of a report; it takes its place when it is whole.

    Raises:
        CtsyncError: it cannot be written there.
    """
    try:
        return OutputFile(path)
    except OSError as error:
        raise CtsyncError(
            f"report {path} cannot be written: {error.strerror}",
            hint="name another place with --report",
            code="report_unwritable",
        ) from error


def write_report(
    report: OutputFile, result: ApplyResult, changes: Iterable[Change]
) -> None:
    """Write one line for each profile of the plan that anything was to be sent to.

    Raises:
        CtsyncError: it could not be written; what was sent is not touched by that.
    """
    try:
        report.file.writelines(
            canonical(_report_line(each)) + b"\n"
            for each in result.tally.outcomes(changes)
        )
        report.keep()
    except OSError as error:
        raise CtsyncError(
            f"the report is not written: {error.strerror}",
            hint="the apply itself has ended; the counts stand above",
            code="report_unwritable",
        ) from error


def _report_line(each: ProfileOutcome) -> dict[str, Any]:
    return {
        "key": each.change.key.as_json(),
        "origins": [origin.as_json() for origin in each.change.origins],
        "outcome": each.outcome.value,
        "code": each.code,
        "error": each.error,
        "hint": _what_to_fix(each),
    }


def _what_to_fix(each: ProfileOutcome) -> str | None:
    """Return what to do about a profile, from the catalogue where the code is known."""
    if each.outcome is Outcome.REJECTED:
        known = CODES.get(f"CT{each.code}")
        return _REJECTED if known is None else f"{known.meaning} {known.hint}"
    return _WHAT_NEXT.get(each.outcome)


_REJECTED = "Correct the spec by what the platform says, then plan again."
_WHAT_NEXT = {
    Outcome.UNKNOWN: "Plan again: what is not known is assigned.",
    Outcome.SENT: "It is in a file; ctsync receipts takes in what the platform tells.",
    Outcome.NOT_SENT: "Apply again; what goes in a file, ctsync export writes.",
}


def _failure_as_json(failure: Failure, mask: Mask) -> dict[str, Any]:
    return {
        "key": mask.key_json(failure.key, failure.origins),
        "code": failure.code,
        "error": failure.error,
        "origins": [origin.as_json() for origin in failure.origins],
    }


def _error_as_json(error: CtsyncError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "hint": error.hint}
