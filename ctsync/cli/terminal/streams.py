"""Standard output and standard error: every byte to either goes through here.

Nothing that passes is obeyed by a terminal or a runner (`ctsync.printable`), whoever
wrote it: documents, talk, prompts, logs, warnings, `click`, Python itself. What cannot
be written is lost and noted, so that no trouble with output hides what a command did.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from typing import TextIO

from ctsync.printable import inert

# The colours of `ctsync.render.ansi`, which can hide nothing; and the commands to a
# runner that `--format github` consists of.
_COLOUR = re.compile(r"(\x1b\[(?:[0-2]|3[1236])m)")
_COMMAND = re.compile(r"::(?:error|warning|notice)(?: [^\n]*?)?::")
_AFRESH = "\r\x1b[J"  # from the start of the line on, everything is emptied
_UP = "\x1b[A"


class Stream(io.TextIOBase):
    """Stands in the place of a standard stream, and hands on what is inert."""

    def __init__(self, target: TextIO | None, encoding: str) -> None:
        """Write to `target`; None is a stream that was closed at the start."""
        self._target = target
        self._encoding = encoding
        self._line = ""
        self._is_drawn_on = False
        self._is_busy = False  # the main thread is handing something on
        self._late: list[str] = []
        self.trouble: OSError | None = None
        if target is None:
            self.trouble = OSError("it is closed")

    @property
    def encoding(self) -> str:  # type: ignore[override] # io declares a variable
        """How text is spelled in bytes."""
        return self._encoding

    def writable(self) -> bool:
        """Say that it takes text, whether or not that arrives."""
        return True

    def isatty(self) -> bool:
        """Return whether a terminal shows it."""
        return self._target is not None and self._target.isatty()

    def fileno(self) -> int:
        """Return the file behind it."""
        if self._target is None:
            raise io.UnsupportedOperation("fileno")
        return self._target.fileno()

    def write(self, text: str | bytes, /) -> int:
        """Take text, also as the bytes of it; whole lines are handed on."""
        if isinstance(text, bytes):  # as click writes what a shell completes
            text = text.decode("utf-8", "surrogateescape")
        lines, newline, rest = (self._line + text).rpartition("\n")
        self._line = rest
        if newline:
            self._put(self._inert(lines + newline))
        return len(text)

    def write_commands(self, text: str) -> None:
        """Take whole lines, each of which may be one command to a runner."""
        for line in text.splitlines(keepends=True):
            found = _COMMAND.match(line)
            start = "" if found is None else found[0]
            self._put(start + self._inert(line[len(start) :]))

    def draw(self, lines: Sequence[str]) -> None:
        """Show lines at the terminal's end until others are drawn or text is written.

        The cursor waits where they begin. So all of them lie behind it, and go, also
        where a terminal that has become narrower breaks them.
        """
        shown = "\r\n".join(map(self._inert, lines))
        self._put(_AFRESH + shown + _UP * (len(lines) - 1) + "\r")
        self._is_drawn_on = True

    def flush(self) -> None:
        """Hand on what there is, the start of a line too."""
        line, self._line = self._line, ""
        if line:
            self._put(self._inert(line))
        if self._target is None or self._is_interrupted():
            return
        with self._handing_on():
            self._target.flush()

    def _inert(self, text: str) -> str:
        if "\x1b" not in text or not self.isatty():
            return inert(text)
        parts = _COLOUR.split(text)
        parts[::2] = map(inert, parts[::2])
        return "".join(parts)

    def _put(self, text: str) -> None:
        if self.trouble is not None or self._target is None:
            return
        if self._is_interrupted():
            self._late.append(text)
            return
        if self._is_drawn_on:
            text, self._is_drawn_on = _AFRESH + text.removeprefix(_AFRESH), False
        data = text.encode(self._encoding, "backslashreplace")
        with self._handing_on():
            buffer = getattr(self._target, "buffer", None)
            if buffer is None:
                self._target.write(data.decode(self._encoding))
            else:
                buffer.write(data)

    def _is_interrupted(self) -> bool:
        """Return whether a signal's handler talks while something is handed on.

        Python calls it in the middle of a flush, and its buffers refuse to be written
        to from there.
        """
        return self._is_busy and current_thread() is main_thread()

    @contextmanager
    def _handing_on(self) -> Iterator[None]:
        with self._busy(), self._noting():
            yield
        late, self._late = self._late, []
        if late:
            self._put("".join(late))
            self.flush()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        if current_thread() is not main_thread():
            yield
            return
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.trouble = self.trouble or error
            self._drop_the_rest()
        except ValueError:  # somebody has closed the stream
            self.trouble = self.trouble or OSError("it is closed")

    def _drop_the_rest(self) -> None:
        """Let Python, when it ends, find a place for what it still holds."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


def put_streams() -> None:
    """Put streams that hand on what is inert in the place of Python's."""
    # Documents are UTF-8 whatever the locale; talk is for whoever has set it.
    sys.stdout = Stream(sys.stdout, "utf-8")
    sys.stderr = Stream(sys.stderr, getattr(sys.stderr, "encoding", None) or "utf-8")


@contextmanager
def standard_streams() -> Iterator[None]:
    """Put such streams there while the context lasts."""
    before = sys.stdout, sys.stderr
    put_streams()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def talk() -> Stream:
    """Return standard error as such a stream."""
    return sys.stderr if isinstance(sys.stderr, Stream) else Stream(sys.stderr, "utf-8")


def open_closed_files() -> None:
    """Keep the numbers of standard files that are closed from going to other files.

    Else a state or a journal could be opened under one, and get what is printed.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
