"""What a person uploads to the dashboard: values alone."""

import pytest
from exported import key, operation, rows_of, written

from ctsync.channels.base import ChannelSettings
from ctsync.channels.dashboard import DashboardChannel


@pytest.fixture
def channel(settings):
    return DashboardChannel(settings)


def test_the_header_has_the_form_of_dates_and_a_phone_has_no_plus(channel, tmp_path):
    (part,) = written(
        channel,
        tmp_path,
        [
            (
                "u1",
                [
                    operation("Paid", False, kind="boolean"),
                    operation("Phone", "+14155551234"),
                    operation("Renewal Date", "$D_1893456000", kind="date"),
                    operation("Score", 2.5, kind="number"),
                ],
            )
        ],
    )
    assert (part.name, part.companion) == ("ctsync-test-1-00001.csv", None)
    assert (tmp_path / part.name).read_bytes() == (
        b'"identity","Paid","Phone","Renewal Date<yyyy/MM/dd HH:mm:ss>","Score"\n'
        b'"u1","false","14155551234","2030/01/01 05:30:00","2.5"\n'
    )


def test_only_a_phone_loses_its_plus(channel, tmp_path):
    (part,) = written(channel, tmp_path, [("+1415", [operation("Grade", "+A")])])
    assert rows_of(tmp_path / part.name)[1] == [["+1415", "+A"]]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (operation("Plan", 1, "$delete"), "CT805"),
        (operation("Likes", ("a",), "$add", "list"), "CT805"),
        (operation("Likes", ("a",), "$remove", "list"), "CT805"),
        (operation("Points", 5, "$decr", "counter"), "CT801"),
        (operation("MSG-sms", True, kind="subscription"), "CT802"),
        (operation("Born", "$D_-99999999999", kind="date"), "CT806"),
        (operation("Born", "$D_999999999999999", kind="date"), "CT806"),
    ],
)
def test_what_it_cannot_say_is_refused_with_a_code(channel, said, code):
    assert channel.fault_of(key("u1"), said).code == code


@pytest.mark.parametrize(
    ("date", "timezone", "code"),
    [
        ("$D_1761438600", "Europe/Berlin", "CT806"),
        ("$D_1761442200", "Europe/Berlin", "CT806"),
        ("$D_1761435000", "Europe/Berlin", None),
        ("$D_1761438600", "UTC", None),
    ],
)
def test_an_hour_that_clocks_show_twice_is_refused(date, timezone, code):
    """In Berlin 02:30 came twice on 2025-10-26, and nothing in a cell tells which."""
    channel = DashboardChannel(ChannelSettings(timezone=timezone))
    fault = channel.fault_of(key("u1"), operation("Due", date, kind="date"))
    assert (fault and fault.code) == code
