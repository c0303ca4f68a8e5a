"""Time zones by IANA name, from the tzdata package.

The machine's own zone files are never read: they differ between machines, and one of
them (`localtime`) is the machine's zone.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@lru_cache(maxsize=16)
def zone_named(name: str) -> ZoneInfo | None:
    """Return a time zone; None if no zone has that name."""
    if name not in zone_names():
        return None
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the name of every zone."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())
