"""What is wrong, as whoever meets it tells it: before it is a finding with a place."""

from __future__ import annotations

from msgspec import Struct

from ctsync.diagnostic_codes import severity_of
from ctsync.diagnostics import Diagnostic


class Fault(Struct, frozen=True):
    """One thing wrong with a value, a name, a row or a file.

    `{value}` in message and hint stands for `value`, so that whoever shows the fault
    can mask it. `path` leads to it from what was looked at. Line, column and row, from
    1, are those of a file, where they are known.
    """

    code: str
    message: str
    hint: str | None = None
    value: str | None = None
    path: tuple[str | int, ...] = ()
    line: int | None = None
    column: int | None = None
    row: int | None = None

    def say(self, *, shown: str | None = None) -> tuple[str, str | None]:
        """Return message and hint with the value, or `shown` in its stead."""
        value = self.value if shown is None else shown
        hint = self.hint
        if hint is not None and not (shown is None and value):
            # A spelling that cannot be shown is still told: write it with quotes.
            hint = hint.replace('"{value}"', "it").replace("{value}", "it")
        elif hint is not None:
            hint = hint.replace("{value}", value or "")
        return self.message.replace("{value}", value or ""), hint

    def in_file(self, name: str, attribute: str | None = None) -> Diagnostic:
        """Return it as a finding in a file; its code says how serious it is."""
        return Diagnostic(
            severity_of(self.code),
            self.code,
            self.message,
            self.hint,
            file=name,
            line=self.line,
            column=self.column,
            row=self.row,
            attribute=attribute,
        )


class Faults(Exception):
    """Ends a look at something, with everything that was found wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        return "; ".join(fault.say()[0] for fault in self.faults)

    @property
    def first(self) -> Fault:
        """What was found first."""
        return self.faults[0]
