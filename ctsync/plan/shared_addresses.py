"""Profiles of one plan that have the same e-mail address or phone number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.plan.merge_contributions import MergedContributions

_ADDRESSES = ("email", "phone")
REMEMBERED = 200_000


class SharedAddresses(Struct):
    """Sees candidates, and counts those with an address that another has."""

    _seen: dict[tuple[str, str], Origin] = field(default_factory=dict)
    _shared: Counter[str] = field(default_factory=Counter)
    _first: dict[str, tuple[Origin, Origin]] = field(default_factory=dict)

    def record_seen(self, candidate: Candidate, found: MergedContributions) -> None:
        """Note the addresses that a profile is to have."""
        for name in _ADDRESSES:
            declared = found.declared.get(name)
            if declared is None or not isinstance(declared.target.value, str):
                continue
            origin = candidate.contributions[0].origin
            at = name, declared.target.value
            first = self._seen.get(at)
            if first is not None:
                attribute = declared.target.attribute
                self._shared[attribute] += 1
                self._first.setdefault(attribute, (origin, first))
            elif len(self._seen) < REMEMBERED:
                self._seen[at] = origin

    def notes(self) -> Iterator[Diagnostic]:
        """Yield a warning for each attribute that several profiles share a value of."""
        for attribute, count in sorted(self._shared.items()):
            here, first = self._first[attribute]
            profiles = "1 profile has" if count == 1 else f"{count:,} profiles have"
            yield Diagnostic(
                "warning",
                "CT632",
                f"{profiles} the {attribute} of another, this one of {first.place}",
                "correct it, unless two people share it",
                file=here.file,
                line=here.line,
                row=here.row,
                attribute=attribute,
            )
