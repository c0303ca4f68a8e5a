"""Finding the profiles that may differ, without understanding them."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.discovery import discover_by_name
from ctsync.engines.base import Engine
from ctsync.engines.own_processes import processes
from ctsync.model.workers import Workers

# In a state of columns, from so many entries on, looking at columns pays for DuckDB.
MANY_ENTRIES = 10_000


def built_in() -> Mapping[str, Engine]:
    """Return the engines by name."""
    return discover_by_name(__name__, "ENGINE", Engine)


def choose_engine(
    name: str | None, *, entries: int, has_columns: bool, has_rows: bool
) -> Engine:
    """Return the engine of a name; without one, that which should be quicker.

    Where there are rows of files, DuckDB is started in any case, to read them.
    """
    is_big = has_columns and entries >= MANY_ENTRIES
    return built_in()[name or ("duckdb" if has_rows or is_big else "memory")]


def workers_of(name: str | None) -> Workers | None:
    """Return whom an engine has for work beside this process; None is nobody."""
    others = None if name is None else built_in()[name].workers
    return others or processes()
