"""How the platform tells names and keys apart."""

import unicodedata
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

ID_KINDS = ("identity", "FBID", "GPID", "objectId")


class SandboxKey(NamedTuple):
    """An id within one of the four separate namespaces."""

    kind: str
    value: str


@lru_cache(maxsize=65_536)
def fold_name(name: str) -> str:
    """Return the form under which attribute names are equal."""
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


def fold_key(key: SandboxKey) -> SandboxKey:
    """Return the form under which two keys may be one person."""
    return SandboxKey(
        key.kind, unicodedata.normalize("NFC", key.value).strip().casefold()
    )


def keys_in(record: Json) -> list[SandboxKey]:
    """Return every usable id that a record carries, in the order they are tried."""
    if not isinstance(record, dict):
        return []
    # Which of several counts is published nowhere: this order is inferred.
    found = ((kind, _id_text(record.get(kind))) for kind in ID_KINDS)
    return [SandboxKey(kind, text) for kind, text in found if text]


def _id_text(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if text.strip() else ""
