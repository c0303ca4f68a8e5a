"""An apply says how far it has come: in place on a terminal, else now and then."""

import io

from ctsync.cli.progress import Progress
from ctsync.cli.streams import Stream


class Screen(io.StringIO):
    def isatty(self):
        return True


def counts(acknowledged, rejected=0, unknown=0, not_sent=0):
    return {
        "acknowledged": acknowledged,
        "rejected": rejected,
        "unknown": unknown,
        "not_sent": not_sent,
    }


def progress(out, *times):
    return Progress(Stream(out, "utf-8"), iter(times).__next__)


def test_a_terminal_sees_outcomes_rate_and_time_left_in_place():
    out = Screen()
    shown = progress(out, 0.0, 10.0)
    shown.progressed(counts(180, 15, 5), 1000)
    shown.close()
    assert out.getvalue() == (
        "\r\x1b[2K200 of 1000 profiles: 180 acknowledged, 15 rejected, 5 unknown; "
        "20 a second, 40 s left\n"
    )


def test_elsewhere_a_line_comes_every_half_minute():
    out = io.StringIO()
    shown = progress(out, 0.0, 29.0, 30.0, 59.0, 61.0)
    for done in (10, 20, 30, 40):
        shown.progressed(counts(done), 6000)
    outcomes = "acknowledged, 0 rejected, 0 unknown; 1 a second, 2.5 h left"
    assert out.getvalue().splitlines() == [
        f"20 of 6000 profiles: 20 {outcomes}",
        f"40 of 6000 profiles: 40 {outcomes}",
    ]


def test_a_wait_stands_on_a_line_of_its_own():
    out = Screen()
    shown = progress(out, 0.0, 0.5)
    shown.progressed(counts(1), 2)
    shown.waits(1.5, "too many at once")
    assert out.getvalue().endswith("unknown\nwaiting 1.5 s: too many at once\n")
