"""The bar, as an emulated terminal shows it: it fits, also after a resize, and goes."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import tty
from contextlib import suppress
from pathlib import Path

import pyte
import pytest

from ctsync.cli.terminal.progress import Progress, ReadProgress
from ctsync.cli.terminal.streams import Stream

ROOT = Path(__file__).parents[2]
ROWS = 12
THROTTLED = "HTTP 429 Too Many Requests"


class Breaking(pyte.Screen):
    """A terminal that breaks anew what no longer fits, as most of today's do."""

    def resize(self, lines=None, columns=None):
        kept = [line.rstrip() for line in self.display]
        row = self.cursor.y
        super().resize(lines, columns)
        self.reset()
        self.set_mode(pyte.modes.LNM)
        rows = [
            [line[n : n + self.columns] for n in range(0, len(line) or 1, self.columns)]
            for line in kept
        ]
        for number, part in enumerate(part for parts in rows for part in parts):
            if number < self.lines:
                self.cursor_position(number + 1, 1)
                self.draw(part)
        self.cursor_position(sum(map(len, rows[:row])) + 1, 1)


class Terminal:
    """A terminal's two ends, and the screen that shows what comes out."""

    def __init__(self, columns, screen=pyte.Screen, encoding="utf-8"):
        self._mine, its = pty.openpty()
        tty.setraw(its)
        self._file = os.fdopen(its, "w", encoding=encoding)
        self.out = Stream(self._file, encoding)
        self.screen = screen(columns, ROWS)
        self.screen.set_mode(pyte.modes.LNM)
        self._feed = pyte.ByteStream(self.screen)
        self._set(columns)

    def _set(self, columns):
        fcntl.ioctl(
            self._mine, termios.TIOCSWINSZ, struct.pack("4H", ROWS, columns, 0, 0)
        )

    def resize(self, columns):
        self._show()
        self._set(columns)
        self.screen.resize(ROWS, columns)

    def _show(self):
        self._file.flush()
        os.set_blocking(self._mine, False)
        with suppress(BlockingIOError):
            while chunk := os.read(self._mine, 65_536):
                self._feed.feed(chunk)

    @property
    def lines(self):
        """What stands on the screen, up to the last line with anything on it."""
        self._show()
        return (
            "\n".join(line.rstrip() for line in self.screen.display)
            .rstrip()
            .split("\n")
        )

    def close(self):
        self._file.close()
        os.close(self._mine)


