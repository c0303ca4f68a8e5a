"""Local times in SQL are those of the zone, at every second that happens once."""

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.duckdb_connection import open_connection
from ctsync.kinds.date import epoch_seconds
from ctsync.kinds.zone_steps import offset_sql
from ctsync.model.fault import Faults
from ctsync.timezones import zone_named

ZONES = (
    "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "America/St_Johns",
    "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Africa/Monrovia",
    "Africa/Freetown", "America/Boa_Vista", "Asia/Gaza", "Europe/Dublin", "Etc/GMT-14",
)  # fmt: skip
FIRST, LAST = map(datetime.fromisoformat, ("1900-01-01", "2040-12-31T23:59:59"))


@pytest.fixture(scope="module")
def connection():
    with open_connection(threads=1) as opened:
        yield opened


def changes(zone):
    """The local times, to the hour, at which the clocks are not as an hour before."""
    moment, hour = FIRST, timedelta(hours=1)
    while moment < LAST:
        day = moment + timedelta(days=1)
        if zone.utcoffset(moment) != zone.utcoffset(day):
            yield from (moment + n * hour for n in range(-3, 28))
        moment = day


def told(connection, moments, zone, between):
    """The epoch seconds by SQL; None where it is not sure."""
    cells = [moment.isoformat(between, "seconds") for moment in moments]
    rows = connection.execute(
        "SELECT epoch(cell::TIMESTAMP)::BIGINT - "
        f"{offset_sql(zone, 'cell', between)} FROM (SELECT unnest($1) AS cell)",
        [cells],
    ).fetchall()
    return [seconds for (seconds,) in rows]


def meant(moment, zone):
    try:
        return epoch_seconds(moment.isoformat(timespec="seconds"), zone)
    except Faults:
        return None


@pytest.mark.parametrize("name", ZONES)
def test_every_local_time_is_as_far_from_utc_as_python_says(connection, name):
    zone = zone_named(name)
    edges = [m for m in changes(zone) if FIRST <= m <= LAST] or [FIRST]
    near = st.builds(
        lambda moment, seconds: moment + timedelta(seconds=seconds),
        st.sampled_from(edges),
        st.integers(-2, 3600),
    )
    times = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(microsecond=0))

    @partial(settings, deadline=None, max_examples=6)()
    @given(st.lists(near | times, min_size=50), st.sampled_from("T "))
    def holds(moments, between):
        moments = [each for each in moments if FIRST <= each <= LAST]
        found = told(connection, moments, zone, between)
        assert found == [meant(each, zone) for each in moments]

    holds()


@pytest.mark.parametrize("name", ZONES)
def test_every_midnight_is_told(connection, name):
    """What happens twice or never is left to Python, which says so."""
    zone = zone_named(name)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days)]
    cells = [f"{day:%Y-%m-%d}" for day in days]
    rows = connection.execute(
        f"SELECT {offset_sql(zone, 'cell', 'T')} FROM (SELECT unnest($1) AS cell)",
        [cells],
    ).fetchall()
    for day, (offset,) in zip(days, rows, strict=True):
        first, second = (zone.utcoffset(day.replace(fold=fold)) for fold in (0, 1))
        expected = first.total_seconds() if first == second else None
        assert offset == expected, day


@pytest.mark.parametrize("text", ["1899-12-31", "2041-01-01", "9999-12-31"])
def test_beyond_what_was_looked_at_nothing_is_told(connection, text):
    sql = offset_sql(ZoneInfo("Asia/Kolkata"), f"'{text}'", "T")
    assert connection.execute(f"SELECT {sql}").fetchall() == [(None,)]
