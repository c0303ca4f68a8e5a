"""What one attribute of one profile should become."""

from __future__ import annotations

from msgspec import Struct

from ctsync.model.attribute import Write
from ctsync.model.kind_shape import shape_of
from ctsync.model.scalar_value import Scalar


class DesiredValue(Struct, frozen=True):
    """A desired value in normal form.

    Scalars use `value`, where None means: remove. Lists use `exact` (these and no
    others; None where not declared so), `include` (at least these), `exclude` (none
    of these) and `take_back` (values of ours that no place declares any more).
    `leaving` says that the attribute is forgotten once acknowledged.
    """

    attribute: str
    kind: str
    value: Scalar | None = None
    exact: tuple[str, ...] | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    take_back: tuple[str, ...] = ()
    write: Write = "free"
    sensitive: bool = False
    leaving: bool = False

    @property
    def is_set(self) -> bool:
        """Whether it is of a kind of sets."""
        return shape_of(self.kind) == "set"
