"""HTML built from elements: whatever is not markup already is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape as escape_html

from ctsync.render.text_width import escape

_VOID = frozenset({"input", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text_of(content: str) -> Markup:
    """Return text as HTML that shows it, with everything unprintable spelled out."""
    if isinstance(content, Markup):
        return content
    return Markup(escape_html(escape(content)))


def joined(contents: Iterable[str]) -> Markup:
    """Return contents one after the other."""
    return Markup("".join(map(text_of, contents)))


def element(name: str, *contents: str, **attributes: str | bool | None) -> Markup:
    """Return an element; `class_` is written `class`, `aria_label` `aria-label`."""
    start = name + "".join(_attribute(pair) for pair in attributes.items())
    if name in _VOID:
        return Markup(f"<{start}>")
    return Markup(f"<{start}>{joined(contents)}</{name}>")


def _attribute(pair: tuple[str, str | bool | None]) -> str:
    name, value = pair
    if value is None or value is False:
        return ""
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{text_of(value)}"'
