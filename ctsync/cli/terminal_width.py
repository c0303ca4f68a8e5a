"""How wide a terminal is, and whether it takes colours."""

from __future__ import annotations

import os
import sys
from typing import Any

from ctsync.cli.global_options import GlobalOptions

USUAL = 80
"""Columns of whatever is no terminal: the same everywhere, so that texts compare."""

_NARROWEST, _WIDEST = 40, 200


def width_of(stream: Any) -> int:
    """Return the columns of a terminal, or 80; wider than 200 no line can be read."""
    if stream is None or not stream.isatty():
        return USUAL
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said):
        columns = int(said)
    else:
        columns = _asked(stream)
    return min(max(columns, _NARROWEST), _WIDEST)


def _asked(stream: Any) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except (OSError, ValueError):
        return USUAL


def has_talk_colour(settings: GlobalOptions) -> bool:
    """Return whether standard error takes colours."""
    return takes_colour(settings, sys.stderr)


def takes_colour(settings: GlobalOptions, stream: Any) -> bool:
    """Return whether a stream takes colours."""
    if settings.no_colour or os.environ.get("NO_COLOR"):
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb"
