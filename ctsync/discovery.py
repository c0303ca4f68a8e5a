"""Finding the members of a room, built in or installed, so that a newcomer is one file.

A package adds members by entry points: `ctsync.kinds`, `ctsync.sources`,
`ctsync.formats`, `ctsync.engines`, `ctsync.stores`, `ctsync.channels`,
`ctsync.renderers` and `ctsync.commands`, each naming what a built-in module would hold
in its constant. What such a package does wrong is said with its name, since nobody else
can mend it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ctsync.errors import CtsyncError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUPS = {"plan_formats": "renderers"}


class Member(Struct, frozen=True):
    """One member; `package` is the installed one that adds it, None if it is ours."""

    value: Any
    package: str | None = None


def discover(package: str, attribute: str, base: type = object) -> Iterator[Any]:
    """Yield `attribute` of every module of `package` that has it, by module name.

    Those of installed packages follow, by the names of their entry points.

    Raises:
        CtsyncError: one of these cannot be loaded, or is no `base`.
    """
    return (member.value for member in discover_members(package, attribute, base))


def discover_by_name(
    package: str, attribute: str, base: type = object
) -> dict[str, Any]:
    """Return the members by their `name`.

    Raises:
        CtsyncError: two of them have the same; or one of an installed package cannot
            be loaded, or is no `base`.
    """
    found: dict[str, Member] = {}
    for member in discover_members(package, attribute, base):
        name = member.value.name
        require_free(attribute, name, found.get(name), member)
        found[name] = member
    return {name: member.value for name, member in found.items()}


def discover_members(package: str, attribute: str, base: type) -> Iterator[Member]:
    """Yield the members with the packages that add them, as `discover` does."""
    return chain(built_in(package, attribute), installed(package, attribute, base))


def built_in(package: str, attribute: str) -> Iterator[Member]:
    """Yield the members that are modules of ours, each loaded when it is asked for."""
    for name in _modules(package):
        module = importlib.import_module(f"{package}.{name}")
        value = getattr(module, attribute, None)
        if value is not None:
            yield Member(value)


def installed(package: str, attribute: str, base: type) -> Iterator[Member]:
    """Yield the members that installed packages add.

    Raises:
        CtsyncError: one of these cannot be loaded, or is no `base`.
    """
    return (_loaded(point, attribute, base) for point in _entry_points(package))


def names_in(package: str) -> tuple[str, ...]:
    """Return the names of members that are called as their modules; none is loaded.

    Those of installed packages are called as their entry points.
    """
    added = [each.name for each in _entry_points(package)]
    return tuple(dict.fromkeys([*map(_name_of, _modules(package)), *added]))


def load_by_name(
    package: str, attribute: str, name: str, base: type = object
) -> Any | None:
    """Return the one member of a name of `names_in`, and load no other; None: no such.

    Raises:
        CtsyncError: two of them have the name; or it cannot be loaded, or is no `base`.
    """
    found = [
        Member(getattr(importlib.import_module(f"{package}.{module}"), attribute))
        for module in _modules(package)
        if _name_of(module) == name
    ]
    for point in _entry_points(package):
        if point.name == name:
            member = _loaded(point, attribute, base)
            require_free(attribute, name, found[0] if found else None, member)
            found.append(member)
    return found[0].value if found else None


def require_free(
    attribute: str, name: str, first: Member | None, second: Member
) -> None:
    """Make sure that no member has a name that another wants.

    Raises:
        CtsyncError: one has; it names the packages.
    """
    if first is None:
        return
    noun = attribute.lower()
    message = f'package "{second.package}" adds a {noun} "{name}", which ctsync has'
    if first.package is not None:
        message = (
            f'packages "{first.package}" and "{second.package}" both add '
            f'a {noun} "{name}"'
        )
    raise CtsyncError(message, hint=f"pip uninstall {second.package}")


def _modules(package: str) -> list[str]:
    folder = importlib.import_module(package)
    return sorted(info.name for info in pkgutil.iter_modules(folder.__path__))


def _name_of(module: str) -> str:
    """Return what a module is called where its name is a word of Python's."""
    return module.removesuffix("_").replace("_", "-")


def _loaded(point: EntryPoint, attribute: str, base: type) -> Member:
    package = point.dist.name if point.dist is not None else point.module
    what = f'package "{package}" adds the {attribute.lower()} "{point.name}", which'
    hint = f"update it, or pip uninstall {package}"
    try:
        value = point.load()
    # Whatever code of others raises, the user has to hear whose it is.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CtsyncError(f"{what} cannot be loaded: {reason}", hint=hint) from error
    is_one = issubclass if inspect.isclass(value) else isinstance
    if not is_one(value, base):
        needed = ", ".join(_questions(base)) or base.__name__
        raise CtsyncError(f"{what} does not answer as one must: {needed}", hint=hint)
    return Member(value, package)


def _questions(base: type) -> list[str]:
    """Return what a member has to have."""
    given: Mapping[str, Any] = {**getattr(base, "__annotations__", {}), **vars(base)}
    return sorted(name for name in given if not name.startswith("_"))


def _entry_points(package: str) -> list[EntryPoint]:
    room = package.rpartition(".")[2]
    if not _are_announced(tuple(sys.path)):
        return []
    from importlib.metadata import entry_points

    found = entry_points(group=f"ctsync.{_GROUPS.get(room, room)}")
    return sorted(found, key=lambda entry_point: entry_point.name)


@cache
def _are_announced(path: tuple[str, ...]) -> bool:
    """Return whether any installed package adds members.

    `importlib.metadata` takes longer to import than a small plan; one look at the
    folders of packages, a millisecond, tells most runs that they do not need it.
    """
    return any(map(_announces, path))


def _announces(folder: str) -> bool:
    try:
        with os.scandir(folder) as found:
            infos = [each.path for each in found if each.name.endswith("-info")]
    except OSError:
        return False  # no folder, or none that may be read: nothing comes from there
    files = (Path(info, "entry_points.txt") for info in infos)
    return any(b"[ctsync." in file.read_bytes() for file in files if file.is_file())
