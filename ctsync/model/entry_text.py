"""An entry as stores keep it: its line, and what is looked for without reading it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Raw, Struct
from msgspec.json import Decoder

from ctsync.canonical_json import parse
from ctsync.model.entry import Entry, entry_line
from ctsync.model.profile_key import ProfileKey, key_from_json


class EntryText(Struct, frozen=True):
    """The canonical line of an entry, with its newline; `names` are folded, in order.

    Whoever can say at once what a line comes to makes no values on the way.
    """

    key: ProfileKey
    line: bytes
    names: Sequence[str]
    fingerprint: str | None = None
    is_bound: bool = False
    gone: bool = False


def text_from_line(line: bytes) -> EntryText:
    """Return an entry as text from its line, which `entry_line` wrote.

    Raises:
        ValueError, LookupError: it did not write this.
    """
    kept = _TEXTS.decode(line)
    some = kept.attributes.values() if _OURS in line else ()
    is_bound = bool(kept.cohorts) or any("ours" in parse(bytes(each)) for each in some)
    return EntryText(
        key_from_json(kept.key),
        line,
        sorted(kept.attributes),
        kept.fingerprint,
        is_bound,
        kept.gone,
    )


class _KeptText(Struct):
    """What of a line is looked for; what is known of attributes is not read."""

    key: dict[str, str]
    attributes: dict[str, Raw]
    cohorts: tuple[str, ...] = ()
    fingerprint: str | None = None
    gone: bool = False


_TEXTS = Decoder(_KeptText)
_OURS = b'"ours":'  # an attribute may be called so, too


def text_of(entry: Entry | EntryText) -> EntryText:
    """Return an entry as text, if it is not already."""
    if isinstance(entry, EntryText):
        return entry
    return EntryText(
        entry.key,
        entry_line(entry),
        sorted(entry.attributes),
        entry.fingerprint,
        entry.is_bound,
        entry.gone,
    )
