"""An apply says how far it has come: now and then, where no terminal shows a bar."""

import io

from ctsync.cli.read_platform import announce
from ctsync.cli.terminal.progress import Patience, Progress, ReadProgress
from ctsync.cli.terminal.streams import Stream


def counts(acknowledged, rejected=0, unknown=0, not_sent=0):
    return {
        "acknowledged": acknowledged,
        "rejected": rejected,
        "unknown": unknown,
        "not_sent": not_sent,
    }


def progress(out, *times, colour=False):
    return Progress(Stream(out, "utf-8"), iter(times).__next__, colour=colour)


def test_elsewhere_a_line_comes_every_half_minute():
    out = io.StringIO()
    shown = progress(out, 0.0, 0.0, 29.0, 30.0, 59.0, 61.0)
    for done in (0, 10, 20, 30, 40):
        shown.progressed(counts(done), 6000)
    outcomes = "acknowledged, 0 rejected, 0 unknown; 1 a second, 2.5 h left"
    assert out.getvalue().splitlines() == [
        f"20 of 6,000 profiles: 20 {outcomes}",
        f"40 of 6,000 profiles: 40 {outcomes}",
    ]


def test_elsewhere_a_wait_has_a_line_and_many_have_one_every_half_minute():
    out = io.StringIO()
    shown = progress(out, 0.0, 0.5, 3.0, 4.0, 31.0, 32.0)
    shown.progressed(counts(0), 2)
    for seconds in (1.5, 2.0, 45.0, 1.0):
        shown.waits(seconds, "too many at once")
    shown.close()
    assert out.getvalue().splitlines() == [
        "waiting 1.5 s: too many at once",
        "waiting 45.0 s: too many at once",
    ]


def test_a_long_read_is_told_before_with_what_is_quicker(capsys):
    announce(1_000_000)
    announce(1_000_000, takes_sample=False)
    announce(10_000)
    announce(199)
    export = 'A daily export of the platform is read whole with "ctsync import FILE".'
    ways = "profiles one by one, 3 at a time: about"
    assert capsys.readouterr().err.splitlines() == [
        f"Reading 1,000,000 {ways} 23.1 h at 0.25 s a read.",
        "  --sample N reads N of them, chosen by chance.",
        f"  {export}",
        f"Reading 1,000,000 {ways} 23.1 h at 0.25 s a read.",
        f"  {export}",
        f"Reading 10,000 {ways} 14 min at 0.25 s a read.",
    ]


def test_a_pipe_is_told_how_far_reading_has_come_every_half_minute():
    """What an earlier command has read says nothing of how fast this one is."""
    out = io.StringIO()
    times = iter([0.0, 29.0, 30.0, 61.0])
    stream = Stream(out, "utf-8")
    shown = ReadProgress(1_000_000, 400_000, out=stream, monotonic=times.__next__)
    for done in (400_300, 400_360, 400_732):
        shown.read(done)
    assert out.getvalue().splitlines() == [
        "400,360 of 1,000,000 profiles read; 12 a second, 13.9 h left",
        "400,732 of 1,000,000 profiles read; 12 a second, 13.9 h left",
    ]


def test_a_long_wait_is_told_now_and_then():
    said = []
    times = iter([100.0, 101.0, 129.0, 130.0, 140.0])
    patience = Patience(said.append, times.__next__)
    for seconds in (0.5, 4.0, 4.0, 30.0, 30.0):
        patience.waits(seconds, "HTTP 429 Too Many Requests")
    assert len(said) == 2
    assert said[0].endswith("tried again: HTTP 429 Too Many Requests")
