"""Text files as DuckDB reads them: unpacked, in UTF-8, their lines known.

A file that is packed or in another encoding is copied once into the private folder of
a connection. DuckDB's own reader of packed files holds a buffer of many lines for each
of them, and reads a file from its start whenever a row of it is asked for.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, AnyStr

from msgspec.structs import replace

from ctsync.duckdb_connection import Connection, folder_of
from ctsync.errors import CtsyncError
from ctsync.formats.compression import DAMAGES, GZIP, ZSTANDARD, is_whole, unpacked
from ctsync.formats.data_file import DataFile
from ctsync.model.fault import Fault, Faults

BOM = codecs.BOM_UTF8
UTF8 = "utf-8"
MAX_LINE_BYTES = 32 << 20  # DuckDB's own limit of 2 MB is too low for some cells
LEAST_MOST_BYTES = 64 << 20  # so much may be in a packed file, however small it is
MOST_TIMES = 200  # rows with keys of their own are packed to a fiftieth at best
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK_BYTES = 1 << 20


def plain(
    connection: Connection,
    file: DataFile,
    encoding: str = UTF8,
    *,
    keeps_mark: bool = True,
) -> DataFile:
    """Return a file as plain text in UTF-8: itself, or with a copy.

    Unless it `keeps_mark`, no byte order mark stands at its start.

    Raises:
        Faults: it is damaged, or in another encoding.
        CtsyncError: there is no room for the copy.
    """
    is_packed = file.path.suffix in {GZIP, ZSTANDARD}
    if file.path.suffix == ZSTANDARD:
        _require_whole(file.path)
    if is_packed and not file.mark[0]:
        raise Faults(damaged(EOFError("it is empty")))
    head = _head_of(file.path)
    if encoding == UTF8 and head.startswith(_WIDE_BOMS):
        hint = "save it as UTF-8, or write csv: {encoding: utf-16}"
        raise Faults(Fault("CT614", "is UTF-16", hint))
    has_mark = head == BOM and encoding == UTF8
    if not is_packed and encoding == UTF8 and (keeps_mark or not has_mark):
        return file
    blocks = _bounded(_blocks_of(file.path), file.mark[0] if is_packed else None)
    if encoding != UTF8:
        blocks = _recoded(blocks, encoding, head)
    return copied(connection, file, _without_mark(blocks))


def copied(connection: Connection, file: DataFile, blocks: Iterable[bytes]) -> DataFile:
    """Return a file with a copy in the private folder of a connection.

    Raises:
        CtsyncError: there is no room for it.
    """
    copied = copy_of(connection, file)
    with copied.text_path.open("wb") as copy:
        for block in blocks:
            try:
                copy.write(block)
            except OSError as error:
                raise no_room(error) from error
    return copied


def copy_of(connection: Connection, file: DataFile) -> DataFile:
    """Return a file with a place for its copy, in which nothing stands yet."""
    # A copy of a copy has a name of its own: the one is read while the other is
    # written.
    name = sha256(f"{file.name}\n{file.plain}".encode()).hexdigest()[:32]
    return replace(file, plain=folder_of(connection) / f"{name}.copy")


def no_room(error: OSError) -> CtsyncError:
    """Return the error of a copy that could not be written."""
    return CtsyncError(
        f"a data file cannot be unpacked: {error.strerror}",
        hint="make room in the folder that TMPDIR names",
    )


def most_bytes(packed_bytes: int) -> int:
    """Return how many bytes may be in a packed file of some bytes."""
    return max(LEAST_MOST_BYTES, MOST_TIMES * packed_bytes)


def damaged(error: Exception) -> Fault:
    """Return the fault of a file of which the system cannot read the rest."""
    hint = "export it again; its name says how it is packed"
    return Fault("CT612", f"cannot be read to its end: {error}", hint)


def _require_whole(path: Path) -> None:
    """Make sure that a Zstandard file is one, to its end: nothing else tells."""
    try:
        is_sound = is_whole(path)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise Faults(Fault("CT612", message, "check its permissions")) from error
    if not is_sound:
        message = "is no whole Zstandard file"
        raise Faults(Fault("CT612", message, "it may be cut off; export it again"))


def _head_of(path: Path) -> bytes:
    try:
        with unpacked(path) as stream:
            return stream.read(len(BOM))
    except DAMAGES as error:
        raise Faults(damaged(error)) from error


def _blocks_of(path: Path) -> Iterator[bytes]:
    try:
        with unpacked(path) as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block
    except DAMAGES as error:
        raise Faults(damaged(error)) from error


def _bounded(blocks: Iterable[bytes], packed_bytes: int | None) -> Iterator[bytes]:
    """Stop where a packed file becomes more than exports ever do."""
    size, most = 0, most_bytes(packed_bytes or 0)
    for block in blocks:
        size += len(block)
        if packed_bytes is not None and size > most:
            message = f"unpacks to more than {MOST_TIMES} times its size"
            raise Faults(Fault("CT640", message, "give the file as it is, not packed"))
        yield block


def short_lines(stream: IO[AnyStr], most: int = MAX_LINE_BYTES) -> Iterator[AnyStr]:
    """Yield the lines of a file, none of them so long that it fills the memory.

    Raises:
        Faults: one is.
    """
    while line := stream.readline(most + 1):
        if len(line) > most:
            message = f"has a line of more than {most >> 20} MiB"
            raise Faults(Fault("CT617", message, "end each row with a line break"))
        yield line


def _recoded(blocks: Iterable[bytes], encoding: str, head: bytes) -> Iterator[bytes]:
    # Without a mark, "utf-16" would follow the machine's own order of bytes.
    bare = encoding == "utf-16" and not head.startswith(_WIDE_BOMS)
    decoder = codecs.getincrementaldecoder("utf-16-le" if bare else encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        hint = "name the encoding in which it was saved, as in csv: {encoding: cp1252}"
        raise Faults(Fault("CT614", f"is not {encoding}", hint)) from error


def _without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    each = iter(blocks)
    for block in each:
        if block:
            yield block.removeprefix(BOM)
            break
    yield from each
