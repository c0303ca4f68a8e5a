"""Everyone whom a place names, in the order of keys.

Contributions that come in batches are not made unless somebody asks for them: most
profiles are as they were, and a mark is enough to see it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from operator import lt

from ctsync.engines.base import Candidate, fingerprint, in_order
from ctsync.model.contribution import Contribution
from ctsync.model.contribution_batch import Batch
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.stored_entries import mark_of

_NO_LINE = b"\0"  # stands in no line, so the end of the roll fits none


class NamedProfiles:
    """A walk over the profiles that places name. `at` is where it stands.

    `marks` go with the profiles; one more, which fits no line, stands at the end.
    """

    def __init__(
        self, batches: Iterable[Batch], others: Iterable[Contribution]
    ) -> None:
        self.at = 0
        self.marks: list[bytes] = []
        self._ids: list[str] = []
        self._kinds: list[_Kind] = []
        self._starts: list[int] = []
        listed: dict[str, list[Batch]] = defaultdict(list)
        for batch in batches:
            listed[batch.type].append(batch)
        loose = _by_kind(others)
        for name in sorted({*listed, *loose}):
            self._add(_Kind(name, listed[name], loose[name]))
        self.marks.append(_NO_LINE)

    def _add(self, kind: _Kind) -> None:
        self._kinds.append(kind)
        self._starts.append(len(self._ids))
        order = kind.order()
        self._ids += order
        self.marks += kind.marks_of(order)

    @property
    def key(self) -> ProfileKey | None:
        """The key of the profile at which the walk stands, None at the end."""
        if self.at == len(self._ids):
            return None
        return ProfileKey(self._kind().name, self._ids[self.at])

    def take(self, key: ProfileKey, entry: Entry | None = None) -> Candidate:
        """Return the profile here, whose key this is, and go on to the next."""
        places = self._kind().contributions(key.id)
        self.at += 1
        return Candidate(key, in_order(places), entry, fingerprint(places))

    def _kind(self) -> _Kind:
        return self._kinds[bisect_right(self._starts, self.at) - 1]


class _Kind:
    """The profiles of one id type."""

    def __init__(
        self, name: str, batches: Sequence[Batch], loose: dict[str, list[Contribution]]
    ) -> None:
        self.name = name
        self._batches = batches
        self._starts: list[int] = []
        self._marks: list[bytes] = []
        self._several = loose
        ids: list[str] = []
        for batch in batches:
            self._starts.append(len(ids))
            ids += batch.ids
            self._marks += batch.marks
        self._ids = ids
        # Of files that are written in order no id has to be looked up.
        self._is_sorted = not loose and all(map(lt, ids, islice(ids, 1, None)))
        if not self._is_sorted:
            self._part_repeated(ids)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return dict(zip(self._ids, range(len(self._ids)), strict=True))

    def _part_repeated(self, ids: Sequence[str]) -> None:
        """Make the contributions of those of whom more than one place speaks."""
        numbers, several = self._numbers, self._several
        repeated: dict[str, list[Contribution]] = {}
        if len(numbers) < len(ids):
            for number, text in enumerate(ids):
                if numbers[text] != number:
                    repeated.setdefault(text, []).append(self._at(number))
        for text in {*repeated, *several} & numbers.keys():
            listed = [*repeated.get(text, ()), self._at(numbers.pop(text))]
            several[text] = [*listed, *several.get(text, ())]

    def order(self) -> list[str]:
        if self._is_sorted:
            return self._ids
        return sorted([*self._numbers, *self._several])

    def marks_of(self, order: Sequence[str]) -> list[bytes]:
        numbers, marks, several = self._numbers, self._marks, self._several
        if self._is_sorted:
            return marks
        if not several:
            return [marks[numbers[text]] for text in order]
        return [
            marks[numbers[text]] if text in numbers else self._mark(text)
            for text in order
        ]

    def _mark(self, text: str) -> bytes:
        return mark_of(fingerprint(self._several[text]), ProfileKey(self.name, text))

    def contributions(self, text: str) -> list[Contribution]:
        number = self._numbers.get(text)
        return self._several.pop(text) if number is None else [self._at(number)]

    def _at(self, number: int) -> Contribution:
        batch = bisect_right(self._starts, number) - 1
        return self._batches[batch].contribution(number - self._starts[batch])


def _by_kind(
    contributions: Iterable[Contribution],
) -> dict[str, dict[str, list[Contribution]]]:
    places: dict[str, dict[str, list[Contribution]]] = defaultdict(dict)
    for contribution in contributions:
        kind, text = contribution.key
        places[kind].setdefault(text, []).append(contribution)
    return places
