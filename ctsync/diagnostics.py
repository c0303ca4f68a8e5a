"""Findings: what is wrong, where, and what to do, with a code that can be looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, to_builtins

Severity = Literal["error", "warning", "info"]


class Diagnostic(Struct, frozen=True, forbid_unknown_fields=True):
    """One finding. `key` is already masked where it has to be.

    With `rows` it sums up what that many rows of a table have in common.
    """

    severity: Severity
    code: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    row: int | None = None
    key: Mapping[str, str | bool] | None = None
    attribute: str | None = None
    rows: int | None = None

    def __hash__(self) -> int:
        """Agree with `==` without the key, which is a mapping."""
        return hash((self.code, self.message, self.order))

    def as_json(self) -> dict[str, Any]:
        """Return the finding as every JSON document shows it."""
        data: dict[str, Any] = to_builtins(self)
        if self.rows is None:
            del data["rows"]
        return data

    def as_text(self) -> str:
        """Give `file:line:column: error CT101 message (hint)`."""
        hint = f" ({self.hint})" if self.hint else ""
        said = f"{self.severity} {self.code} {self.message}{hint}"
        return f"{self.place}: {said}" if self.place else said

    @property
    def place(self) -> str:
        """Where it stands: `file:line:column`, `file row N`, or else the profile."""
        if self.file is None and self.key is not None:
            return next(f"{name} {self.key[name]}" for name in self.key)
        parts: tuple[Any, ...] = (self.file, self.line, self.column)
        if self.row is not None:
            return f"{self.file} {row_place(self.row, self.line)}"
        return ":".join(str(part) for part in parts if part is not None)

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key: by place, then code, then words."""
        position = (self.line or 0, self.column or 0, self.row or 0)
        return (self.file or "", *position, self.code, self.message)


def row_place(row: int | None, line: int | None) -> str:
    """Give `row 2 (line 5)`; rows are counted without the header."""
    return f"row {row}" if line is None else f"row {row} (line {line})"


class Findings:
    """Findings as they are met: all are counted, at most 1,000 a code are kept."""

    KEEP = 1000

    def __init__(self, findings: Iterable[Diagnostic] = ()) -> None:
        self._kept: dict[Diagnostic, None] = {}
        self._codes: Counter[str] = Counter()
        self._severities: Counter[str] = Counter()
        self.extend(findings)

    def add(self, finding: Diagnostic) -> None:
        """Take a finding in; one met before is not counted again."""
        if finding in self._kept:
            return
        self._codes[finding.code] += 1
        self._severities[finding.severity] += 1
        if self._codes[finding.code] <= self.KEEP:
            self._kept[finding] = None

    def extend(self, findings: Iterable[Diagnostic]) -> None:
        """Take several findings in."""
        for finding in findings:
            self.add(finding)

    def absorb(self, other: Findings) -> None:
        """Take in all that another has met; what both had to let go counts once."""
        self.extend(other)
        severities = {finding.code: finding.severity for finding in other}
        for code, severity in severities.items():
            missing = max(other.totals[code] - self._codes[code], 0)
            self._codes[code] += missing
            self._severities[severity] += missing

    def map(self, change: Callable[[Diagnostic], Diagnostic]) -> Findings:
        """Return the same counts, with each of those kept as `change` makes it."""
        changed = Findings()
        changed._kept = dict.fromkeys(map(change, self._kept))
        changed._codes = self._codes.copy()
        changed._severities = self._severities.copy()
        return changed

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return those kept, by place."""
        return tuple(sorted(self._kept, key=lambda finding: finding.order))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    @property
    def totals(self) -> dict[str, int]:
        """How many of each code were met."""
        return dict(sorted(self._codes.items()))

    def count(self, severity: Severity) -> int:
        """Count what was met of one severity."""
        return self._severities[severity]

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return self.count("error") > 0
