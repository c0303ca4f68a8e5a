"""A first table for an export: catalog, mapping, and doubts as comments.

What a draft says can be read by the table that it writes: whatever a cell speaks
against stands behind `#`, with the reason beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from ctsync.formats.survey import Export, SeenColumn
from ctsync.limits import PlatformLimits
from ctsync.sources.cell_guesses import COMMA
from ctsync.sources.column_draft import DraftColumn, Drafter, Rules, part_names
from ctsync.sources.doubtful_cells import doubtful_id
from ctsync.sources.export_survey import words_in
from ctsync.sql_text import whole_id_sql

_KEYS = ("identity", "customer id", "user id", "id", "uid", "email", "mail")
_NEARLY = 0.9  # of all rows, with ids of their own


class Draft(Struct, frozen=True):
    """The YAML of a table, and how many columns it leaves out behind `#`."""

    text: str
    left_out: int


def draft_table(
    export: Export,
    name: str,
    file: str,
    *,
    key: tuple[str, str] | None = None,
    rule_of: Rules = lambda _: None,
    limits: PlatformLimits | None = None,
) -> Draft:
    """Return a table that reads an export, with its catalog.

    `key` is the id type and its column, where somebody knows them. `rule_of` gives the
    rule of an attribute that the project declares already, by folded name.
    """
    id_type, key_column = _key_of(export, key)
    others = (column for column in export.columns if column is not key_column)
    made = Drafter(rule_of, limits or PlatformLimits(), has_types=not export.is_csv)
    drafts = [made.draft(column) for column in others]
    part_names(drafts)
    lines = [f"# Made from the first {export.rows:,} rows of {file}. Look through it:"]
    lines += ["# what a comment doubts, nobody but you knows."]
    catalog = [*_catalog(drafts)]
    lines += ["catalog:", *catalog] if catalog else []
    lines += ["tables:", f"  {name}:", f"    file: {_yaml(file)}"]
    doubt = _key_doubt(key_column, export, is_given=key is not None)
    lines += [f"    key: {{{id_type}: {_yaml(key_column.name)}}}{doubt}"]
    lines += [*_columns(drafts), *_computed(drafts)]
    lines += _table_options(export, key_column, drafts)
    left_out = sum(draft.is_left_out for draft in drafts)
    return Draft("\n".join(lines) + "\n", left_out)


def _key_of(export: Export, key: tuple[str, str] | None) -> tuple[str, SeenColumn]:
    """Return the id type, and the column that names people best.

    Raises:
        KeyError: there is no such column as `key` says.
    """
    if key is not None:
        named = {column.name: column for column in export.columns}
        return key[0], named[key[1]]
    count = export.rows - export.repeated
    full = [c for c in export.columns if c.count == count and c.is_unique]
    candidates = full or [*export.columns]

    def rank(column: SeenColumn) -> int:
        said = " ".join(words_in(column.name))
        return _KEYS.index(said) if said in _KEYS else len(_KEYS)

    found = min(candidates, key=rank)
    # An id that stands twice here and there is an id all the same.
    known = min(export.columns, key=rank)
    is_nearly = len(known.words) >= _NEARLY * count
    if rank(found) > rank(known) < _KEYS.index("email") and is_nearly:
        found = known
    return _id_type(found), found


def _id_type(key: SeenColumn) -> str:
    said = "".join(words_in(key.name))
    types = {"objectid": "objectId", "fbid": "FBID", "gpid": "GPID"}
    return next((kind for part, kind in types.items() if part in said), "identity")


def _key_doubt(key: SeenColumn, export: Export, *, is_given: bool) -> str:
    if any(word.endswith(".0") for word in key.words):
        made = json.dumps(whole_id_sql(key.name))
        return (
            f"  # takes numbers with a fraction as they are: compute: {{key: {made}}}"
        )
    if any(map(doubtful_id, key.words)):
        return "  # some ids are hardly what somebody meant: validate tells which"
    if key.count < export.rows - export.repeated or not key.is_unique:
        return "  # blank or twice in some rows: is it the id?"
    is_known = is_given or " ".join(words_in(key.name)) in _KEYS[:5]
    return "" if is_known else "  # is it the id?"


def _catalog(drafts: Sequence[DraftColumn]) -> Iterator[str]:
    for draft in drafts:
        if draft.is_declared or (draft.is_left_out and draft.kind is None):
            continue
        words: dict[str, object] = {"type": draft.kind or "string"}
        if draft.is_sensitive:
            words["sensitive"] = True
        mark = "# " if draft.is_left_out else ""
        yield f"  {mark}{_yaml(draft.attribute)}: {_flow(words)}"


def _columns(drafts: Sequence[DraftColumn]) -> Iterator[str]:
    """Yield the mapping; behind `#` as a whole where nothing of it counts."""
    found = [draft for draft in drafts if draft.computed is None]
    if found:
        is_some = any(not draft.is_left_out for draft in found)
        yield "    columns:" if is_some else "    # columns:"
    for draft in found:
        yield f"      {_mark(draft)}{_yaml(draft.column)}: {_said(draft)}{_why(draft)}"


def _computed(drafts: Sequence[DraftColumn]) -> Iterator[str]:
    found = [draft for draft in drafts if draft.computed is not None]
    if found:
        is_some = any(not draft.is_left_out for draft in found)
        yield "    compute:" if is_some else "    # compute:"
    for draft in found:
        made = f"{_yaml(draft.attribute)}: {json.dumps(draft.computed)}"
        yield f"      {_mark(draft)}{made}{_why(draft)}"


def _mark(draft: DraftColumn) -> str:
    return "# " if draft.is_left_out else ""


def _why(draft: DraftColumn) -> str:
    return f"  # {draft.doubt}" if draft.doubt else ""


def _said(draft: DraftColumn) -> str:
    if all(value is None for value in draft.options.values()):
        return _yaml(draft.attribute)
    return _flow({"attribute": draft.attribute, **draft.options})


def _table_options(
    export: Export, key: SeenColumn, drafts: Sequence[DraftColumn]
) -> Iterator[str]:
    words: dict[str, object] = {}
    if export.separator:
        words["separator"] = export.separator
    if export.encoding != "utf-8":
        words["encoding"] = export.encoding
    numbers = {d.column for d in drafts if d.kind in {"number", "counter"}}
    cells = (w for c in export.columns if c.name in numbers for w in c.words)
    if export.is_csv and any(map(COMMA.fullmatch, cells)):
        words["decimal"] = ","
    if words:
        yield f"    csv: {_flow(words)}"
    nulls = sorted({word for column in export.columns for word in column.nulls})
    if nulls:
        yield f"    nulls: {json.dumps(nulls)}"
    if not key.is_unique:
        yield "    # duplicates: last  # ids stand in rows that differ: which is meant?"
    elif export.repeated:
        rows = _counted(export.repeated, "row stands", "rows stand")
        yield f"    duplicates: last  # {rows} there before, word for word"
    if export.ragged:
        rows = _counted(export.ragged, "row has", "rows have")
        yield f"    # invalid: skip  # {rows} more or fewer cells than the header"


def _counted(count: int, one: str, several: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {several}"


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
