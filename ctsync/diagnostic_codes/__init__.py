"""Every diagnostic code: what it means, and how what it names is put right."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes import (
    channels,
    files,
    names,
    plans,
    reads,
    records,
    shape,
    tables,
    values,
)
from ctsync.diagnostic_codes.code import Code
from ctsync.diagnostics import Severity

PAGE = "specs/README.md#diagnostic-codes"
"""Where all codes are listed, in the repository of ctsync."""

CODES: Mapping[str, Code] = {
    **files.CODES,
    **shape.CODES,
    **values.CODES,
    **names.CODES,
    **plans.CODES,
    **records.CODES,
    **reads.CODES,
    **tables.CODES,
    **channels.CODES,
}


def severity_of(code: str) -> Severity:
    """Return how serious a finding of this code is."""
    return CODES[code].severity if code in CODES else "error"
