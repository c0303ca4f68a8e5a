"""The filters of a page: one for each risk, and one for people that no place names."""

from __future__ import annotations

from msgspec import Struct

from ctsync.model.change_statistics import TRAITS
from ctsync.render.html.overview import NOWHERE
from ctsync.render.plan_view import PlanView

_TAG_OF = {
    "opt-ins": "opt-in",
    "locked": "locked",
    "removals": "removal",
    "creations": "new",
    "counters": "counter",
    "uncertain": "uncertain",
    "rest": "",
    "releases": "release",
}


class Filter(Struct, frozen=True):
    """One filter; `tag` is what a change that has its bit is marked with, if at all."""

    bit: int
    label: str
    tag: str

    def has(self, traits: int) -> bool:
        """Return whether a change passes."""
        return bool(traits & self.bit)


FILTERS = tuple(
    Filter(1 << number, "Other" if name == "rest" else name.capitalize(), _TAG_OF[name])
    for number, name in enumerate(TRAITS)
)
_NAMED_NOWHERE = Filter(NOWHERE, "Named nowhere", "named nowhere")


def filters_of(view: PlanView) -> tuple[Filter, ...]:
    """Return the filters that a page of this plan has."""
    return (*FILTERS, _NAMED_NOWHERE) if view.profiles["undeclared"] else FILTERS
