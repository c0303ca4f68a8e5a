"""How the platform differs from what the state knows, as plain values to be shown."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Value


class Difference(Struct, frozen=True):
    """One attribute that is not what the state knows.

    `before` is what the state knows, `after` what the platform shows. Of a list,
    `added` and `removed` say it by value.
    """

    attribute: str
    kind: str
    before: Value
    after: Value
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    sensitive: bool = False


class ProfileDrift(Struct, frozen=True):
    """One profile that is not what the state knows.

    `found` is "gone" where a read does not find it any more, and "back" where it finds
    one that an earlier read did not.
    """

    key: ProfileKey
    found: str = "found"
    differences: tuple[Difference, ...] = ()


class ReadCounts(Struct):
    """What reading comes to.

    `known` are the profiles of the state, `chosen` those that were to be read, `asked`
    the requests. The outcomes of profiles add up to `read`; `failed` were asked for in
    vain, `unaskable` are of an id type that the API does not read. Attributes are those
    of the profiles that were found.
    """

    known: int = 0
    chosen: int = 0
    asked: int = 0
    same: int = 0
    drifted: int = 0
    gone: int = 0
    failed: int = 0
    unaskable: int = 0
    compared: int = 0
    differing: int = 0
    settled: int = 0
    seconds: float = 0.0
    differences: Counter[str] = field(default_factory=Counter)
    write_only: Counter[str] = field(default_factory=Counter)

    @property
    def read(self) -> int:
        """How many profiles the platform told of."""
        return self.same + self.drifted + self.gone

    @property
    def has_drift(self) -> bool:
        """Whether anything is not what the state knows: the one decision of it."""
        return bool(self.drifted or self.gone)

    @property
    def is_sample(self) -> bool:
        """Whether others were left out by chance."""
        return self.chosen < self.known
