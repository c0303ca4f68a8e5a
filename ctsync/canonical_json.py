"""One spelling of JSON, and the digests taken from it.

Canonical JSON is UTF-8, keys sorted, no spaces: equal values give equal bytes on
every machine.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a value.

    Raises:
        TypeError: the value holds something that JSON cannot say.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def spelled(data: bytes) -> Any:
    """Return bytes that `canonical` takes over as they stand, unread and unsorted.

    They are the canonical JSON of a part; or of several lines, if these are the whole.
    """
    return orjson.Fragment(data)


def parse(data: bytes | str) -> Any:
    """Read JSON.

    Raises:
        ValueError: the text is not JSON.
    """
    return orjson.loads(data)


def sha256(*parts: bytes) -> str:
    """Return the SHA-256 of the joined parts as 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """Return the form under which the platform takes two attribute names for one.

    Names that differ only by letter case or spaces are one property (client code), and
    reads show custom ones without either (recorded).
    """
    return fold_text(name)


def fold_text(text: str) -> str:
    """Return the same form of a value, of which there are too many to remember."""
    if text.isascii():
        return "".join(text.lower().split())
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


def fold_id(identifier: str) -> str:
    """Return the form under which two identifiers might be one person's."""
    if identifier.isascii():
        return identifier.strip().lower()
    return unicodedata.normalize("NFC", identifier.strip()).casefold()
