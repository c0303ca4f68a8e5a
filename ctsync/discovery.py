"""Finding the members of a room, built in or installed, so that a newcomer is one file.

A package adds members by entry points: `ctsync.kinds`, `ctsync.sources`,
`ctsync.formats`, `ctsync.engines`, `ctsync.stores`, `ctsync.channels`,
`ctsync.renderers` and `ctsync.commands`, each naming what a built-in module would hold
in its constant.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ctsync.errors import CtsyncError

_GROUPS = {"state": "stores", "render": "renderers"}


def discover(package: str, attribute: str) -> Iterator[Any]:
    """Yield `attribute` of every module of `package` that has it, by module name.

    Those of installed packages follow, by the names of their entry points.
    """
    folder = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{package}.{info.name}")
        member = getattr(module, attribute, None)
        if member is not None:
            yield member
    yield from _installed(package)


def discover_by_name(package: str, attribute: str) -> dict[str, Any]:
    """Return the members by their `name`.

    Raises:
        CtsyncError: two of them have the same.
    """
    found: dict[str, Any] = {}
    for member in discover(package, attribute):
        if member.name in found:
            raise CtsyncError(
                f'two {attribute.lower()}s are named "{member.name}"',
                hint="uninstall one of the packages that add it",
            )
        found[member.name] = member
    return found


def _installed(package: str) -> Iterator[Any]:
    room = package.rpartition(".")[2]
    if _are_announced(tuple(sys.path)):
        from importlib.metadata import entry_points

        found = entry_points(group=f"ctsync.{_GROUPS.get(room, room)}")
        for each in sorted(found, key=lambda entry_point: entry_point.name):
            yield each.load()


@cache
def _are_announced(path: tuple[str, ...]) -> bool:
    """Return whether any installed package adds members.

    `importlib.metadata` takes longer to import than a small plan; one look at the
    folders of packages, a millisecond, tells most runs that they do not need it.
    """
    return any(map(_announces, filter(os.path.isdir, path)))


def _announces(folder: str) -> bool:
    with os.scandir(folder) as found:
        infos = [each.path for each in found if each.name.endswith("-info")]
    files = (Path(info, "entry_points.txt") for info in infos)
    return any(b"[ctsync." in file.read_bytes() for file in files if file.is_file())
