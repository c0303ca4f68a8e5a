"""How much of what was acknowledged is really there, as plain values to be shown."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from ctsync.model.interval import CONFIDENCE, Interval, clopper_pearson


class AttributeCheck(Struct):
    """One attribute: on how many profiles it was acknowledged, and what was found.

    `missing` are those that a read does not show, `other` those that it shows with
    another value.
    """

    attribute: str
    acknowledged: int = 0
    there: int = 0
    missing: int = 0
    other: int = 0

    @property
    def checked(self) -> int:
        """On how many profiles it was looked for."""
        return self.there + self.missing + self.other

    @property
    def is_dropped(self) -> bool:
        """Whether the platform seems to accept it and to drop it everywhere."""
        return self.checked > 0 and self.missing == self.checked

    def interval(self, *, confidence: float = CONFIDENCE) -> Interval:
        """Return between which shares of all profiles it is there."""
        if self.checked == self.acknowledged:
            share = self.there / self.acknowledged if self.acknowledged else 1.0
            return Interval(share, share)
        return clopper_pearson(self.there, self.checked, confidence=confidence)


class Verification(Struct):
    """What looking for acknowledged values comes to.

    `known` are the profiles of the state, `chosen` those to be read; `whole` are found
    with all that was acknowledged, `partly` with less.
    """

    known: int = 0
    chosen: int = 0
    whole: int = 0
    partly: int = 0
    gone: int = 0
    failed: int = 0
    unaskable: int = 0
    asked: int = 0
    seconds: float = 0.0
    run: str | None = None
    write_only: dict[str, int] = field(default_factory=dict)
    attributes: dict[str, AttributeCheck] = field(default_factory=dict)

    def check(self, folded: str, name: str) -> AttributeCheck:
        """Return the count of an attribute; a new one begins with nothing."""
        return self.attributes.setdefault(folded, AttributeCheck(name))

    @property
    def read(self) -> int:
        """How many profiles the platform told of."""
        return self.whole + self.partly + self.gone

    @property
    def acknowledged(self) -> int:
        """How many values were acknowledged, on all profiles."""
        return sum(each.acknowledged for each in self.attributes.values())

    @property
    def checked(self) -> int:
        """How many values were looked for."""
        return sum(each.checked for each in self.attributes.values())

    @property
    def there(self) -> int:
        """How many of them are there."""
        return sum(each.there for each in self.attributes.values())

    @property
    def lacks_any(self) -> bool:
        """Whether anything that was acknowledged is not there: the one decision."""
        return self.there < self.checked

    @property
    def is_sample(self) -> bool:
        """Whether others were left out by chance."""
        return self.chosen < self.known

    def ranked(self) -> list[AttributeCheck]:
        """Return the attributes, those that lack most first."""
        found = self.attributes.values()
        return sorted(
            found, key=lambda each: (each.there - each.checked, each.attribute)
        )

    def dropped(self) -> Iterator[AttributeCheck]:
        """Yield the attributes that are nowhere."""
        return (each for each in self.ranked() if each.is_dropped)

    def interval(self) -> Interval:
        """Return between which shares of all acknowledged values are there.

        Values of one profile go together, so they are no sample of values. Those of one
        attribute are: their intervals hold all at once if each is the surer by the
        number of attributes, and then so does their weighted mean.
        """
        whole = self.acknowledged
        if not whole:
            return Interval(1.0, 1.0)
        sure = 1 - (1 - CONFIDENCE) / len(self.attributes)
        parts = [
            (each.acknowledged / whole, each.interval(confidence=sure))
            for each in self.attributes.values()
        ]
        return Interval(
            sum(weight * part.low for weight, part in parts),
            sum(weight * part.high for weight, part in parts),
        )
