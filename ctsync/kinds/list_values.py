"""What a project declares of a list: exactly some values, or some in and some out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec.structs import replace

from ctsync.canonical_json import fold_text
from ctsync.kinds.base import ValueContext
from ctsync.kinds.system_attributes import enum_fault
from ctsync.kinds.text_rules import text_faults
from ctsync.kinds.type_faults import is_null, wrong_type
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.kind_shape import LIST
from ctsync.model.scalar_value import Literal, Raw


def read_list(
    raw: Raw, rule: Attribute, frame: ValueContext, kind: str = LIST
) -> DesiredValue:
    """Read `[...]`, `{include: [...], exclude: [...]}`, or null for no values.

    Raises:
        Faults: it is none of them, or the platform would not keep it as it is.
    """
    faults: list[Fault] = []
    target = DesiredValue(
        rule.attribute, kind, write=rule.write, sensitive=rule.sensitive
    )
    if isinstance(raw, dict):
        target = _partial(target, raw, rule, frame, faults)
    else:
        values = [] if is_null(raw) else raw
        target = replace(target, exact=_values(values, rule, frame, faults))
    faults.extend(_count_faults(target, frame))
    if faults:
        raise Faults(*faults)
    return target


def _partial(
    target: DesiredValue,
    raw: dict[str, Raw],
    rule: Attribute,
    frame: ValueContext,
    faults: list[Fault],
) -> DesiredValue:
    parts = {key: value for key, value in raw.items() if not key.startswith("x-")}
    if not parts or not parts.keys() <= {"include", "exclude"}:
        faults.append(_nested(rule))
        return target
    include = _values(parts.get("include", []), rule, frame, faults)
    exclude = _values(parts.get("exclude", []), rule, frame, faults)
    faults.extend(_overlap_faults(include, exclude))
    return replace(target, include=include, exclude=exclude)


def _nested(rule: Attribute) -> Fault:
    """Return the fault of a map: of a list, which is written otherwise, or of none."""
    if rule.kind == "list":
        return Fault("CT203", f"{rule.attribute} is a list", _SPELLING)
    return Fault(
        "CT203",
        f"{rule.attribute} holds a map, and values are not nested",
        "write one attribute for each value; only lists take include and exclude",
    )


def _overlap_faults(
    include: tuple[str, ...], exclude: tuple[str, ...]
) -> Iterator[Fault]:
    for value in sorted(frozenset(include) & frozenset(exclude)):
        yield Fault(
            "CT310",
            "{value} is both included and excluded",
            "keep it in one of the two",
            value,
        )


def _values(
    raw: Raw, rule: Attribute, frame: ValueContext, faults: list[Fault]
) -> tuple[str, ...]:
    if not isinstance(raw, list):
        faults.append(wrong_type(raw, rule, "a list", _SPELLING))
        return ()
    texts = set()
    for item in raw:
        if isinstance(item, Literal) and item.type == "text":
            texts.add(item.text)
            faults.extend(_item_faults(item.text, rule, frame))
        else:
            faults.append(wrong_type(item, rule, "a list of text", _ITEM_SPELLING))
    return tuple(sorted(texts))


def _item_faults(text: str, rule: Attribute, frame: ValueContext) -> tuple[Fault, ...]:
    faults, fault = text_faults(text, frame), enum_fault(text, rule)
    return faults if fault is None else (*faults, fault)


def _count_faults(target: DesiredValue, frame: ValueContext) -> Iterator[Fault]:
    limit = frame.limits.list_values
    for values in (target.exact or (), target.include):
        if len(values) > limit:
            yield Fault(
                "CT209",
                f"{len(values):,} values, the platform keeps {limit:,} and drops the "
                "rest",
                "declare fewer",
            )


def twin_faults(values: tuple[str, ...]) -> Iterator[Fault]:
    """Yield a warning for each group of values that the platform may take for one."""
    together = "".join(values)
    # Without capitals and spaces each is its own folded form, and no two are equal.
    is_folded = (
        together.isascii() and together.islower() and together.split() == [together]
    )
    if is_folded or len(set(map(fold_text, values))) == len(values):
        return
    spellings = defaultdict(list)
    for value in values:
        spellings[fold_text(value)].append(value)
    for same in spellings.values():
        if len(same) > 1:
            yield Fault(
                "CT212",
                "values that differ only in case or spaces: {value}",
                "the platform may take them for one; keep one",
                ", ".join(same),
            )


_SPELLING = "write [a, b], {include: [a], exclude: [b]} or null"
_ITEM_SPELLING = 'write "{value}", with quotes'
