"""From which local second on a time zone is how far from UTC, for who asks in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ctsync.sql_text import quoted, stepwise

# Most zones change their clocks twice a year; what lies beyond is left to Python.
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2041, 1, 1)  # noqa: DTZ001 - local ones
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def offset_sql(zone: ZoneInfo, cell: str, between: str) -> str:
    """Return SQL of the seconds that a local time is ahead of UTC.

    The cell is `YYYY-MM-DD`, or that and a time with something `between`. NULL where
    the time happens twice or never, and before 1900 and after 2040.
    """
    steps = _steps_of(zone)
    bounds = [quoted(_written(moment, between)) for moment, _ in steps]
    results = ["NULL" if offset is None else str(offset) for _, offset in steps]
    last = quoted(_written(_LAST, between))
    return stepwise(cell, [*bounds, last], ["NULL", *results, "NULL"])


def _written(moment: datetime, between: str) -> str:
    """Return a local time, so that in the order of texts no other stands on its side.

    A day alone is its midnight, and comes before all other times of it.
    """
    text = moment.isoformat(between, "seconds")
    return text.removesuffix(f"{between}00:00:00")


@lru_cache(maxsize=4)
def _steps_of(zone: ZoneInfo) -> tuple[tuple[datetime, int | None], ...]:
    return tuple(_steps(zone))


def _steps(zone: ZoneInfo) -> Iterator[tuple[datetime, int | None]]:
    """Yield each local time from which on the offset is another, and that offset.

    Clocks are looked at once a day: no zone changes them twice between, and back.
    """
    seen, here = _FIRST, _offset(_FIRST, zone)
    yield seen, here
    while seen < _LAST:
        day = seen + _DAY
        while _offset(day, zone) != here:
            seen = _first_other(seen, day, zone)
            here = _offset(seen, zone)
            yield seen, here
        seen = day


def _first_other(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second up to `high` whose offset is not that of `low`."""
    here = _offset(low, zone)
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if _offset(middle, zone) == here:
            low = middle
        else:
            high = middle
    return high


def _offset(local: datetime, zone: ZoneInfo) -> int | None:
    """Return the seconds ahead of UTC, None where the time is twice or never."""
    first = zone.utcoffset(local)
    if first is None or first != zone.utcoffset(local.replace(fold=1)):
        return None
    return first // _SECOND
