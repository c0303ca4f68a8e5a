"""Pages from templates: whatever a value says is text, and nothing is loaded.

A page names its own style and script in its policy, by hash, so that markup in a value
could neither run nor call home even if it were not escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ctsync.counted import counted
from ctsync.render.html.chart import operator_class
from ctsync.render.text_width import escape

if TYPE_CHECKING:
    from jinja2 import Environment


def render_page(
    template: str, title: str, *, script: str | None = None, **words: Any
) -> Iterator[str]:
    """Yield a page piece by piece; streams among its words are read as it goes.

    `template` and `script` are files of the folder `page`.
    """
    page = _environment().get_template(template)
    code = None if script is None else _asset(script)
    style = _asset("page.css")
    policy = _policy(style, code)
    pieces = page.stream(title=title, style=style, script=code, policy=policy, **words)
    # Joined, they are plain text: added to text, markup would escape it.
    pieces.enable_buffering(_PIECES)
    return pieces


_PIECES = 40


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    found = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_spelled_out,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["grouped"] = "{:,}".format
    found.filters["op"] = operator_class
    found.globals["counted"] = counted
    return found


def _spelled_out(value: Any) -> Any:
    """Return text with what cannot be printed spelled out; markup as it is."""
    return escape(value) if type(value) is str else value


def _policy(style: str, script: str | None) -> str:
    allowed = f"style-src {_source(style)}; "
    allowed += "" if script is None else f"script-src {_source(script)}; "
    return f"default-src 'none'; {allowed}base-uri 'none'; form-action 'none'"


def _source(content: str) -> str:
    digest = b64encode(sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _asset(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text("utf-8")
