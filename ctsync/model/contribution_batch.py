"""Many contributions at once, made one by one only where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ctsync.model.contribution import Contribution


class Batch(Protocol):
    """What one file says of profiles of one id type.

    Most of them are as they were. An engine finds that out by their marks
    (`ctsync.model.stored_entries`), each of which is that of an entry whose fingerprint
    is the digest of this one contribution.
    """

    @property
    def type(self) -> str:
        """The id type of them all."""

    @property
    def ids(self) -> Sequence[str]:
        """Their ids, in the order of the file; one may come twice."""

    @property
    def marks(self) -> Sequence[bytes]:
        """Their marks, in the same order."""

    def contribution(self, index: int) -> Contribution:
        """Return one of them."""
