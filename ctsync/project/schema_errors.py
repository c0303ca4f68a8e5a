"""Judging the shape of documents, and saying in plain words what is wrong.

jsonschema-rs judges; jsonschema, which is slow to import and to run, explains what does
not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ID_TYPES
from ctsync.other_words import loose
from ctsync.suggestions import did_you_mean, one_of, probably

_ARTICLES = {
    dict: "a map",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "empty",
}

_ADDRESSES = frozenset({"email", "phone", "mobile", "emailaddress", "phonenumber"})
_ROOT = "\0"  # stands for what the whole value is called


def shape_faults(schema: Mapping[str, Any], value: Any, subject: str) -> list[Fault]:
    """Return everything that keeps `value`, called `subject`, from fitting `schema`."""
    if fits(schema, value):
        return []
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema).iter_errors(value)
    found = {fault: None for error in errors for fault in _explain(error)}
    named = (replace(f, message=f.message.replace(_ROOT, subject)) for f in found)
    return sorted(named, key=lambda fault: [str(step) for step in fault.path])


def fits(schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value surely fits a schema.

    False of what has no form in JSON, such as half a letter or a number of thousands of
    digits: it is left to jsonschema.
    """
    try:
        return bool(_judge(canonical(schema).decode()).is_valid(value))
    except (ValueError, TypeError, OverflowError):
        return False


@lru_cache(maxsize=16)
def _judge(schema: str) -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema)


def _explain(error: Any) -> Iterator[Fault]:
    """Turn an error of jsonschema into faults, in words of our own."""
    say = _SAYERS.get(error.validator, _misshapen)
    yield from say(error, tuple(error.absolute_path))


def _unknown_keys(error: Any, path: Path) -> Iterator[Fault]:
    known = error.schema.get("properties", {})
    for key in _extras(error.schema, error.instance):
        message = f'unknown key "{key}"{_within(path)}'
        yield _fault((*path, key), "CT102", message, _key_hint(key, known))


