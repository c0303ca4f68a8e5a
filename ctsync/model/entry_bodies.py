"""Bodies of entries, which rows of columns have, and the lines they stand for."""

from __future__ import annotations

from typing import Any, TypeAlias

from ctsync.arrow import arrow_compute

Rows: TypeAlias = Any  # a pyarrow.Table

SPELLED = ("type", "id", "fingerprint", "body")
"""The columns that say the line of an entry."""


def lines_of(rows: Rows) -> list[bytes | None]:
    """Return the lines of rows, with newlines; None of who is gone from a snapshot."""
    bodies = _bytes_in(rows, "body")
    lines: list[bytes | None] = _joined(bodies, b"\n").to_pylist()
    return lines


def _bytes_in(rows: Rows, column: str) -> Any:
    return rows[column].combine_chunks().cast("binary")


def _joined(*parts: Any) -> Any:
    return arrow_compute().binary_join_element_wise(*parts, b"")
