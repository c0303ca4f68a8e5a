"""Text that comes in pieces, cut where its lines end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces that begin and end anywhere as pieces of whole lines.

    What comes after the last newline is no line, and does not come.
    """
    rest = b""
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if end:
            yield rest + piece[:end]
            rest = b""
        rest += piece[end:]