def keys_meant(schema: Mapping[str, Any], value: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys that unknown ones in a map probably stand for."""
    known = schema.get("properties", {})
    meant = (probably(key, known) for key in _extras(schema, value))
    return frozenset(filter(None, meant))


def _extras(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that neither `properties` nor `patternProperties` know."""
    patterns = schema.get("patternProperties", {})
    for key in value:
        is_known = key in schema.get("properties", {})
        if not is_known and not any(re.search(pattern, key) for pattern in patterns):
            yield key


def _key_hint(key: str, known: Mapping[str, Any]) -> str:
    near = did_you_mean(key, known)
    if near is None and {"identity", "attributes"} <= known.keys():
        return _of_profile(key)
    return near or f"known are {', '.join(known)}"


def _of_profile(key: str) -> str:
    """Say where in a profile stands what is none of its keys: an attribute, mostly."""
    if loose(key) in _ADDRESSES:
        return "write it as identity if people are known by it, else under attributes"
    return "an attribute stands under attributes"


def _missing_keys(error: Any, path: Path) -> Iterator[Fault]:
    # Of a key that is misspelled, its unknown spelling is told already.
    misspelled = keys_meant(error.schema, error.instance)
    for key in error.validator_value:
        if key not in error.instance and key not in misspelled:
            message = f'missing key "{key}"{_within(path)}'
            yield _fault(path, "CT104", message, _example(key, error.schema))


def _example(key: str, schema: Mapping[str, Any]) -> str:
    example = schema["properties"][key]["examples"][0]
    return f"write {key}: {example}"


def _not_allowed(error: Any, path: Path) -> Iterator[Fault]:
    yield _unknown_value(path, error.schema, error.instance, error.validator_value)


def _unknown_value(
    path: Path, schema: Mapping[str, Any], value: Any, choices: list[Any]
) -> Fault:
    title = schema.get("title", "value")
    if not isinstance(value, str):
        return _wrong(path, title, value, f"one of {', '.join(map(str, choices))}")
    owner = f' for attribute "{path[1]}"' if _is_entry(path) else ""
    hint = one_of(value, [str(choice) for choice in choices])
    return _fault(path, "CT101", f'unknown {title} "{value}"{owner}', hint)


def _is_entry(path: Path) -> bool:
    return len(path) > 2 and path[0] == "catalog"


def _not_const(error: Any, path: Path) -> Iterator[Fault]:
    wanted = error.validator_value
    message = f"{_subject(path)} is not {wanted}"
    yield _fault(path, "CT101", message, f"write {path[-1]}: {wanted}")


def _any_of(error: Any, path: Path) -> Iterator[Fault]:
    """Speak for the branch that was meant: the one of the value's own type."""
    for branch in error.validator_value:
        if "enum" in branch and isinstance(error.instance, str):
            noun = {"title": error.schema["title"]}
            yield _unknown_value(path, noun, error.instance, branch["enum"])
            return
    inner = [cause for cause in error.context if _is_meant(cause, error.instance)]
    for cause in inner:
        yield from _explain(cause)
    if not inner:
        yield from _misshapen(error, path)


def _is_meant(cause: Any, value: Any) -> bool:
    is_deeper = len(cause.absolute_path) > len(cause.parent.absolute_path)
    return is_deeper or (isinstance(value, dict) and cause.validator != "type")


def _one_id(error: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(error.instance, dict):
        return
    ids = [name for name in ID_TYPES if name in error.instance]
    known = ", ".join(ID_TYPES)
    others = error.instance.keys() - frozenset(ID_TYPES)
    if any(probably(key, ID_TYPES) for key in others):
        return  # by a key that is unknown, which says what it means
    if ids:
        message = f"{' and '.join(ids)} stand together"
        yield _fault(path, "CT523", message, "keep exactly one of them")
    else:
        yield _fault(path, "CT523", "no identifier", f"write one of {known}")


def _misshapen(error: Any, path: Path) -> Iterator[Fault]:
    value = error.instance
    if value in (None, "") and path and path[-1] in ID_TYPES:
        yield _fault(path, "CT314", "the identifier is empty", "write the id")
    elif path and path[-1] == "passcode" and value is not None:
        message = "the passcode stands here in clear"
        way_out = "write ${CLEVERTAP_PASSCODE}, and change the passcode"
        yield _fault(path, "CT106", message, way_out)
    else:
        wants_text = error.schema.get("type") == "string"
        is_scalar = isinstance(value, bool | int | float)
        hint = "quote it" if wants_text and is_scalar else _example_at(path, error)
        yield _wrong(path, error.schema.get("title", "value"), value, hint)


def _example_at(path: Path, error: Any) -> str | None:
    """Return what could stand there, where the schema has an example of it."""
    examples = error.schema.get("examples")
    if not examples or not path or not isinstance(path[-1], str):
        return None
    return f"write {path[-1]}: {examples[0]}"


def _wrong(path: Path, title: str, value: Any, hint: str | None) -> Fault:
    message = f"{_subject(path)} must be {_article(title)}"
    is_empty = value is None or value == ""
    if is_empty or " or " not in title or isinstance(value, list | dict):
        message += f", not {'empty' if is_empty else _ARTICLES[type(value)]}"
    return _fault(path, "CT103", message, hint)


def _out_of_bounds(error: Any, path: Path) -> Iterator[Fault]:
    words = {"minimum": "at least", "maximum": "at most"}
    word = words.get(error.validator, "more than")
    message = f"{_subject(path)} must be {word} {error.validator_value}"
    yield _fault(path, "CT101", f"{message}, not {error.instance}")


def _bad_pattern(error: Any, path: Path) -> Iterator[Fault]:
    title = error.schema.get("title", "value")
    message = f"{_subject(path)} is not {_article(title)}"
    says = error.schema["description"]
    hint = f"write {says[0].lower()}{says[1:].rstrip('.')}"
    yield _fault(path, "CT103", message, hint)


def _twice(_error: Any, path: Path) -> Iterator[Fault]:
    message = f"{_subject(path)} holds a value twice"
    yield _fault(path, "CT103", message, "keep one of them")


def _too_few(_error: Any, path: Path) -> Iterator[Fault]:
    yield _fault(path, "CT103", f"{_subject(path)} is empty", "write at least one")


def _too_many(error: Any, path: Path) -> Iterator[Fault]:
    message = f"{_subject(path)} takes {error.validator_value}"
    yield _fault(path, "CT103", message, "keep one of them")


def _fault(path: Path, code: str, message: str, hint: str | None = None) -> Fault:
    return Fault(code, message, hint, path=path)


def _subject(path: Path) -> str:
    names = [str(step) for step in path if isinstance(step, str)]
    if not names:
        return _ROOT
    if path and isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {names[-1]}"
    return ".".join(names[-2:]) if len(names) < 4 else names[-1]


def _within(path: Path) -> str:
    return f" in {_subject(path)}" if path else ""


def _article(title: str) -> str:
    if title.startswith(("true", "limits", "upload")):
        return title
    return f"{'an' if title[0] in 'aeio' else 'a'} {title}"


_SAYERS: Mapping[str, Callable[[Any, Path], Iterator[Fault]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "enum": _not_allowed,
    "const": _not_const,
    "anyOf": _any_of,
    "oneOf": _one_id,
    "minimum": _out_of_bounds,
    "maximum": _out_of_bounds,
    "exclusiveMinimum": _out_of_bounds,
    "pattern": _bad_pattern,
    "uniqueItems": _twice,
    "minItems": _too_few,
    "minProperties": _too_few,
    "maxProperties": _too_many,
}
