"""What a state has of many profiles, as it stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class KnownTexts(NamedTuple):
    """Lines of entries, and the folded names of their attributes, in order.

    Of who has no entry there is no line. Names are the same object where they are the
    same.
    """

    lines: Sequence[bytes | None]
    names: Sequence[Sequence[str]]
