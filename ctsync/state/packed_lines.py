"""Many lines of a journal as one: those of a large plan, which are much alike.

A journal takes in the whole plan before the first call. Packed it is a fifth as long,
and one checksum is taken where there were thousands. What is packed is a line of JSON
like any other, so that damage shows in it and a crash tears it as it does any other.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ctsync.arrow import arrow
from ctsync.canonical_json import parse

WORTH_BYTES = 1 << 19  # with fewer it takes longer to load what packs
_START = b'{"packed":"'
_LINE = _START + b'%b","size":%d}'
_LEVEL = 1


def packed(groups: Iterable[Sequence[bytes]]) -> Iterator[Sequence[bytes]]:
    """Yield groups of lines, those that are worth it as one line each."""
    for lines in groups:
        text = b"\n".join(lines)
        yield [_pack(text)] if len(text) >= WORTH_BYTES else lines


def unpacked(line: bytes) -> list[bytes]:
    """Return the lines, with newlines, that stand in a line; often itself alone.

    Raises:
        ValueError: nothing that was packed so.
    """
    if not line.startswith(_START):
        return [line]
    try:
        said = parse(line)
        data = a2b_base64(said["packed"])
        text = _codec().decompress(data, said["size"], asbytes=True)
    except (LookupError, TypeError, OSError, MemoryError) as error:
        msg = "what was packed cannot be unpacked"
        raise ValueError(msg) from error
    return [each + b"\n" for each in text.split(b"\n")]


def _pack(text: bytes) -> bytes:
    data = b2a_base64(_codec().compress(text, asbytes=True), newline=False)
    return _LINE % (data, len(text))


def _codec() -> Any:
    return arrow().Codec("zstd", _LEVEL)
