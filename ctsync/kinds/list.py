"""Lists: sets of text, exactly known or only in part.

The platform keeps at most 100 values and silently drops the oldest beyond, takes a
plain text for a list of one, and drops the attribute with its last value (public
docs). Plain arrays are never sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.kinds.base import (
    CellColumns,
    Kind,
    MoveColumns,
    MoveNames,
    ValueContext,
)
from ctsync.kinds.known_list import MOVES, held_of
from ctsync.kinds.list_steps import in_steps, unwanted
from ctsync.kinds.list_values import read_list, twin_faults
from ctsync.kinds.text_rules import is_plain, unstable_faults
from ctsync.kinds.words import NULL, text
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.kind_shape import LIST
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Literal, Raw, Value
from ctsync.sql_text import quoted


class ListKind(Kind):
    """A set of text values."""

    name = LIST
    shape = "set"
    takes_enum = True
    examples: ClassVar[tuple[Raw, ...]] = (
        [text("shoes"), text("bags")],
        [],
        {"include": [text("beta")], "exclude": [text("trial")]},
        NULL,
    )

    def describe(self) -> str:
        """Return what a value is, for messages."""
        return "a list"

    def can_remove(self, attribute: str) -> bool:  # noqa: ARG002
        """A list goes when its last value is removed."""
        return True

    def schema(self, rule: Attribute) -> Mapping[str, Any]:
        """Exactly these values, or at least these and none of those."""
        item = {"type": "string", **({"enum": [*rule.enum]} if rule.enum else {})}
        values = {"type": "array", "items": item}
        part = {
            "type": "object",
            "properties": {"include": values, "exclude": values},
            "patternProperties": {"^x-": {}},
            "additionalProperties": False,
            "minProperties": 1,
        }
        return {"oneOf": [values, part, {"type": "null"}]}

    def normalize(self, raw: Raw, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Take `[...]`, `{include: [...], exclude: [...]}`, or null for no values."""
        return read_list(raw, rule, frame, self.name)

    def is_unchanged(
        self, raw: Raw, held: Value, rule: Attribute, frame: ValueContext
    ) -> bool:
        """Return whether exactly these values are listed, and all are plain."""
        if not isinstance(raw, list) or rule.enum:
            return False
        texts = [each.text for each in raw if isinstance(each, Literal)]
        return (
            len(raw) == len(texts) <= frame.limits.list_values
            and tuple(sorted(set(texts))) == held
            and {"text"}.issuperset(map(_type, raw))
            and all(is_plain(text, frame) for text in held)
            and not any(twin_faults(held))
        )

    def columns(
        self, cell: str, sort: str, rule: Attribute, frame: ValueContext
    ) -> CellColumns | None:
        """Take exactly some values, of plain ASCII and no two alike."""
        if sort != "list" or rule.enum:
            return None
        most = frame.limits.list_values
        # Of the fewest characters there are four to a value.
        count = (
            f"CASE WHEN strlen({cell}) <= {4 * most} THEN true "
            f"ELSE {_count(cell)} <= {most} END"
        )
        sound = (
            f"(strlen({cell}) <= {frame.limits.value_bytes} AND {count}"
            f" AND regexp_full_match({cell}, {quoted(_SOUND)}))"
        )
        # Lists mostly come as they are to be: in order, and so with no two alike.
        is_folded = f"NOT contains({cell}, ' ') AND {cell} = lower({cell})"
        parts, folded = _parts(cell), _parts(f"lower(replace({cell}, ' ', ''))")
        value = (
            f"CASE WHEN {is_folded} AND {_ascends(parts)} THEN {cell} "
            f"WHEN list_unique({folded}) = {_count(cell)} "
            f"THEN {_joined(f'list_sort({parts})')} END"
        )
        return CellColumns(sound, value)

    def moves(self, names: MoveNames, rule: Attribute) -> MoveColumns | None:
        """Add to nothing, and see that all is as it should be; the rest is Python's."""
        forms = " OR ".join(
            f"{names.held} = concat({quoted(form)}, {names.value}, '}}')"
            for form in _stored_forms(self.name, rule.attribute)
        )
        return MoveColumns(
            f"CASE WHEN {forms} THEN {names.value} END",
            f"CASE WHEN {names.before} IS NOT NULL THEN '' END",
            names.value,
            first="a",
            letters="a",
            is_open=True,
        )

    def merge(
        self, first: DesiredValue, second: DesiredValue, elsewhere: str
    ) -> DesiredValue:
        """Unite what is included and what is excluded; an exact list has one place.

        Raises:
            Faults: one is exact, or a value is in both.
        """
        if first.exact is not None or second.exact is not None:
            raise Faults(_two_places(second, elsewhere))
        include = frozenset((*first.include, *second.include))
        exclude = frozenset((*first.exclude, *second.exclude))
        if both := include & exclude:
            raise Faults(_crossing(both, elsewhere))
        return replace(
            first, include=tuple(sorted(include)), exclude=tuple(sorted(exclude))
        )

    def lint(self, target: DesiredValue) -> tuple[Fault, ...]:
        """Warn of values that the platform may take for one."""
        values = (*(target.exact or ()), *target.include)
        return (*twin_faults(values), *(f for v in values for f in unstable_faults(v)))

    def diff(
        self, known: KnownValue | None, target: DesiredValue, frame: ValueContext
    ) -> tuple[Operation, ...]:
        """Remove what is known and unwanted, add what is wanted and not known."""
        if known is not None and _is_exactly(known, target):
            return ()
        held = held_of(known, target)
        removals = unwanted(held, target)
        if target.exact is None:
            removals -= {v for v in target.exclude if held.lacks(v)}
        wanted = target.include if target.exact is None else target.exact
        additions = frozenset(wanted) - held.present
        return in_steps(held, target, additions, removals, frame)

    def assign(
        self, known: KnownValue | None, target: DesiredValue, frame: ValueContext
    ) -> tuple[Operation, ...]:
        """Add all that is wanted and remove all that may be there and is not."""
        held = held_of(known, target)
        wanted = target.include if target.exact is None else target.exact
        removals = unwanted(held, target)
        return in_steps(held, target, frozenset(wanted), removals, frame)

    def target_of(self, operations: Sequence[Operation]) -> DesiredValue:
        """Return the values that are there in the end, or those to have and to lose.

        What is added is ours in a list that is declared in part, and in no other.
        """
        added, removed = (
            next((op for op in operations if op.operator == operator), None)
            for operator in ("$add", "$remove")
        )
        last = operations[-1]
        target = DesiredValue(last.attribute, self.name, sensitive=last.sensitive)
        if added is not None and not added.ours:
            return replace(target, exact=_as_values(last.after))
        gained, lost = (_as_values(op.operand if op else ()) for op in (added, removed))
        excluded = removed.excluded if removed else ()
        freed = tuple(value for value in lost if value not in excluded)
        return replace(target, include=gained, exclude=excluded, take_back=freed)

    def apply(
        self, known: KnownValue | None, operation: Operation, *, certain: bool = True
    ) -> KnownValue:
        """Move the operands between what is present, possible and absent."""
        held = held_of(known, None)
        operand = operation.operand if isinstance(operation.operand, tuple) else ()
        moved = MOVES[operation.operator, certain](held, frozenset(operand), operation)
        return KnownValue(
            operation.attribute,
            self.name,
            # Who takes values away from a list has not made it.
            owned=operation.operator == "$add" or (known is not None and known.owned),
            since=held.since if moved.maybe else None,
            present=tuple(sorted(moved.present)),
            maybe=tuple(sorted(moved.maybe)),
            absent=tuple(sorted(moved.absent)),
            ours=tuple(sorted(moved.ours)),
            complete=moved.complete,
        )


