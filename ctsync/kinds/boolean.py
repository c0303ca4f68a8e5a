"""True or false."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ctsync.kinds.base import CellColumns, ValueContext
from ctsync.kinds.scalar import ScalarKind
from ctsync.kinds.type_faults import is_null, wrong_type
from ctsync.kinds.words import switch
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Faults
from ctsync.model.scalar_value import Literal, Raw, Value


class BooleanKind(ScalarKind):
    """A plain true or false."""

    name = "boolean"
    examples: ClassVar[tuple[Raw, ...]] = (switch(is_on=True), switch(is_on=False))

    def describe(self) -> str:
        """Return what a value is, for messages."""
        return "true or false"

    def schema(self, rule: Attribute) -> Mapping[str, Any]:  # noqa: ARG002
        """A boolean."""
        return {"type": "boolean"}

    def normalize(self, raw: Raw, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Take plain true and false only."""
        if is_null(raw):
            return self.removal(rule, frame)
        if not isinstance(raw, Literal) or not isinstance(raw.value, bool):
            raise Faults(wrong_type(raw, rule, "true or false", _SPELLING))
        return self.wanted(raw.value, rule)

    def is_unchanged(
        self,
        raw: Raw,
        held: Value,
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,  # noqa: ARG002
    ) -> bool:
        """Return whether it is the same one."""
        return isinstance(raw, Literal) and raw.type == "boolean" and raw.value is held

    def columns(
        self,
        cell: str,
        sort: str,
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,  # noqa: ARG002
    ) -> CellColumns | None:
        """Take the two words."""
        if sort not in {"boolean", "untyped"}:
            return None
        return CellColumns(f"{cell} IN ('true', 'false')", cell)


_SPELLING = "write true or false, without quotes"
KIND = BooleanKind()
