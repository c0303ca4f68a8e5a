"""Tables as bytes, which travel between machines as one value, and files of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterable
from itertools import chain
from pathlib import Path

from ctsync.arrow import arrow, arrow_ipc
from ctsync.model.decided_rows import Table


def packed(table: Table) -> bytes:
    """Return a table as bytes of Arrow's stream format."""
    sink = arrow().BufferOutputStream()
    with arrow_ipc().new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpacked(data: bytes) -> Table:
    """Return the table that `packed` wrote."""
    return arrow_ipc().open_stream(data).read_all()


def write_tables(folder: str, prefix: str, tables: Iterable[Table]) -> str:
    """Write tables of one shape to a private file of a new name, and give that.

    Where there are none there is no file: its name is ''.
    """
    waiting = iter(tables)
    first = next(waiting, None)
    if first is None:
        return ""
    fd, path = tempfile.mkstemp(".arrow", prefix, folder)
    with os.fdopen(fd, "wb") as file, arrow_ipc().new_file(file, first.schema) as out:
        for table in chain([first], waiting):
            # In one piece: as many are read again as were written.
            out.write_table(table.combine_chunks())
    return Path(path).name


def read_tables(path: Path) -> Generator[Table]:
    """Yield the tables of a file, batch by batch."""
    # Through a file of Python every buffer would be made as bytes and copied once more.
    with arrow().OSFile(str(path)) as file:
        reader = arrow_ipc().open_file(file)
        for number in range(reader.num_record_batches):
            yield arrow().Table.from_batches([reader.get_batch(number)])
