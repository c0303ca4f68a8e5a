"""Flows in words: `Gold -> Platinum 812`, masked and fit for a terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from msgspec import Struct

from ctsync.model.change_statistics import RELEASE, ChangeStatistics
from ctsync.model.flows import Flow
from ctsync.model.masking import SENSITIVE_TEXT, Mask, masked_json
from ctsync.model.scalar_value import Value
from ctsync.render.text_width import columns_of, cut, cut_name, escape, pad
from ctsync.render.value_text import ABSENT, NEW, UNKNOWN, uncertain_words, value_words

MANY = 3
"""On fewer profiles than this the changes themselves are as short."""

_WIDEST_NAME = 32
_GAP = "  "
# Words that nobody could take for a number, a sign or a second value.
_PLAIN = re.compile(r"(?!(?:true|false)$)[A-Za-z](?:[A-Za-z &/-]*[A-Za-z])?")
_SIGNS = {"$add": "+ ", "$remove": "- ", "$incr": "+", "$decr": "-"}


class AttributeFlows(Struct, frozen=True):
    """The commonest flows of an attribute that changes on many profiles.

    `operations` counts all that is done to it.
    """

    attribute: str
    flows: tuple[Flow, ...]
    operations: int

    def others(self, shown: int) -> int:
        """Count what goes other ways than the first few flows."""
        return self.operations - sum(flow.profiles for flow in self.flows[:shown])


def attribute_flows(survey: ChangeStatistics) -> list[AttributeFlows]:
    """Return the attributes with flows, those with the largest first, then by name."""
    sums: Counter[str] = Counter()
    for (name, operator), count in survey.operations.items():
        sums[name] += count if operator != RELEASE else 0
    groups = groupby(survey.flows.commonest(), key=lambda flow: flow.attribute)
    found = [
        AttributeFlows(name, tuple(flows), sums[name])
        for name, flows in groups
        if sums[name] >= MANY
    ]
    return sorted(found, key=lambda each: (-each.flows[0].profiles, each.attribute))


def flow_lines(
    survey: ChangeStatistics, mask: Mask, width: int, most: int | None
) -> Iterator[str]:
    """Yield a line for each attribute, as many flows on it as it has room for."""
    found = attribute_flows(survey)
    shown = found[:most]
    if not shown:
        return
    yield "Flows"
    names = [escape(each.attribute) for each in shown]
    room = min(max(map(columns_of, names)), _WIDEST_NAME, width // 3)
    for name, each in zip(names, shown, strict=True):
        start = f"  {pad(cut_name(name, room), room)}{_GAP}"
        yield start + _fitting(each, mask, width - columns_of(start))
    left = len(found) - len(shown)
    if left:
        yield f"  … and {left:,} more attributes (--all shows them)"


def _fitting(each: AttributeFlows, mask: Mask, room: int) -> str:
    """Return the commonest flow, and the next ones as far as there is room."""
    for shown in range(len(each.flows), 1, -1):
        words = _sentence(each, mask, shown)
        if columns_of(words) <= room:
            return words
    ending = other_words(each, 1)
    count = f" {each.flows[0].profiles:,}{ending}"
    words = " -> ".join(flow_sides(each.flows[0], mask))
    return cut(words, max(room - columns_of(count), 8)) + count


def _sentence(each: AttributeFlows, mask: Mask, shown: int) -> str:
    """Give `Gold -> Platinum 812, Free -> Platinum 640, 12 others`."""
    flows = each.flows[:shown]
    words = (
        f"{' -> '.join(flow_sides(flow, mask))} {flow.profiles:,}" for flow in flows
    )
    return ", ".join(words) + other_words(each, shown)


def other_words(each: AttributeFlows, shown: int) -> str:
    """Give `, 12 others`; nothing where the flows shown are all."""
    others = each.others(shown)
    return f", {others:,} {'other' if others == 1 else 'others'}" if others else ""


def flow_sides(flow: Flow, mask: Mask) -> tuple[str, ...]:
    """Give before and after in words; of a list or counter what comes or goes."""
    sign = _SIGNS.get(flow.operator)
    after = ABSENT if flow.operator == "$delete" else _side(flow.operand, flow, mask)
    if sign is not None:
        return (sign + after,)
    return (_before(flow, mask), after)


def _before(flow: Flow, mask: Mask) -> str:
    if flow.creates:
        return NEW
    if flow.prior == "unknown":
        return UNKNOWN
    if flow.prior == "uncertain":
        return uncertain_words(None)
    return _side(flow.before, flow, mask)


def _side(value: Value, flow: Flow, mask: Mask) -> str:
    if value is None:
        return ABSENT
    if flow.sensitive:
        return SENSITIVE_TEXT
    if isinstance(value, tuple):
        return ", ".join(_side(each, flow, mask) for each in value)
    is_plain = isinstance(value, str) and _PLAIN.fullmatch(value)
    return str(value) if is_plain else value_words(value, mask)


def flow_json(flow: Flow) -> dict[str, Any]:
    """Return a flow as documents show it; what is sensitive stays hidden."""
    shown = dict(flow._asdict())
    if flow.sensitive:
        hidden = ("before",) if flow.operator == "$delete" else ("before", "operand")
        shown |= {name: shown[name] and masked_json() for name in hidden}
    if flow.operator == "$delete":
        shown["operand"] = 1
    return shown
