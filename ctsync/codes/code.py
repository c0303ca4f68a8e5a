"""One sort of finding."""

from __future__ import annotations

from dataclasses import dataclass

from ctsync.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """One sort of finding. `hint` is an example of what to do."""

    title: str
    meaning: str
    hint: str
    severity: Severity = "error"
