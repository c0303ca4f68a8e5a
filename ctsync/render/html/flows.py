"""Flows as rows: the attributes that change on many profiles, and how."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ctsync.model.masking import Mask
from ctsync.render.flow_words import (
    AttributeFlows,
    attribute_flows,
    flow_sides,
    other_words,
)
from ctsync.render.plan_view import PlanView

MOST_ATTRIBUTES = 40


class FlowRow(Struct, frozen=True):
    """The commonest ways of one attribute: sides and profiles; and how many others."""

    attribute: str
    ways: tuple[tuple[tuple[str, ...], int], ...]
    others: str


def flow_rows(view: PlanView) -> tuple[tuple[FlowRow, ...], int]:
    """Return the rows, and how many attributes are left out."""
    found = attribute_flows(view.foot.survey)
    rows = tuple(_row(each, view.mask) for each in found[:MOST_ATTRIBUTES])
    return rows, len(found) - len(rows)


def _row(each: AttributeFlows, mask: Mask) -> FlowRow:
    others = other_words(each, len(each.flows)).lstrip(", ")
    return FlowRow(each.attribute, tuple(_ways(each, mask)), others)


def _ways(each: AttributeFlows, mask: Mask) -> Iterator[tuple[tuple[str, ...], int]]:
    for flow in each.flows:
        yield flow_sides(flow, mask), flow.profiles
