"""Dates in words: what the spec wrote is what a review shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.kinds.date import epoch_seconds
from ctsync.model.date_words import date_words
from ctsync.model.scalar_value import date_form
from ctsync.timezones import zone_named

ZONES = ("UTC", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("form", "zone", "words"),
    [
        ("$D_1806431400", "Asia/Kolkata", "2027-03-31"),
        ("$D_1806431400", "UTC", "2027-03-30T18:30:00Z"),
        ("$D_1806431401", "Asia/Kolkata", "2027-03-31T00:00:01+05:30"),
        ("$D_-86400", "UTC", "1969-12-31"),
        ("$D_99999999999999", "UTC", "$D_99999999999999"),
        # Where clocks went back over midnight there were two; the second has its hour.
        ("$D_1540695600", "America/Sao_Paulo", "2018-10-28"),
        ("$D_1518919200", "America/Sao_Paulo", "2018-02-17T23:00:00-03:00"),
    ],
)
def test_a_date_stands_in_the_projects_zone(form, zone, words):
    assert date_words(form, zone) == words


@pytest.mark.parametrize("text", ["$D_", "$D_1x", "x$D_1", "$D_٣", "2027-03-31"])
def test_what_is_no_date_is_none(text):
    assert date_words(text, "UTC") is None


@given(st.integers(-(2**31), 2**33), st.sampled_from(ZONES))
def test_the_words_are_a_spelling_of_the_same_second(seconds, zone):
    words = date_words(date_form(seconds), zone)
    assert epoch_seconds(words, zone_named(zone)) == seconds
