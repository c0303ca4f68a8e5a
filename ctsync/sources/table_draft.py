"""A first table for an export: catalog, mapping, and doubts as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from ctsync.sources.export_survey import Export, SeenColumn, words_in

_KEYS = ("identity", "customer id", "user id", "id", "uid", "email", "mail")
_SYSTEM: Mapping[str, tuple[str, ...]] = {
    "Name": ("name", "full name", "customer name", "display name"),
    "Email": ("email", "e mail", "mail", "email address"),
    "Phone": ("phone", "mobile", "phone number", "mobile number", "msisdn"),
    "Gender": ("gender", "sex"),
    "DOB": ("dob", "birthday", "birth date", "date of birth", "birthdate"),
}
_PERSONAL = frozenset(
    {"name", "email", "mail", "phone", "mobile", "address", "street", "zip", "postcode"}
    | {"birth", "birthday", "dob", "ssn", "pan", "passport", "iban", "account", "ip"}
)
_CODES = frozenset(
    {"id", "code", "zip", "pin", "postcode", "phone", "mobile", "sku", "number", "no"}
)
_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%z",
)  # fmt: skip
_DAY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)?)?")
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})")
_FRACTION = re.compile(r"-?(0|[1-9]\d*)\.\d+")
_COMMA = re.compile(r"-?\d{1,3}(\.\d{3})*,\d+|-?\d+,\d+")
_PHONE = re.compile(r"\+\d{7,15}")
_GENDERS = {"m": "M", "male": "M", "f": "F", "female": "F"}
_SWITCHES = {"true": True, "yes": True, "false": False, "no": False}
_FORBIDDEN = re.compile(r"[%><!|&.:;$'\"\\#]")
_EXTRA_TYPES = {"number": "number", "boolean": "boolean", "list": "list"}


class DraftColumn(Struct):
    """What a column becomes: `options` beside its attribute, or why it is left out."""

    column: str
    attribute: str
    kind: str | None = None
    options: dict[str, object] = {}
    doubt: str | None = None
    is_left_out: bool = False
    is_sensitive: bool = False


def draft_table(export: Export, name: str, file: str) -> str:
    """Return the YAML of a table that reads an export, with its catalog."""
    key = _key_of(export)
    others = (column for column in export.columns if column is not key)
    drafts = [_draft(column, has_types=not export.is_csv) for column in others]
    _part_names(drafts)
    lines = [f"# Made from the first {export.rows:,} rows of {file}. Look through it:"]
    lines += ["# what a comment doubts, nobody but you knows.", "catalog:"]
    catalog = [*_catalog(drafts)]
    lines += catalog or ["  {}"]
    lines += ["tables:", f"  {name}:", f"    file: {_yaml(file)}"]
    lines += [
        f"    key: {{{_id_type(key)}: {_yaml(key.name)}}}{_key_doubt(key, export)}"
    ]
    lines += ["    columns:"]
    lines += [_line(draft) for draft in drafts]
    lines += _table_options(export, drafts)
    return "\n".join(lines) + "\n"


def _key_of(export: Export) -> SeenColumn:
    """Return the column that names people best."""
    full = [c for c in export.columns if c.count == export.rows and c.is_unique]
    candidates = full or [*export.columns]

    def rank(column: SeenColumn) -> int:
        said = " ".join(words_in(column.name))
        return _KEYS.index(said) if said in _KEYS else len(_KEYS)

    return min(candidates, key=rank)


def _id_type(key: SeenColumn) -> str:
    said = "".join(words_in(key.name))
    types = {"objectid": "objectId", "fbid": "FBID", "gpid": "GPID"}
    return next((kind for part, kind in types.items() if part in said), "identity")


def _key_doubt(key: SeenColumn, export: Export) -> str:
    if key.count < export.rows or not key.is_unique:
        return "  # blank or twice in some rows: is it the id?"
    return "" if " ".join(words_in(key.name)) in _KEYS[:5] else "  # is it the id?"


def _draft(column: SeenColumn, *, has_types: bool) -> DraftColumn:
    said = " ".join(words_in(column.name))
    system = next((a for a, names in _SYSTEM.items() if said in names), None)
    attribute = system or _attribute_of(column.name)
    draft = DraftColumn(column.name, attribute, options={})
    draft.is_sensitive = system is None and not _PERSONAL.isdisjoint(
        words_in(column.name)
    )
    if not column.count or not column.sort:
        draft.is_left_out = True
        draft.doubt = "no values" if column.sort else "maps are no values"
    elif system is not None:
        _as_system(draft, column)
    elif column.sort == "text":
        _as_text(draft, column, has_types=has_types)
    else:
        draft.kind = _EXTRA_TYPES.get(column.sort, "date")
    return draft


def _attribute_of(name: str) -> str:
    words = [word.capitalize() for word in words_in(_FORBIDDEN.sub(" ", name))]
    return " ".join(words) or "Column"


def _as_system(draft: DraftColumn, column: SeenColumn) -> None:
    words = [*column.words]
    if draft.attribute == "Gender":
        meant = {w: _GENDERS.get(w.strip().lower()) for w in words}
        if set(words) - {"M", "F"}:
            draft.options["map"] = {w: v for w, v in meant.items() if v} or None
        if None in meant.values():
            draft.doubt = "some words are neither M nor F: add them to map"
            draft.is_left_out = True
    elif draft.attribute == "DOB" and column.sort == "text":
        _as_date(draft, words)
    elif draft.attribute == "Email" and not all("@" in word for word in words):
        draft.is_left_out, draft.doubt = True, "some cells are no addresses"
    elif draft.attribute == "Phone" and not all(map(_PHONE.fullmatch, words)):
        draft.is_left_out = True
        draft.doubt = "numbers need + and a country code: see compute: in the reference"


def _as_text(draft: DraftColumn, column: SeenColumn, *, has_types: bool) -> None:
    words = [*column.words]
    folded = {word.lower() for word in words}
    is_code = not _CODES.isdisjoint(words_in(column.name))
    if folded <= _SWITCHES.keys():
        draft.kind = "boolean"
        if not folded >= set(words):
            draft.options["map"] = {w: _SWITCHES[w.lower()] for w in sorted(words)}
        elif folded & {"yes", "no"}:
            draft.options["map"] = {w: _SWITCHES[w] for w in sorted(words)}
    elif all(map(_DAY.fullmatch, words)) or _forms_of(words):
        _as_date(draft, words)
    elif all(map(_is_number, words)) and not (is_code or has_types):
        draft.kind = "number"
    elif sum(";" in word for word in words) * 4 > len(words):
        draft.kind, draft.options["split"] = "list", ";"
    else:
        draft.kind = "string"


def _is_number(word: str) -> bool:
    return any(p.fullmatch(word) for p in (_WHOLE, _FRACTION, _COMMA))


def _as_date(draft: DraftColumn, words: Sequence[str]) -> None:
    draft.kind = None if draft.attribute == "DOB" else "date"
    if all(map(_DAY.fullmatch, words)):
        return
    forms = _forms_of(words)
    if not forms:
        draft.is_left_out, draft.doubt = True, "not one form: see format: and compute:"
        return
    draft.options["format"] = forms[0]
    if len(forms) > 1:
        draft.doubt = f'or "{forms[1]}"? both read every cell'


def _forms_of(words: Sequence[str]) -> list[str]:
    return [form for form in _FORMATS if all(_fits(word, form) for word in words)]


def _fits(word: str, form: str) -> bool:
    try:
        datetime.strptime(word, form)  # noqa: DTZ007 - only its shape counts
    except ValueError:
        return False
    return True


def _part_names(drafts: Sequence[DraftColumn]) -> None:
    """Let no two columns give one attribute, in any letter case."""
    met: set[str] = set()
    for draft in drafts:
        name, number = draft.attribute, 2
        while draft.attribute.lower() in met:
            draft.attribute = f"{name} {number}"
            number += 1
        met.add(draft.attribute.lower())


def _catalog(drafts: Sequence[DraftColumn]) -> Iterator[str]:
    for draft in drafts:
        if draft.attribute in _SYSTEM:
            continue
        words: dict[str, object] = {"type": draft.kind or "string"}
        if draft.is_sensitive:
            words["sensitive"] = True
        yield f"  {_yaml(draft.attribute)}: {_flow(words)}"


def _line(draft: DraftColumn) -> str:
    said = _yaml(draft.attribute)
    if any(value is not None for value in draft.options.values()):
        said = _flow({"attribute": draft.attribute, **draft.options})
    mark = "# " if draft.is_left_out else ""
    doubt = f"  # {draft.doubt}" if draft.doubt else ""
    return f"      {mark}{_yaml(draft.column)}: {said}{doubt}"


def _table_options(export: Export, drafts: Sequence[DraftColumn]) -> list[str]:
    words: dict[str, object] = {}
    if export.separator != ",":
        words["separator"] = export.separator
    if export.encoding != "utf-8":
        words["encoding"] = export.encoding
    numbers = {draft.column for draft in drafts if draft.kind == "number"}
    cells = (w for c in export.columns if c.name in numbers for w in c.words)
    if export.is_csv and any(map(_COMMA.fullmatch, cells)):
        words["decimal"] = ","
    nulls = sorted({word for column in export.columns for word in column.nulls})
    lines = [f"    csv: {_flow(words)}"] if words else []
    return lines + ([f"    nulls: {json.dumps(nulls)}"] if nulls else [])


def _flow(words: Mapping[str, object]) -> str:
    pairs = (f"{_yaml(k)}: {_value(v)}" for k, v in words.items() if v is not None)
    return f"{{{', '.join(pairs)}}}"


def _value(value: object) -> str:
    return _flow(value) if isinstance(value, dict) else _yaml(value)


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*")
_TRAPS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])


def _yaml(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value == value.strip():
        return (
            json.dumps(value) if value.lower() in _TRAPS and len(value) > 1 else value
        )
    return json.dumps(value, ensure_ascii=False)
