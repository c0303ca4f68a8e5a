"""Entries as they are stored: lines that are understood only where they are needed.

Most entries of a snapshot are looked at for nothing but their key and fingerprint. Both
stand side by side in the canonical line of an entry, so that one comparison tells
whether a profile is as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.canonical_json import canonical
from ctsync.model.entry import Entry, entry_from_line
from ctsync.model.profile_key import ProfileKey

# A quote inside of text is escaped, so this stands nowhere but before a fingerprint.
FINGERPRINT = b'"fingerprint":"'
_OPENING = len(b"{") + len(FINGERPRINT)
_CLOSING = len(b"}")


def mark_of(fingerprint: str, key: ProfileKey) -> bytes:
    """Return what stands behind `FINGERPRINT` in the line of such an entry.

    Nothing stands between the two in the line of a profile that is not gone, so
    `line.startswith(mark, line.rfind(FINGERPRINT) + len(FINGERPRINT))` says whether a
    line is of that profile with that fingerprint.
    """
    line = canonical({"fingerprint": fingerprint, "key": key.as_json()})
    return line[_OPENING:-_CLOSING]


def marks_of(fingerprints: Iterable[str], kind: str, ids: Sequence[str]) -> bytes:
    """Return the marks of profiles of one id type, a line each."""
    if not ids:
        return b""
    joined = canonical(ids).decode()
    # A quote in an id is escaped; without any, `","` stands nowhere but between two.
    if "\\" in joined:
        texts = [canonical(text).decode()[1:-1] for text in ids]
    else:
        texts = joined[2:-2].split('","')
    pairs = zip(fingerprints, texts, strict=True)
    lines = [f'{mark}","key":{{"{kind}":"{text}"}}' for mark, text in pairs]
    return "\n".join(lines).encode()


class StoredEntries(Iterator[Entry]):
    """Entries in the order of their keys, with the lines that they are read from.

    Who takes a line from `lines` takes the entry: it does not come again.
    """

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines = lines

    def __iter__(self) -> Iterator[Entry]:  # noqa: PYI034 - quicker than itself
        return map(entry_from_line, self.lines)

    def __next__(self) -> Entry:
        return entry_from_line(next(self.lines))
