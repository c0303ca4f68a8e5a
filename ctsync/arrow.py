"""The only home of pyarrow; to import it takes longer than a small plan.

So nobody imports it with a module of ours: whoever needs a part of it asks for it
here, where it is used. The parts are typed loosely, since pyarrow has no types.
"""

from __future__ import annotations

from typing import Any


def arrow() -> Any:
    """Return pyarrow itself: types, arrays, tables, files."""
    import pyarrow as pa

    return pa


def arrow_compute() -> Any:
    """Return what works on arrays."""
    import pyarrow.compute as pc

    return pc


def arrow_parquet() -> Any:
    """Return what reads and writes Parquet."""
    from pyarrow import parquet

    return parquet


def arrow_ipc() -> Any:
    """Return what reads and writes the files of Arrow's own format."""
    from pyarrow import ipc

    return ipc


def arrow_failures() -> type[Exception]:
    """Return the base of what pyarrow raises; ask only where something was raised."""
    found: type[Exception] = arrow().ArrowException
    return found
