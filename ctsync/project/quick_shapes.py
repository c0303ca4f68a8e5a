"""A quick judge of shapes, so that a clean project never waits for jsonschema.

It knows only the keywords that our schemas use, and says no to all it does not know:
what it accepts jsonschema accepts too. What it refuses, jsonschema explains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sized
from functools import lru_cache
from typing import Any

_SAYINGS = frozenset({"title", "description", "default", "examples", "$schema", "$id"})


def is_surely_valid(schema: Any, value: Any) -> bool:
    """Return whether `value` surely fits `schema`."""
    if isinstance(schema, bool):
        return schema
    return all(
        keyword in _SAYINGS or _holds(keyword, argument, value, schema)
        for keyword, argument in schema.items()
    )


def _holds(keyword: str, argument: Any, value: Any, schema: Mapping[str, Any]) -> bool:
    rule = _RULES.get(keyword)
    return rule is not None and rule(argument, value, schema)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
}


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _type(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    names = [argument] if isinstance(argument, str) else argument
    return any(_TYPES[name](value) for name in names)


def _enum(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return any(_same(choice, value) for choice in argument)


def _const(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return _same(argument, value)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _pattern(argument: str, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, str) or _compiled(argument).search(value) is not None


def _size(
    kind: type[Sized], is_within: Callable[[int, int], bool]
) -> Callable[[Any, Any, Mapping[str, Any]], bool]:
    def is_sized(limit: int, value: Any, _schema: Mapping[str, Any]) -> bool:
        return not isinstance(value, kind) or is_within(len(value), limit)

    return is_sized


def _bound(
    is_within: Callable[[Any, Any], bool],
) -> Callable[[Any, Any, Mapping[str, Any]], bool]:
    return lambda limit, value, _: not _is_number(value) or is_within(value, limit)


def _required(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(key in value for key in argument)


def _unique(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    if not argument or not isinstance(value, list):
        return True
    return all(isinstance(item, str) for item in value) and len(set(value)) == len(
        value
    )


def _items(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, list) or all(
        is_surely_valid(argument, v) for v in value
    )


def _properties(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    return all(
        is_surely_valid(argument[key], v) for key, v in value.items() if key in argument
    )


def _patterns(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    return all(
        is_surely_valid(inner, v)
        for pattern, inner in argument.items()
        for key, v in value.items()
        if _compiled(pattern).search(key)
    )


def _additional(argument: Any, value: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    return all(is_surely_valid(argument, value[key]) for key in extras(schema, value))


def extras(schema: Mapping[str, Any], value: Mapping[str, Any]) -> list[str]:
    """Return the keys that neither `properties` nor `patternProperties` know."""
    known = schema.get("properties", {})
    patterns = [_compiled(pattern) for pattern in schema.get("patternProperties", {})]
    return [
        key
        for key in value
        if key not in known and not any(pattern.search(key) for pattern in patterns)
    ]


def _any_of(argument: Any, value: Any, _schema: Mapping[str, Any]) -> bool:
    return any(is_surely_valid(inner, value) for inner in argument)


_RULES: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], bool]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": _size(str, lambda size, limit: size >= limit),
    "maxLength": _size(str, lambda size, limit: size <= limit),
    "minItems": _size(list, lambda size, limit: size >= limit),
    "maxItems": _size(list, lambda size, limit: size <= limit),
    "minProperties": _size(dict, lambda size, limit: size >= limit),
    "maxProperties": _size(dict, lambda size, limit: size <= limit),
    "minimum": _bound(lambda value, limit: value >= limit),
    "maximum": _bound(lambda value, limit: value <= limit),
    "exclusiveMinimum": _bound(lambda value, limit: value > limit),
    "required": _required,
    "uniqueItems": _unique,
    "items": _items,
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "anyOf": _any_of,
}
