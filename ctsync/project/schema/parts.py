"""What the schemas of the language are made of.

Every `title` is a noun: findings use it (`unknown region "eu9"`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

IGNORED = "^x-"


def map_of(properties: Mapping[str, Any], title: str, says: str) -> Schema:
    """Return a map of these keys and no others, x- keys apart."""
    return {
        "type": "object",
        "title": title,
        "description": says,
        "properties": dict(properties),
        "patternProperties": {IGNORED: True},
        "additionalProperties": False,
    }


def text_of(title: str, says: str, pattern: str | None = None) -> Schema:
    """Return text that is not empty."""
    schema = {"type": "string", "minLength": 1, "title": title, "description": says}
    return schema if pattern is None else {**schema, "pattern": pattern}


def whole_of(least: int, most: int, says: str) -> Schema:
    """Return a whole number between two."""
    return {
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "title": "whole number",
        "description": says,
    }


def flag(says: str) -> Schema:
    """Return a boolean."""
    return {"type": "boolean", "title": "true or false", "description": says}
