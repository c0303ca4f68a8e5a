"""Looking whether what was acknowledged is really there.

The platform accepts more than it stores: an account's schema drops whole attributes,
and the upload is acknowledged all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.verification import Verification
from ctsync.observe.compare import Standing
from ctsync.observe.examine import examine
from ctsync.observe.profile_reply import Found, Reading
from ctsync.observe.read_profiles import is_readable

_THERE = {Standing.SAME, Standing.UNSTABLE}
_SKIPPED = {
    Standing.WRITE_ONLY,
    Standing.UNREADABLE,
    Standing.AGEING,
    Standing.PENDING,
}

Sent = Callable[[ProfileKey], Collection[str] | None]
"""Gives the folded names that a run sent to a profile; None stands for all."""


def everything(_: ProfileKey) -> None:
    """Take all that was ever acknowledged."""


def acknowledged(
    entry: Entry, sent: Sent = everything
) -> Iterator[tuple[str, KnownValue]]:
    """Yield what of an entry was sent, and is not in doubt."""
    names = sent(entry.key)
    for name, known in entry.attributes.items():
        is_clear = known.certain and not known.maybe
        if known.owned and is_clear and (names is None or name in names):
            yield name, known


class Verifier:
    """Takes in what is read of profiles, and counts what is there."""

    def __init__(self, sent: Sent = everything) -> None:
        self.found = Verification()
        self._sent = sent

    def count(self, entries: Iterable[Entry]) -> None:
        """Count what was acknowledged, on all profiles."""
        for entry in entries:
            for name, known in acknowledged(entry, self._sent):
                if known.kind != "subscription":
                    self.found.check(name, known.name).acknowledged += 1

    def add(self, entry: Entry, reading: Reading) -> None:
        """Take in what was read of a profile."""
        if reading.found is Found.GONE:
            self._add_gone(entry)
        elif reading.found is Found.FOUND:
            self._add_found(entry, reading)
        elif is_readable(reading.key):
            self.found.failed += 1
        else:
            self.found.unaskable += 1

    def _add_gone(self, entry: Entry) -> None:
        self.found.gone += 1
        for name, known in acknowledged(entry, self._sent):
            if known.kind != "subscription":
                self.found.check(name, known.name).missing += 1

    def _add_found(self, entry: Entry, reading: Reading) -> None:
        looks = examine(entry, reading).looks
        lacks = False
        for name, known in acknowledged(entry, self._sent):
            look = looks[name]
            if look.standing is Standing.WRITE_ONLY:
                flags = self.found.write_only
                flags[known.name] = flags.get(known.name, 0) + 1
            if look.standing in _SKIPPED:
                continue
            check = self.found.check(name, known.name)
            if look.standing in _THERE:
                check.there += 1
                continue
            lacks = True
            is_missing = name not in reading.profile.attributes
            check.missing += is_missing
            check.other += not is_missing
        self.found.whole += not lacks
        self.found.partly += lacks
