"""The JSON Schema of tables, and of what they share with files of members."""

from __future__ import annotations

from typing import Any

from ctsync.model.profile_key import ID_TYPES
from ctsync.project.schema.parts import IGNORED, Schema, flag, map_of, text_of
from ctsync.project.table_columns import BLANKS, HOWS
from ctsync.project.tables import ENCODINGS

_EXAMPLE = (
    "{crm: {file: export.csv, key: {identity: customer_id}, columns: {plan: Plan}}}"
)


def tables_schema() -> Schema:
    """Return the schema of `tables:`."""
    return {
        "type": "object",
        "title": "map of tables",
        "examples": [_EXAMPLE],
        "description": "Profiles from files.",
        "patternProperties": {IGNORED: True},
        "additionalProperties": _table(),
    }


def file_schema(says: str, example: str) -> Schema:
    """Return the schema of a pattern of files."""
    return {**text_of("file", says), "examples": [example]}


def key_schema() -> Schema:
    """Return the schema of an id type and its column."""
    says = "The column that holds this id."
    return {
        "examples": ["{identity: customer_id}"],
        "type": "object",
        "title": "map of an id type and its column",
        "description": "The id type and its column, as in {identity: customer_id}.",
        "properties": {name: text_of("column", says) for name in ID_TYPES},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _table() -> Schema:
    files = (
        "Files with the rows: a pattern such as export/*.parquet, relative to this "
        "file; .csv, .tsv or .jsonl, also .gz and .zst, .parquet or .arrow, or what an "
        "installed package adds; may hold ${NAME}."
    )
    where = (
        "Only rows for which this is true: a DuckDB expression over the columns, "
        "without time, chance or files. Columns of CSV are text."
    )
    names = {
        "file": file_schema(files, "export/*.parquet"),
        "key": key_schema(),
        "where": text_of("condition", where),
        "columns": _columns(),
        "compute": _compute(),
        "csv": _csv(),
        "nulls": {
            "type": "array",
            "title": "list of words",
            "description": "Words that mean a blank cell. Default: none, but such "
            "words are warned about.",
            "items": text_of("word", "A word that means a blank cell."),
            "examples": [["NULL", "\\N"]],
        },
        "int96": _choice(
            ("utc",),
            "time zone of INT96",
            "Moments that Parquet stores as INT96 do not tell their time zone; utc is "
            "what Spark writes. Default: such a column is an error.",
        ),
        "blank": _blank(
            "A missing, null or empty cell: keep leaves the attribute "
            "alone, remove removes it. Default: keep."
        ),
        "duplicates": _choice(
            ("error", "last"),
            "rule for duplicates",
            "The same key twice: error, or the last by path and row. Default: error.",
        ),
        "missing": _choice(
            ("keep", "remove"),
            "rule for missing rows",
            "A known profile without a row: keep leaves the table's attributes alone, "
            "remove removes those that ctsync sent. Default: keep.",
        ),
        "invalid": _choice(
            ("error", "skip"),
            "rule for bad rows",
            "A bad row: error, or skip: left alone and counted, up to limits.skip. "
            "Default: error.",
        ),
        "allow_empty": flag("Whether no file, or no row, is fine. Default: false."),
    }
    body = map_of(names, "map with a file", "Profiles from files, one a row.")
    return {**body, "required": ["file", "key"]}


def _compute() -> Schema:
    says = (
        "Attributes by an expression of DuckDB over the columns, as in where; key for "
        "the id."
    )
    return {
        "examples": ["{Phone: \"'+91' || mobile\"}"],
        "type": "object",
        "title": "map of expressions",
        "description": says,
        "patternProperties": {IGNORED: True},
        "additionalProperties": text_of("expression", says),
        "minProperties": 1,
    }


def _csv() -> Schema:
    names = {
        "separator": {
            **text_of(
                "character",
                "What stands between cells. Default: a comma, in .tsv a tab.",
            ),
            "pattern": '^[^"\\r\\n\\x00\\x80-\\uffff]$',
            "examples": [";"],
        },
        "encoding": _choice(
            ENCODINGS, "encoding", "How text is written as bytes. Default: utf-8."
        ),
        "decimal": _choice(
            (".", ","), "decimal mark", "What stands before fractions. Default: a dot."
        ),
        "header": {
            "title": "true, or a list of names",
            "description": "Names of the columns, where no line of the file has them.",
            "anyOf": [
                {"const": True},
                {
                    "type": "array",
                    "items": text_of("column", "The name of a column."),
                    "minItems": 1,
                },
            ],
        },
    }
    return map_of(names, "map of CSV options", "How CSV files are written.")


def _columns() -> Schema:
    return {
        "examples": ["{plan: Plan}"],
        "type": "object",
        "title": "map of columns",
        "description": "What columns give: column: attribute, or a map of options.",
        "patternProperties": {IGNORED: True},
        "additionalProperties": _column(),
        "minProperties": 1,
    }


def _column() -> Schema:
    names = {
        "attribute": {
            **text_of("attribute", "The attribute that the column gives."),
            "examples": ["Plan"],
        },
        "as": _choice(
            HOWS,
            "way of declaring a list",
            "exactly these values, or only include or exclude them. Default: exactly.",
        ),
        "split": text_of("text", "What stands between the values of a list."),
        "map": {
            "type": "object",
            "title": "map of words",
            "description": "Values by the text of the cell; null removes; any other "
            "text is an error.",
            "minProperties": 1,
        },
        "blank": _blank("A missing, null or empty cell. Default: as the table says."),
        "format": text_of("format", 'How dates are written, as in "%d/%m/%Y".'),
    }
    options = map_of(names, "map with an attribute", "A column with options.")
    return {
        "title": "attribute, or a map with one",
        "description": "The attribute that the column gives, or a map with options.",
        "anyOf": [
            text_of("attribute", "The attribute that the column gives."),
            {**options, "required": ["attribute"]},
        ],
    }


def _blank(says: str) -> Schema:
    return _choice(BLANKS, "rule for blank cells", says)


def _choice(choices: tuple[Any, ...], title: str, says: str) -> Schema:
    return {"enum": [*choices], "title": title, "description": says}
