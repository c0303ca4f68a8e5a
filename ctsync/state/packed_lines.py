"""Many lines of a journal as one: those of a large plan, which are much alike.

A journal takes in the whole plan before the first call. Packed it is a fifth as long,
and one checksum is taken where there were thousands. What is packed is a line like any
other, so that damage shows in it and a crash tears it as it does any; but it is no
text: bytes that would end the line are spelled otherwise, and all others stand as they
are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from ctsync.arrow import arrow
from ctsync.beside import by_hands

WORTH_BYTES = 1 << 19  # with fewer it takes longer to load what packs
_START = b'{"packed":'
_LINE = _START + b'%d,"zstd":"%b"}'
_PARTS = re.compile(_START + b'([0-9]{1,8}),"zstd":"(.*)"}\n', re.DOTALL)
_LEVEL = 1
_HANDS = 2  # threads that pack while what they packed is written


def packed(texts: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield the lines of texts without newlines; of what is worth it, one line each.

    Each text is of whole lines. What comes after one that was worth it is packed too.
    """
    waiting = iter(texts)
    for text in waiting:
        if len(text) <= WORTH_BYTES:
            yield text[:-1].split(b"\n")
            continue
        with by_hands(_pack, chain([text], waiting), _HANDS) as lines:
            for line in lines:
                yield [line]


def unpacked(line: bytes) -> bytes:
    """Return the lines, with newlines, that stand in a line; often itself alone.

    Raises:
        ValueError: nothing that was packed so.
    """
    if not line.startswith(_START):
        return line
    try:
        size, data = _said_in(line)
        text = _codec().decompress(_read(data), size, asbytes=True)
    except (OSError, MemoryError, KeyError) as error:
        msg = "what was packed cannot be unpacked"
        raise ValueError(msg) from error
    found: bytes = text + b"\n"
    return found


def _pack(text: bytes) -> bytes:
    lines = memoryview(text)[:-1]
    return _LINE % (len(lines), _spelled(_codec().compress(lines, asbytes=True)))


def _said_in(line: bytes) -> tuple[int, bytes]:
    found = _PARTS.fullmatch(line)
    if found is None:
        msg = "nothing that was packed"
        raise ValueError(msg)
    return int(found[1]), found[2]


# Behind each backslash stands what it is for.
_SPELLINGS = ((b"\\", b"\\b"), (b"\n", b"\\n"), (b"\r", b"\\r"))

_BYTES = {spelling[1:]: byte for byte, spelling in _SPELLINGS}


def _spelled(data: bytes) -> bytes:
    for byte, spelling in _SPELLINGS:
        data = data.replace(byte, spelling)
    return data


def _read(data: bytes) -> bytes:
    # One pass, and not one for each byte: that takes half as long.
    first, *rest = data.split(b"\\")
    return b"".join([first, *[_BYTES[each[:1]] + each[1:] for each in rest]])


def _codec() -> Any:
    return arrow().Codec("zstd", _LEVEL)
