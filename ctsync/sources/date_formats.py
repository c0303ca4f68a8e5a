"""Dates that a table writes in a form of its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal

_HOURS_ALONE = re.compile(r":[0-9]{2}(?:\.[0-9]+)?[+-][0-9]{2}$")
_TIMES = ("%H", "%I", "%M", "%S", "%f", "%p", "%z")


@lru_cache(maxsize=4096)  # there are many rows, and not so many days
def read_date(text: str, form: str) -> Literal | Fault:
    """Return the date that a text is in a form of `strptime`, as a spec would write it.

    A form without a time gives a day; a time without an offset is left to the
    project's time zone.
    """
    try:
        moment = moment_of(text, form)
    except ValueError:
        message = f'{{value}} is no date of the form "{form}"'
        return Fault("CT624", message, "correct the cell or the format", text)
    if moment.microsecond or _is_odd(moment.utcoffset()):
        message = "{value} has parts of a second"
        hint = "the platform stores whole seconds; compute date_trunc('second', ...)"
        return Fault("CT624", message, hint, text)
    if not any(directive in form.replace("%%", "") for directive in _TIMES):
        # In some C libraries %Y has no zeros before a year under 1000.
        return Literal(f"{moment:%Y-%m-%d}".rjust(10, "0"), "date")
    return Literal(moment.isoformat(timespec="seconds"), "date")


def moment_of(text: str, form: str) -> datetime:
    """Read a text in a form of `strptime`; an offset may have hours alone, as in `+00`.

    Raises:
        ValueError: it is not written so.
    """
    if _HOURS_ALONE.search(text) and form.endswith("%z"):
        text += "00"
    return datetime.strptime(text, form)  # noqa: DTZ007 - the zone may come later


def _is_odd(offset: timedelta | None) -> bool:
    return offset is not None and bool(offset.seconds % 60 or offset.microseconds)
