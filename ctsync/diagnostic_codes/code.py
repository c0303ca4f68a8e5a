"""One sort of finding."""

from __future__ import annotations

from msgspec import Struct

from ctsync.diagnostics import Severity


class Code(Struct, frozen=True):
    """One sort of finding. `hint` is an example of what to do."""

    title: str
    meaning: str
    hint: str
    severity: Severity = "error"
