"""Text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ctsync.kinds.base import CellColumns, ValueContext
from ctsync.kinds.scalar import ScalarKind
from ctsync.kinds.system_attributes import DELETABLE, SOUND_FORMS, system_faults
from ctsync.kinds.text_rules import (
    SOUND_TEXT,
    is_plain,
    is_sound,
    sound_text,
    text_faults,
    unstable_faults,
)
from ctsync.kinds.type_faults import choices, raw_text, wrong_type
from ctsync.kinds.words import text
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.scalar_value import Literal, Raw, Value
from ctsync.sql_text import quoted

_AS_WRITTEN = frozenset({"Phone"})  # digits are text here, quoted or not


class StringKind(ScalarKind):
    """Text of at most 512 bytes."""

    name = "string"
    takes_enum = True
    examples: ClassVar[tuple[Raw, ...]] = (text("Platinum"), text("0042"))

    def describe(self) -> str:
        """Return what a value is, for messages."""
        return "text"

    def can_remove(self, attribute: str) -> bool:
        """Name and Gender only."""
        return attribute in DELETABLE

    def schema(self, rule: Attribute) -> Mapping[str, Any]:
        """Text, one of the enum where there is one, null where it can be removed."""
        types = ["string", "null"] if self.can_remove(rule.attribute) else ["string"]
        if rule.attribute in _AS_WRITTEN:
            types.append("number")
        enum = [*rule.enum, None] if "null" in types else [*rule.enum]
        return {"type": types, **({"enum": enum} if rule.enum else {})}

    def normalize(self, raw: Raw, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Take text, and for Phone the digits as written."""
        text = _text(raw, rule)
        if text is not None:
            faults = text_faults(text, frame) + system_faults(text, rule)
            if faults:
                raise Faults(*faults)
        else:
            self.refuse_removal(rule.attribute, frame)
        return self.wanted(text, rule)

    def is_unchanged(
        self, raw: Raw, held: Value, rule: Attribute, frame: ValueContext
    ) -> bool:
        """Return whether the text is the same, and plain."""
        return (
            isinstance(raw, Literal)
            and raw.type == "text"
            and raw.text == held
            and is_plain(raw.text, frame)
            and not system_faults(raw.text, rule)
        )

    def columns(
        self, cell: str, sort: str, rule: Attribute, frame: ValueContext
    ) -> CellColumns | None:
        """Take text that is plain beyond doubt, as most is."""
        if sort not in {"text", "untyped"}:
            return None
        value = f"concat('\"', {cell}, '\"')"
        if rule.enum:
            words = [word for word in rule.enum if _is_sound(word, rule, frame)]
            listed = ", ".join(map(quoted, words)) or "NULL"
            return CellColumns(f"coalesce({cell} IN ({listed}), false)", value)
        pattern = SOUND_FORMS.get(rule.attribute, SOUND_TEXT)
        return CellColumns(sound_text(cell, frame, pattern), value)

    def lint(self, target: DesiredValue) -> tuple[Fault, ...]:
        """Warn of text that the platform may change."""
        if isinstance(target.value, str) and target.attribute not in _AS_WRITTEN:
            return unstable_faults(target.value)
        return ()


def _is_sound(word: str, rule: Attribute, frame: ValueContext) -> bool:
    return is_sound(word, frame) and not system_faults(word, rule)


def _text(raw: Raw, rule: Attribute) -> str | None:
    if isinstance(raw, Literal):
        if raw.type == "null":
            return None
        if raw.type == "text" or rule.attribute in _AS_WRITTEN:
            return raw.text
    spelling = 'write "{value}", with quotes'
    if rule.enum and raw_text(raw) not in rule.enum:
        spelling = f"write {choices(rule.enum)}"
    raise Faults(wrong_type(raw, rule, "text", spelling))


KIND = StringKind()
