"""Changes as data of a page: compact, and unable to end the element they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ctsync.model.change import ACTIONS
from ctsync.model.change_statistics import TRAITS
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ID_TYPES
from ctsync.render.change_lines import RELEASED
from ctsync.render.html.rows import change_data
from ctsync.render.plan_view import UnreadChange
from ctsync.render.safe_json import json_text
from ctsync.render.text_width import escape

_ACTS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def data_text(value: Any) -> str:
    """Give JSON that is inert inside a script element: no `<`, `>` or `&`."""
    text = json_text(value)
    if "<" in text or ">" in text or "&" in text:
        text = text.translate(_ACTS)
    return text


def change_lines(
    lines: Iterable[UnreadChange], mask: Mask, numbers: Mapping[str, int]
) -> Iterator[str]:
    """Yield a JSON array, a change a line; `numbers` stand for attributes."""
    separator = "["
    for line in lines:
        data = change_data(line.rows(), line.traits, mask, numbers)
        yield f"{separator}\n{data_text(data)}"
        separator = ","
    yield "[]" if separator == "[" else "\n]"


def facts_text(numbers: Iterable[str]) -> str:
    """Return what the script needs to read the changes."""
    return data_text(
        {
            "actions": ACTIONS,
            "attributes": [escape(name) for name in numbers],
            "released": RELEASED,
            "risks": len(TRAITS),
            "types": ID_TYPES,
        }
    )
