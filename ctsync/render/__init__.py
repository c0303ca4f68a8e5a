"""Showing documents; everything here reads the document alone."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.discovery import discover_by_name
from ctsync.errors import UsageError
from ctsync.render.plan_view import Renderer

RENDERERS: Mapping[str, Renderer] = discover_by_name(__name__, "RENDERER")


def renderer_for(name: str) -> Renderer:
    """Return the renderer of a format.

    Raises:
        UsageError: a plan has no such form.
    """
    if name not in RENDERERS:
        known = ", ".join(sorted(RENDERERS))
        raise UsageError(f"a plan has no --format {name}", hint=f"it has {known}")
    return RENDERERS[name]
