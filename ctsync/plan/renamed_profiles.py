"""Profiles that may have got another id: one leaves, a new one has its address."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.merge_contributions import MergedContributions

_ADDRESSES = ("email", "phone")
REMEMBERED = 100_000  # addresses of those who leave, and of those who are new


class RenamedProfiles(Struct):
    """Sees candidates, and tells of those who leave and come with one address."""

    _left: dict[tuple[str, object], ProfileKey] = field(default_factory=dict)
    _new: dict[tuple[str, object], tuple[ProfileKey, Origin, str]] = field(
        default_factory=dict
    )

    def record_seen(self, candidate: Candidate, found: MergedContributions) -> None:
        """Note the addresses of a profile that leaves or is new."""
        if candidate.entry is not None and not candidate.contributions:
            self._leaves(candidate)
        elif not candidate.is_known and len(self._new) < REMEMBERED:
            origin = candidate.contributions[0].origin
            for name in _ADDRESSES:
                declared = found.declared.get(name)
                if declared is not None and declared.target.value is not None:
                    words = candidate.key, origin, declared.target.attribute
                    self._new.setdefault((name, declared.target.value), words)

    def _leaves(self, candidate: Candidate) -> None:
        if candidate.entry is None or len(self._left) >= REMEMBERED:
            return
        for name in _ADDRESSES:
            known = candidate.entry.attributes.get(name)
            if known is not None and known.certain and known.value is not None:
                self._left.setdefault((name, known.value), candidate.key)

    def notes(self, mask: Mask) -> Iterator[Diagnostic]:
        """Yield a warning for each new profile with the address of one that left."""
        told = set()
        for address, (key, origin, attribute) in self._new.items():
            left = self._left.get(address)
            if left is None or key in told:
                continue
            told.add(key)
            yield Diagnostic(
                "warning",
                "CT409",
                f"{mask.key_text(left)} leaves, and this profile is new with the same "
                f"{attribute}",
                "if they are one person: ctsync state rename OLD NEW",
                file=origin.file,
                line=origin.line,
                row=origin.row,
                key=mask.key_at(key, origin),
            )
