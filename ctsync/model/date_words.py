"""Dates as people write them: a day as a day, a moment with its offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache

from ctsync.model.scalar_value import epoch_of
from ctsync.timezones import zone_named

_DATE = re.compile(r"\$D_-?[0-9]{1,18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)  # there are many people, and not so many days
def date_words(form: str, timezone: str) -> str | None:
    """Return `2027-03-31`, or `2027-03-31T08:30:00+05:30` where it is no midnight.

    None where the text is no date in normal form: what is not sent as a date cannot
    begin like one.
    """
    if not _DATE.fullmatch(form):
        return None
    try:
        moment = moment_in(epoch_of(form), timezone)
    except OverflowError:
        return form
    # One midnight a day: where clocks go back over it, the second is a moment.
    if moment.time() == time() and not moment.fold:
        return moment.date().isoformat()
    return moment_words(moment)


def moment_in(epoch_seconds: float, timezone: str) -> datetime:
    """Return a moment as the clocks of a time zone show it.

    Raises:
        OverflowError: no calendar goes so far.
    """
    return (_EPOCH + timedelta(seconds=epoch_seconds)).astimezone(_zone(timezone))


def moment_words(moment: datetime) -> str:
    """Return a moment to the second, with its offset; `Z` is that of UTC."""
    if (moment.utcoffset() or timedelta()).seconds % 60:
        moment = moment.astimezone(UTC)  # offsets to the second are no one's to read
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _zone(timezone: str) -> tzinfo:
    # Most projects are in UTC, which needs no file.
    return UTC if timezone == "UTC" else zone_named(timezone) or UTC