@pytest.fixture
def terminal(request, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    opened = []

    def make(columns, **named):
        opened.append(Terminal(columns, **named))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def counts(acknowledged, rejected=0, unknown=0):
    said = {"acknowledged": acknowledged, "rejected": rejected, "unknown": unknown}
    return {**said, "not_sent": 0}


class Run:
    """An apply of so many profiles on a terminal, and its clock."""

    def __init__(self, terminal, total, *, before=0, colour=False):
        self.clock, self.total = Clock(), total
        self.progress = Progress(terminal.out, self.clock, colour=colour)
        self.progress.progressed(counts(before), total)

    def at(self, seconds, *outcomes):
        self.clock.now = seconds
        self.progress.progressed(counts(*outcomes), self.total)

    def waits(self, seconds):
        self.progress.waits(seconds, THROTTLED)


# After 10 s; half a second later, with a pause; and at the end.
SHOWN = {
    60: """\
412 of 1,000  ━━━━━━            41%  41 a second, 14 s left
520 of 1,000, 15 rejected, 5 unknown   52%  10 s left
1,000 of 1,000, 15 rejected, 5 unknown  ━━━━━━━━━━━━━  100%""",
    80: f"""\
412 of 1,000 profiles  ━━━━━━━━━━╸{" " * 18}41%  41 a second, 14 s left
520 of 1,000, 15 rejected, 5 unknown  ━━━━━╸        52%  50 a second, 10 s left
1,000 of 1,000 profiles, 15 rejected, 5 unknown  ━━━━━━━━━━━  100%  33 a second""",
    200: f"""\
412 of 1,000 profiles  {"━" * 60}{" " * 89}41%  41 a second, 14 s left
520 of 1,000 profiles, 15 rejected, 5 unknown  {"━" * 63}{" " * 62}52%  50 a second, \
10 s left
1,000 of 1,000 profiles, 15 rejected, 5 unknown  {"━" * 131}  100%  33 a second""",
}


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_bar_takes_the_room_that_its_words_leave(terminal, columns):
    shown = terminal(columns)
    run = Run(shown, 1000)
    first, second, third = SHOWN[columns].splitlines()
    run.at(10.0, 412)
    assert shown.lines == [first]
    run.at(10.5, 500, 15, 5)
    run.waits(12)
    assert shown.lines == [second, f"paused, 12 s left: {THROTTLED}"]
    run.at(30.5, 980, 15, 5)
    run.progress.close()
    shown.out.write("next\n")
    assert shown.lines == [third, f"paused once, 12 s in all: {THROTTLED}", "next"]


NUMBERS = [(7, 0, 0), (980, 15, 5), (999_999, 0, 0), (412_000, 88_000, 9_000)]


@pytest.mark.parametrize("columns", [20, 40, 60, 79, 80, 81, 120, 200, 300])
@pytest.mark.parametrize("colour", [False, True])
def test_no_drawing_is_wider_than_the_terminal_or_leaves_anything(
    terminal, columns, colour
):
    """Whatever the numbers: the last drawing stands alone, in one line or two."""
    shown = terminal(columns)
    run = Run(shown, 1_000_000, colour=colour)
    for second, outcomes in enumerate(NUMBERS, 2):
        run.at(second, *outcomes)
        assert len(shown.lines) == 1
        assert len(shown.lines[0]) < min(columns, 200)
        assert f"{sum(outcomes):,} of"[: columns - 3] in shown.lines[0]
    run.waits(30)
    assert [line[:6] for line in shown.lines] == ["509,00", "paused"]


@pytest.mark.parametrize("screen", [pyte.Screen, Breaking])
@pytest.mark.parametrize("narrow", [60, 80])
def test_a_resize_leaves_nothing_of_what_was_drawn(terminal, screen, narrow):
    """Where the terminal cuts lines that no longer fit, and where it breaks them."""
    shown = terminal(200, screen=screen)
    shown.out.write("before\n")
    run = Run(shown, 1000)
    run.at(10.0, 400)
    run.waits(100)
    for columns in (narrow, 200, narrow, 70):
        shown.resize(columns)
        run.at(run.clock.now + 1, 412)
        before, bar, pause = shown.lines
        assert (before, bar[:12], pause[:6]) == ("before", "412 of 1,000", "paused")
        assert "left" in bar
        assert len(bar) == columns - 1


def test_what_is_said_meanwhile_stands_above_the_bar(terminal):
    shown = terminal(80)
    run = Run(shown, 1000)
    run.at(5.0, 100)
    shown.out.write("stopping: what is in flight is finished\n")
    run.at(6.0, 200)
    first, second = shown.lines
    assert first == "stopping: what is in flight is finished"
    assert second.startswith("200 of 1,000 profiles")


@pytest.mark.parametrize(
    "why", ["a\x1b[2J\x1b[Hb", "a\r\nb\n\nc", "\x9b2J\u202ex" * 99]
)
def test_what_a_pause_is_for_moves_no_terminal(terminal, why):
    shown = terminal(80)
    shown.out.write("before\n")
    run = Run(shown, 1000)
    run.at(5.0, 100)
    for _ in range(2):
        run.progress.waits(9, why)
        before, bar, pause = shown.lines
        assert (before, bar[:12]) == ("before", "100 of 1,000")
        assert pause.startswith("paused, 9 s left: ")
        assert len(pause) < 80


def test_speed_and_time_left_are_those_of_this_run(terminal):
    """What an earlier run has acknowledged took none of this one's time."""
    shown = terminal(80)
    run = Run(shown, 5025, before=1000)
    run.at(10.0, 1100)
    assert shown.lines[0].startswith("1,100 of 5,025 profiles")
    assert shown.lines[0].endswith("21%  10 a second, 7 min left")


def test_several_pauses_are_counted(terminal):
    shown = terminal(80)
    run = Run(shown, 10)
    for second in (2, 3, 20, 40):  # the first two are one
        run.at(second, 1)
        run.waits(5)
    assert shown.lines[1] == f"paused, 5 s left: {THROTTLED}"
    run.at(60, 2)
    assert shown.lines[1] == f"paused 3 times, 16 s in all: {THROTTLED}"


def test_what_is_over_in_a_second_draws_nothing(terminal):
    shown = terminal(80)
    run = Run(shown, 10)
    run.at(0.9, 10)
    run.progress.close()
    assert shown.lines == [""]


def test_colours_are_plain_ones(terminal):
    shown = terminal(80)
    run = Run(shown, 10, colour=True)
    run.at(2.0, 5)
    assert "━" * 16 in shown.lines[0]
    row = shown.screen.buffer[0]
    assert {row[x].fg for x in range(80) if row[x].data == "━"} == {"green", "default"}


def test_where_no_line_can_be_drawn_in_ascii_is(terminal):
    shown = terminal(80, encoding="ascii")
    run = Run(shown, 10)
    run.at(2.0, 5)
    assert shown.lines[0].startswith("5 of 10 profiles  ----------------  ")


def test_a_terminal_that_takes_nothing_back_gets_lines(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    shown = terminal(80)
    run = Run(shown, 100)
    run.at(2.0, 5)
    run.waits(1)
    run.at(31.0, 31)
    wait, *counted = shown.lines
    assert wait == f"waiting 1.0 s: {THROTTLED}"
    outcomes = "31 acknowledged, 0 rejected, 0 unknown"
    assert "".join(counted) == (
        f"31 of 100 profiles: {outcomes}; 1 a second, 1 min left"
    )


def test_reading_has_a_bar_too_and_none_where_the_total_is_unknown(terminal):
    clock, shown = Clock(), terminal(80)
    for total, start in ((200, "50 of 200 profiles read  ━━━"), (None, "50 profiles")):
        reading = ReadProgress(total, out=shown.out, monotonic=clock)
        clock.now += 5
        reading.read(50)
        assert shown.lines[-1].startswith(start)
        assert "10 a second" in shown.lines[-1]
        reading.close()


def test_a_read_that_waits_long_is_told_below_the_bar(terminal):
    clock, shown = Clock(), terminal(80)
    reading = ReadProgress(200, out=shown.out, monotonic=clock)
    clock.now = 5
    reading.read(50)
    reading.waits(1, THROTTLED)  # others go on meanwhile
    assert len(shown.lines) == 1
    reading.waits(8, THROTTLED)
    assert shown.lines[1:] == [f"paused, 8 s left: {THROTTLED}"]


LISTED = """
import sys
from ctsync.cli.terminal import progress
from ctsync.cli.app import run_alone
progress._SECONDS_UNDRAWN = 1e9  # however slow the machine is
run_alone(sys.argv[1:])
print([name for name in sys.modules if name == "rich"])
"""


def on_a_terminal(folder, columns, *words, python=("-m", "ctsync")):
    """Run a command on a terminal of its own, and give what that shows in the end."""
    mine, its = pty.openpty()
    fcntl.ioctl(mine, termios.TIOCSWINSZ, struct.pack("4H", ROWS * 5, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    screen = pyte.Screen(columns, ROWS * 5)
    feed = pyte.ByteStream(screen)
    with subprocess.Popen(
        [sys.executable, *python, *words],
        cwd=folder, env=environment, stdin=its, stdout=its, stderr=its,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(its)
        with suppress(OSError):  # so Linux says that the other end is closed
            while chunk := os.read(mine, 65_536):
                feed.feed(chunk)
    os.close(mine)
    return process.returncode, [line.rstrip() for line in screen.display]


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_an_apply_that_is_held_back_shows_a_bar_and_its_pauses(desk, columns):
    desk.project("upload: {records_per_call: 10, concurrency: 1}")
    desk.people({f"u{n}": {"Plan": "Free"} for n in range(30)})
    desk.sandbox.script("none", "throttle", "throttle")
    words = ["apply", "--auto-approve", "--first-run", "--no-color"]
    code, screen = on_a_terminal(desk.folder, columns, *words)
    assert code == 0
    (at,) = (n for n, line in enumerate(screen) if line.startswith("30 of 30"))
    assert "━━━━━━━━━━  100%" in screen[at]
    assert screen[at + 1].startswith("paused ")
    assert screen[at + 1].endswith(f"s in all: {THROTTLED}")
    assert screen[at + 2] == ""
    assert "paused" not in "\n".join(screen[:at])
    assert "Apply: 30 acknowledged, 0 rejected, 0 unknown, 0 not sent" in screen


def test_what_draws_is_loaded_only_where_something_is_drawn(desk):
    """An apply on a terminal that is over before a bar starts and ends without it."""
    desk.people({"u1": {"Plan": "Free"}})
    words = ["apply", "--auto-approve", "--first-run"]
    _, screen = on_a_terminal(desk.folder, 80, *words, python=("-c", LISTED))
    assert "Apply: 1 acknowledged, 0 rejected, 0 unknown, 0 not sent" in screen
    assert "[]" in screen
