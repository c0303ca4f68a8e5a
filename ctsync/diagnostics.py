"""Findings: what is wrong, where, and what to do, with a code that can be looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `key` is already masked where it has to be."""

    severity: Severity
    code: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    row: int | None = None
    key: Mapping[str, Any] | None = None
    attribute: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the finding as every JSON document shows it."""
        return {name: getattr(self, name) for name in _FIELDS}

    def as_text(self) -> str:
        """Give `file:line:column: error CT101 message (hint)`."""
        hint = f" ({self.hint})" if self.hint else ""
        said = f"{self.severity} {self.code} {self.message}{hint}"
        return f"{self.place}: {said}" if self.place else said

    @property
    def place(self) -> str:
        """Where it stands: `file:line:column`, or `file:row` for tables."""
        parts: tuple[Any, ...] = (self.file, self.line, self.column)
        if self.row is not None:
            parts = (self.file, f"row {self.row}")
        return ":".join(str(part) for part in parts if part is not None)

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key: by place, then code, then words."""
        position = (self.line or 0, self.column or 0, self.row or 0)
        return (self.file or "", *position, self.code, self.message)


_FIELDS = tuple(Diagnostic.__dataclass_fields__)


def totals(findings: Iterable[Diagnostic]) -> dict[str, int]:
    """Count findings by code."""
    return dict(sorted(Counter(finding.code for finding in findings).items()))


def has_errors(findings: Iterable[Diagnostic]) -> bool:
    """Say whether any finding is an error."""
    return any(finding.severity == "error" for finding in findings)
