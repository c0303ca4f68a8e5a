"""Flows as a table: the attributes that change on many profiles, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctsync.model.flows import Flow
from ctsync.model.masking import Mask
from ctsync.render.flow_words import (
    AttributeFlows,
    attribute_flows,
    flow_sides,
    other_words,
)
from ctsync.render.html.markup import Markup, element
from ctsync.render.plan_view import PlanView

MOST_ATTRIBUTES = 40
ARROW = "→"


def flow_table(view: PlanView, numbers: Mapping[str, int]) -> Markup:
    """Return the section; `numbers` are those of attributes that can be filtered by."""
    found = attribute_flows(view.survey)
    if not found:
        return Markup()
    rows = (_row(each, view.mask, numbers) for each in found[:MOST_ATTRIBUTES])
    left = len(found) - MOST_ATTRIBUTES
    more = element("p", f"… and {left:,} more attributes", class_="soft")
    return element(
        "section",
        element("h2", "What becomes of what", id="flows-title"),
        element("table", element("tbody", *rows)),
        more if left > 0 else "",
        class_="panel flows",
        aria_labelledby="flows-title",
    )


def _row(each: AttributeFlows, mask: Mask, numbers: Mapping[str, int]) -> Markup:
    number = numbers.get(each.attribute)
    name = element(
        "th",
        element("bdi", each.attribute),
        scope="row",
        data_attribute=None if number is None else str(number),
    )
    others = other_words(each, len(each.flows)).lstrip(", ")
    items = [element("li", *_flow(flow, mask)) for flow in each.flows]
    if others:
        items.append(element("li", others, class_="soft"))
    return element("tr", name, element("td", element("ul", *items)))


def _flow(flow: Flow, mask: Mask) -> Iterator[Markup]:
    for number, side in enumerate(flow_sides(flow, mask)):
        if number:
            yield element("span", ARROW, class_="arrow")
        yield element("bdi", side, class_="value")
    yield element("b", f"{flow.profiles:,}")
