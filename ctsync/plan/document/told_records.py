"""Records told from lines where another process has a core for it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from msgspec import msgpack

from ctsync.canonical_json import parse
from ctsync.model.workers import Workers
from ctsync.plan.document.change_codec import CHANGE_KEY, FIRST_ALONE
from ctsync.plan.document.record_patterns import RecordPatterns, Told

ToldLines: TypeAlias = "Sequence[Told | None] | None"
"""What was told of each line; None where nobody told."""
_NOTHING = b""
_DECODER = msgpack.Decoder(list[Told | None])


class RecordTelling:
    """Tells the records of lines that send in the first wave alone; may be pickled.

    It learns from line to line, as whoever reads them does.
    """

    def __init__(self) -> None:
        self._patterns = RecordPatterns()

    def __call__(self, lines: bytes) -> bytes:
        """Return what the lines send.

        Raises:
            ValueError, LookupError, TypeError: a line is of no change.
        """
        if not sends_first_alone(lines):
            return _NOTHING
        found = list[Told | None]()
        each = lines.splitlines()
        for line, told in zip(each, self._patterns.records(lines), strict=True):
            found.append(told)
            if told is None and self._patterns.is_learning:
                self._patterns.learn(parse(line)[CHANGE_KEY])
        return msgpack.encode(found)


@contextmanager
def told_lines(
    pieces: Iterable[bytes], workers: Workers | None
) -> Generator[Iterator[tuple[bytes, ToldLines]]]:
    """Give pieces of whole lines, each with what workers told of them meanwhile."""
    if workers is None:
        yield ((lines, None) for lines in pieces)
        return
    with workers.ahead(RecordTelling(), pieces) as made:
        yield ((lines, _told_in(said)) for lines, said in made)


def _told_in(said: bytes | None) -> ToldLines:
    return _DECODER.decode(said) if said else None


def sends_first_alone(lines: bytes) -> bool:
    """Return whether each line sends something, and in the first wave alone."""
    # A newline stands at the end of lines alone, so no line is counted twice.
    return lines.count(FIRST_ALONE) >= lines.count(b"\n")
