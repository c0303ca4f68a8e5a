"""True or false."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctsync.kinds.base import Faults, Frame
from ctsync.kinds.scalar import ScalarKind
from ctsync.kinds.words import not_removable, wrong_type
from ctsync.model.rule import Rule
from ctsync.model.target import Target
from ctsync.model.value import Literal, Raw, Value


class BooleanKind(ScalarKind):
    """A plain true or false."""

    name = "boolean"

    def schema(self, rule: Rule) -> Mapping[str, Any]:  # noqa: ARG002
        """A boolean."""
        return {"type": "boolean"}

    def normalize(self, raw: Raw, rule: Rule, frame: Frame) -> Target:  # noqa: ARG002
        """Take plain true and false only."""
        if isinstance(raw, Literal) and raw.type == "null":
            raise Faults(not_removable(rule.attribute))
        if not isinstance(raw, Literal) or not isinstance(raw.value, bool):
            raise Faults(wrong_type(raw, rule, "true or false", _SPELLING))
        return Target(
            rule.attribute,
            self.name,
            raw.value,
            write=rule.write,
            sensitive=rule.sensitive,
        )

    def is_said(self, raw: Raw, held: Value, rule: Rule, frame: Frame) -> bool:  # noqa: ARG002
        """Say whether it is the same one."""
        return isinstance(raw, Literal) and raw.type == "boolean" and raw.value is held


_SPELLING = "write true or false, without quotes"
KIND = BooleanKind()
