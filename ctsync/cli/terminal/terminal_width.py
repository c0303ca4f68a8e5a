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
    columns = _said() or _asked(stream, USUAL)
    return min(max(columns, _NARROWEST), _WIDEST)


def columns_now(stream: Any) -> int:
    """Return the columns that a terminal has at this moment, at most 200.

    It is asked first: what COLUMNS says was so when the shell set it.
    """
    return min(_asked(stream, _said() or USUAL), _WIDEST)


def is_drawn_on(stream: Any) -> bool:
    """Return whether it is a terminal that what is drawn can be taken from again."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _said() -> int:
    """Return what COLUMNS says; 0 where it says nothing."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isascii() and said.isdigit() else 0


def _asked(stream: Any, otherwise: int) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or otherwise
    except (OSError, ValueError):
        return otherwise


def has_talk_colour(settings: GlobalOptions) -> bool:
    """Return whether standard error takes colours."""
    return takes_colour(settings, sys.stderr)


def takes_colour(settings: GlobalOptions, stream: Any) -> bool:
    """Return whether a stream takes colours."""
    wants_none = settings.no_colour or os.environ.get("NO_COLOR")
    return not wants_none and is_drawn_on(stream)
