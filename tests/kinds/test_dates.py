"""Dates: midnight or the time given, in the project's zone, as epoch seconds."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ctsync.kinds.date import epoch_seconds
from ctsync.model.fault import Faults
from ctsync.model.scalar_value import Literal

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def at(year, month, day, hour=0, minute=0, second=0):
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("words", "zone", "seconds"),
    [
        ("1970-01-01", "UTC", 0),
        ("1990-02-20", "UTC", at(1990, 2, 20)),
        ("1969-12-31", "UTC", -86_400),
        ("1990-02-20", "Asia/Kolkata", at(1990, 2, 19, 18, 30)),
        ("1990-02-20T08:30:15", "Asia/Kolkata", at(1990, 2, 20, 3, 0, 15)),
        ("1990-02-20T08:30:15Z", "Asia/Kolkata", at(1990, 2, 20, 8, 30, 15)),
        ("1990-02-20T08:30:00+05:30", "UTC", at(1990, 2, 20, 3)),
        ("1990-02-20T08:30:00-0800", "UTC", at(1990, 2, 20, 16, 30)),
        ("1990-02-20T08:30:00+00:59", "UTC", at(1990, 2, 20, 7, 31)),
        ("2024-02-29", "UTC", at(2024, 2, 29)),
        ("2026-07-01", "Europe/Berlin", at(2026, 6, 30, 22)),
        ("2026-01-01", "Europe/Berlin", at(2025, 12, 31, 23)),
        ("0001-01-01", "UTC", at(1, 1, 1)),
        ("9999-12-31T23:59:59", "UTC", at(9999, 12, 31, 23, 59, 59)),
        ("0001-01-01", "Asia/Kolkata", at(1, 1, 1) - 19_200 - 2_008),
    ],
)
def test_a_date_is_a_moment(words, zone, seconds):
    assert epoch_seconds(words, ZoneInfo(zone)) == seconds


@pytest.mark.parametrize(
    ("words", "zone", "said"),
    [
        ("2026-03-29T02:30:00", BERLIN, "does not exist"),
        ("2026-03-29T02:00:00", BERLIN, "does not exist"),
        ("2026-10-25T02:30:00", BERLIN, "happens twice"),
        ("2026-10-25T02:00:00", BERLIN, "happens twice"),
        ("2018-11-04", SAO_PAULO, "does not exist"),
        ("2018-02-17T23:30:00", SAO_PAULO, "happens twice"),
    ],
)
def test_a_local_time_that_happens_twice_or_never_is_refused(words, zone, said):
    with pytest.raises(Faults) as caught:
        epoch_seconds(words, zone)
    (fault,) = caught.value.faults
    assert fault.code == "CT207"
    assert fault.say()[0].startswith(f"{words} {said} in {zone.key}")


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("2026-03-29T01:59:59", BERLIN),
        ("2026-03-29T03:00:00", BERLIN),
        ("2026-10-25T01:59:59", BERLIN),
        ("2026-10-25T03:00:00", BERLIN),
        ("2026-03-29T02:30:00+01:00", BERLIN),
        ("2026-10-25T02:30:00+02:00", BERLIN),
        ("2026-10-25T02:30:00", KOLKATA),
    ],
)
def test_the_edges_of_a_clock_change_and_any_offset_are_clear(words, zone):
    assert isinstance(epoch_seconds(words, zone), int)


def test_an_offset_tells_the_two_halves_of_an_overlap_apart():
    summer = epoch_seconds("2026-10-25T02:30:00+02:00", BERLIN)
    winter = epoch_seconds("2026-10-25T02:30:00+01:00", BERLIN)
    assert winter - summer == 3600


@pytest.mark.parametrize(
    "words",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "0000-01-01",
        "2026-01-01T25:00:00",
        "2026-01-01T10:60:00",
        "2026-01-01T10:00:60",
        "2026-01-01T10:00:00+24:00",
        "2026-01-01T10:00:00+05:60",
        "2026-1-1",
        "20260101",
        "2026-01-01 10:00:00",
        "2026-01-01T10:00",
    ],
)
def test_what_no_calendar_or_clock_shows_is_refused(words):
    with pytest.raises(Faults) as caught:
        epoch_seconds(words, ZoneInfo("UTC"))
    assert [fault.code for fault in caught.value.faults] == ["CT207"]


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (Literal("1990-02-20", "text", "1990-02-20", quoted=True), ["CT203"]),
        (Literal("7", "number", 7), ["CT203"]),
        (Literal("null", "null"), ["CT204"]),
        (Literal("", "empty"), ["CT202"]),
        ([], ["CT203"]),
        (Literal("2026-02-30", "date"), ["CT207"]),
    ],
)
def test_a_date_takes_plain_dates_only(faults_of, raw, codes):
    assert [fault.code for fault in faults_of("date", raw)] == codes


def test_a_date_is_sent_as_the_platform_writes_it(normalize):
    target = normalize("DOB", Literal("2017-02-20T07:45:52", "date"))
    assert target.value == "$D_1487576752"
