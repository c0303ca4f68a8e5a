"""The forms that a plan has, by the words of `--format`."""

from __future__ import annotations

from typing import cast

from ctsync.discovery import load_by_name, names_in
from ctsync.errors import UsageError
from ctsync.render.plan_view import Renderer

_ROOM = "ctsync.render.plan_formats"


def renderer_names() -> tuple[str, ...]:
    """Return the forms that a plan has, ours first; none of them is loaded."""
    return names_in(_ROOM)


def renderer_for(name: str) -> Renderer:
    """Return the renderer of a format, and load no other.

    Raises:
        UsageError: a plan has no such form.
        CtsyncError: the package that adds it cannot be used.
    """
    found = load_by_name(_ROOM, "RENDERER", name, Renderer)
    if found is None:
        known = ", ".join(sorted(renderer_names()))
        raise UsageError(f"a plan has no --format {name}", hint=f"it has {known}")
    return cast("Renderer", found)
