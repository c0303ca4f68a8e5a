"""What ctsync itself writes: a state, journal or plan is no table, in use or not."""

from __future__ import annotations

import re
from pathlib import Path

from ctsync.formats import format_of
from ctsync.formats.compression import DAMAGES, unpacked
from ctsync.model.fault import Fault

OURS = Fault(
    "CT015",
    "is a state, journal or plan of ctsync",
    "such files hold people in clear; tables are read from exports",
)
_HEAD_BYTES = 1 << 16  # of a first line, which may never end
_MARK = re.compile(rb'"format" ?: ?"ctsync\.')
_SHEET = re.compile(r"ctsync-(?:base|segment)-[0-9]+\.parquet")


def is_named_as_ours(name: str) -> bool:
    """Return whether the last part of a name is one that states give."""
    return _SHEET.fullmatch(name) is not None


def begins_as_ours(path: Path) -> bool:
    """Return whether a file of text begins as ours do."""
    form = format_of(path.name)
    if form is None or not form.is_text:
        return False
    try:
        with unpacked(path) as stream:
            return _MARK.search(stream.readline(_HEAD_BYTES)) is not None
    except DAMAGES:
        return False  # who reads it says why it cannot be read
