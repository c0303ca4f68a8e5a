"""Dates in the forms that a header may name, as clocks of the account show them.

Documented are the forms, that case matters in them, that a date without a time is at
12:00:00, and that all else is text. Inferred (I): that days and months have two digits
and months English names; what the header calls Unix time; and that of a moment which
clocks show twice the first is meant.
"""

import re
from datetime import datetime, tzinfo
from functools import lru_cache

from ctsync.sandbox.keys import Json

UNIX = "Unix time"
_DAYS = ("dd/MM/yyyy", "MM/dd/yyyy", "yyyy/dd/MM", "yyyy/MM/dd")
_TIME = " HH:mm:ss"
FORMS = (*_DAYS, *(day + _TIME for day in _DAYS), "dd MMM yyyy" + _TIME, UNIX)
"""The known forms, as a header writes them between `<` and `>`."""

_MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_PARTS = {
    "dd": "(?P<day>[0-9]{2})",
    "MM": "(?P<month>[0-9]{2})",
    "MMM": f"(?P<month>{'|'.join(_MONTHS)})",
    "yyyy": "(?P<year>[0-9]{4})",
}
_CLOCK = "(?: (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}))?"
_EPOCH = re.compile("-?[0-9]{1,11}")
_NOON = ("12", "00", "00")


def read_date(text: str, form: str, zone: tzinfo) -> Json:
    """Return a date as the upload API writes it; text that is none stays text."""
    seconds = _unix(text) if form == UNIX else _seconds(text, form, zone)
    return text if seconds is None else f"$D_{seconds}"


def _unix(text: str) -> int | None:
    return int(text) if _EPOCH.fullmatch(text) else None


def _seconds(text: str, form: str, zone: tzinfo) -> int | None:
    found = _pattern(form).fullmatch(text)
    if found is None:
        return None
    said = found.groupdict()
    clock = [said.get(part) for part in ("hour", "minute", "second")]
    numbers = [said["year"], _month(said["month"]), said["day"]]
    numbers += [part or noon for part, noon in zip(clock, _NOON, strict=True)]
    try:
        moment = datetime(*map(int, numbers), tzinfo=zone)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    return int(moment.timestamp())


def _month(word: str) -> int:
    return _MONTHS.index(word) + 1 if word in _MONTHS else int(word)


@lru_cache(maxsize=len(FORMS))
def _pattern(form: str) -> re.Pattern[str]:
    day = form.removesuffix(_TIME)
    spelled = re.sub("MMM|MM|dd|yyyy", lambda part: _PARTS[part[0]], day)
    return re.compile(spelled + (_CLOCK if form != day else ""))
