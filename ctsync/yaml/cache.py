"""Files as they were read the last time, in `.ctsync/cache/` of the project's folder.

A file of the same bytes is not parsed again. The cache holds clear values, so nobody
but its owner can read it, and it can be deleted at any time. Nothing depends on it:
what is damaged, not ours, or of another version is passed over and written anew.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import partial
from pathlib import Path

from ctsync.canonical_json import sha256
from ctsync.errors import SpecError
from ctsync.yaml.cache_file import CacheFile, Part, Record
from ctsync.yaml.cached_tree import can_dump, dump_document, load_document
from ctsync.yaml.reader import Document, parse_document, read_file

FOLDER = Path(".ctsync", "cache")
SUFFIX = ".read"
LEAST_BYTES = 65_536  # less is parsed about as quickly as it is looked up
_GROWTH = 4  # aliases can say a thing many times: what grew more is not kept


class Cache:
    """What was read of the files of a project."""

    def __init__(self, root: Path, name: str) -> None:
        """`name` tells apart those who would otherwise take each other's place."""
        path = root / FOLDER / f"{sha256(name.encode())[:16]}{SUFFIX}"
        self._file = CacheFile(path)
        self._used: dict[str, tuple[Document, int]] = {}

    def read(self, path: Path) -> Document:
        """Return what a file holds."""
        known = self._known(path) if self._file.records else None
        if known is None:
            data = read_file(path)
            if isinstance(data, Document):
                return data
            known = parse_document(data, in_columns=True), len(data)
        document, _ = known
        self._used[document.sha256] = known
        return document

    def _known(self, path: Path) -> tuple[Document, int] | None:
        """A file that is in the cache, and its size; it is not held in memory."""
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
        except OSError:
            return None
        document = self._stored(digest, path)
        return None if document is None else (document, size)

    def _stored(self, digest: str, path: Path) -> Document | None:
        record = self._file.records.get(digest)
        columns = None if record is None else self._file.read(record.columns)
        if record is None or columns is None:
            self._file.records.pop(digest, None)
            return None
        words = partial(self._words, record, path, digest)
        return load_document(columns, words, bytes.fromhex(record.salt), digest)

    def _words(self, record: Record, path: Path, digest: str) -> bytes | bytearray:
        stored = self._file.read(record.words)
        if stored is None:
            self._file.remove()
            return _words_again(path, digest)
        return stored

    def save(self, salt: bytes) -> None:
        """Keep what was read for the next time, with marks that `salt` is in."""
        if sum(size for _, size in self._used.values()) < LEAST_BYTES:
            self._file.remove()
            return
        for document, _ in self._used.values():
            for profile_columns in document.profiles.values():
                profile_columns.seal(salt)
        used = {key: doc for key, (doc, size) in self._used.items() if _fits(doc, size)}
        known = self._file.records
        if {key: salt.hex() for key in used} == {k: r.salt for k, r in known.items()}:
            return
        parts: dict[str, tuple[Part, Part]] = {
            key: known[key][:2]
            if key in known and known[key].salt == salt.hex()
            else dump_document(document)
            for key, document in used.items()
        }
        with suppress(OSError):
            self._file.replace(parts, salt.hex())


def _fits(document: Document, size: int) -> bool:
    profiles = document.profiles.values()
    words = sum(
        profile_columns.ends[-1] if profile_columns.ends else 0
        for profile_columns in profiles
    )
    return can_dump(document) and words <= _GROWTH * size


def _words_again(path: Path, digest: str) -> bytes | bytearray:
    """Read the words of a file whose columns were in the cache.

    Raises:
        SpecError: it is not the same file any more.
    """
    data = read_file(path)
    if isinstance(data, Document) or hashlib.sha256(data).hexdigest() != digest:
        raise SpecError(f"{path.name} changed while it was read: try again", ())
    (profile_columns,) = parse_document(data, in_columns=True).profiles.values()
    return profile_columns.words