def _two_places(target: DesiredValue, elsewhere: str) -> Fault:
    return Fault(
        "CT311",
        f"{target.attribute} is declared in {elsewhere} too, and an exact list has "
        "one place",
        "use {include: [...]} in all places, or keep one",
    )


def _crossing(both: frozenset[str], elsewhere: str) -> Fault:
    return Fault(
        "CT310",
        f"{{value}} is included in one and excluded in another place ({elsewhere})",
        "keep it in one of the two",
        ", ".join(sorted(both)),
    )


def _parts(cell: str) -> str:
    """Return SQL: a list of the values in JSON without an escape."""
    return f"string_split(substr({cell}, 3, strlen({cell}) - 4), '\",\"')"


def _ascends(parts: str) -> str:
    """Return SQL: whether each part is less than the next one."""
    steps = "lambda one, other: CASE WHEN one < other THEN other END"
    return f"list_reduce({parts}, {steps}) IS NOT NULL"


def _count(cell: str) -> str:
    """Return SQL: how many parts there are, which is quicker than to make them."""
    return f"""((strlen({cell}) - strlen(replace({cell}, '","', ''))) // 3 + 1)"""


def _joined(values: str) -> str:
    return f"""concat('["', array_to_string({values}, '","'), '"]')"""


def _stored_forms(kind: str, name: str) -> Iterator[str]:
    """Yield how the stored form of a list begins of which nothing is in doubt."""
    for complete in ('"complete":true,', ""):
        for owned in ('"owned":true,', ""):
            words = f'"kind":"{kind}","name":{canonical(name).decode()},'
            yield f'{{{complete}{words}{owned}"present":'


def _type(raw: Raw) -> str:
    return raw.type if isinstance(raw, Literal) else ""


def _is_exactly(known: KnownValue, target: DesiredValue) -> bool:
    is_clear = known.is_set and not known.maybe
    return is_clear and known.present == target.exact


def _as_values(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


# No quote, no bracket, no escape. Values of digits alone are warned of: the platform
# may keep them as numbers (recorded).
_ANY = "[!#-Z^-~]"
_REST = f"[!#-Z^-~ ]*{_ANY}"
_ITEM = f"(([!#%-/:-Z^-~]|[0-9]+[!#-/:-Z^-~])({_REST})?|[0-9]+ {_REST})"
_SOUND = rf'\["{_ITEM}"(,"{_ITEM}")*\]'
KIND = ListKind()
