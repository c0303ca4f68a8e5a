"""Finding the built-in members of a package, so that a newcomer is one file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any


def discover(package: str, attribute: str) -> Iterator[Any]:
    """Yield `attribute` of every module of `package` that has it, by module name."""
    folder = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{package}.{info.name}")
        member = getattr(module, attribute, None)
        if member is not None:
            yield member
