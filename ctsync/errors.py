"""Every exception that ctsync raises on purpose, with its exit code.

    CtsyncError                    1   something is wrong; nothing was sent
    ├── UsageError                64   the command line asks for the impossible
    ├── SpecError                  1   the project has errors (carries findings)
    │   └── ExportRefused          1   no file can say what a plan does
    ├── StateError                 1   the state cannot be read or written
    │   └── StateLocked            5   another run holds the state
    ├── PlanRefused                4   a saved plan may not be applied
    ├── PolicyBlocked              6   limits or guards forbid the plan
    ├── TransportError             1   no call could reach the platform
    │   └── PutFailed              1   the SFTP server did not take a file
    └── Interrupted          130/143   a signal ended the run

Foreign exceptions are translated at the edge that met them, with `from`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ctsync.diagnostics import Diagnostic, Findings


class CtsyncError(Exception):
    """Base of all: `message` says what and where, `hint` what to do."""

    exit_code: ClassVar[int] = 1
    code: str = "error"

    def __init__(
        self, message: str, *, hint: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class UsageError(CtsyncError):
    """The command line, or the project it names, cannot mean anything."""

    exit_code = 64
    code = "usage"


class SpecError(CtsyncError):
    """The project has errors; every one found is in `findings`."""

    code = "spec"

    def __init__(self, message: str, findings: Iterable[Diagnostic]) -> None:
        super().__init__(message)
        if not isinstance(findings, Findings):
            findings = Findings(findings)
        self.findings = findings


class ExportRefused(SpecError):
    """A plan does what the files of a channel cannot say; every place is found."""

    code = "export_refused"


class StateError(CtsyncError):
    """The state cannot be read or written, or is not what it says."""

    code = "state"


class StateLocked(StateError):
    """Another run holds the state; the message names it."""

    exit_code = 5
    code = "state_locked"


class PlanRefused(CtsyncError):
    """A saved plan is unreadable, tampered with, stale or not approved."""

    exit_code = 4
    code = "plan_refused"


class PolicyBlocked(CtsyncError):
    """A limit or guard of the policy forbids what was asked."""

    exit_code = 6
    code = "policy"


class TransportError(CtsyncError):
    """No call reached the platform, or it refused the credentials."""

    code = "transport"


class PutFailed(TransportError):
    """A file was not put; `code` is that of a diagnostic.

    `is_passing` says whether it may go well when tried again.
    """

    def __init__(
        self, message: str, *, hint: str, code: str, is_passing: bool = False
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.is_passing = is_passing


class Interrupted(CtsyncError):
    """A signal ended the run; `exit_code` is 128 plus its number."""

    code = "interrupted"

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number  # type: ignore[misc]


def out_of_memory() -> CtsyncError:
    """Return the error that stands for Python's `MemoryError`, which says nothing."""
    return CtsyncError(
        "there is not enough memory",
        hint="raise the limit on memory (ulimit -v, or that of the container), and run "
        "the command again",
        code="out_of_memory",
    )
