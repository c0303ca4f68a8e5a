"""The file of a cache: who may read it, what it must be to be believed, how it is kept.

    ctsync.cache/1 <SHA-256 of the index> <its bytes>
    <index: JSON: stamp, bytes in all, records>
    <columns and words of each record>

Every part has its SHA-256 in the index and is compared with it when it is read.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sys
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeAlias

import ctsync
from ctsync.canonical_json import canonical, parse, sha256

FORMAT = b"ctsync.cache/1"
MOST_FILES = 8  # of the project files and environments of one folder

_OWNER_READS, _OWNER_ENTERS = 0o600, 0o700
_OTHERS, _OTHERS_WRITE = 0o077, 0o022
_FIRST_BYTES = 256
_CHUNK = 1 << 20


class Slice(NamedTuple):
    """Where a part stands, counted from the end of the index."""

    at: int
    size: int
    sha256: str


class Record(NamedTuple):
    """What is kept of one spec file. `salt` is in its marks."""

    columns: Slice
    words: Slice
    salt: str


Part: TypeAlias = "bytes | bytearray | Slice"


class CacheFile:
    """A file of the cache as it is now; without records if it cannot be believed."""

    def __init__(self, path: Path) -> None:
        self.records: dict[str, Record] = {}
        self._path = path
        self._start = 0
        self._fd = _open(path)
        if self._fd is not None:
            weakref.finalize(self, os.close, self._fd)
            with suppress(OSError, ValueError, TypeError, KeyError):
                self.records = self._index(self._fd)

    def _index(self, fd: int) -> dict[str, Record]:
        first, newline, _ = os.pread(fd, _FIRST_BYTES, 0).partition(b"\n")
        form, digest, size = first.split(b" ")
        start = len(first) + len(newline)
        text = os.pread(fd, int(size), start)
        if form != FORMAT or sha256(text).encode() != digest:
            return {}
        index = parse(text)
        self._start = start + len(text)
        if index["stamp"] != stamp() or _size(fd) != self._start + index["bytes"]:
            return {}
        return {
            key: Record(Slice(*columns), Slice(*words), salt)
            for key, (columns, words, salt) in index["records"].items()
        }

    def read(self, part: Slice) -> bytes | None:
        """Return a part, None where it is not what was written."""
        data = b""
        if self._fd is not None:
            with suppress(OSError):
                data = os.pread(self._fd, part.size, self._start + part.at)
        return data if sha256(data) == part.sha256 else None

    def remove(self) -> None:
        """Drop the file, if there is one."""
        if self._fd is not None:
            with suppress(OSError):
                self._path.unlink()

    def replace(self, parts: Mapping[str, tuple[Part, Part]], salt: str) -> None:
        """Put a new file in its place; parts of the one before are copied.

        Raises:
            OSError: it cannot be written, or another run is writing it.
        """
        index = _index_of(parts, salt)
        first = b" ".join((FORMAT, sha256(index).encode(), str(len(index)).encode()))
        with _aside(self._path) as fd:
            _write(fd, b"".join((first, b"\n", index)))
            for part in (part for pair in parts.values() for part in pair):
                self._put(fd, part)
        _drop_oldest(self._path.parent)

    def _put(self, fd: int, part: Part) -> None:
        if not isinstance(part, Slice):
            _write(fd, part)
            return
        source = -1 if self._fd is None else self._fd
        at, end = self._start + part.at, self._start + part.at + part.size
        while at < end:
            data = os.pread(source, min(_CHUNK, end - at), at)
            if not data:
                raise OSError("the cache was cut off")
            _write(fd, data)
            at += len(data)


def _index_of(parts: Mapping[str, tuple[Part, Part]], salt: str) -> bytes:
    at, records = 0, {}
    for key, pair in parts.items():
        slices = []
        for part in pair:
            if not isinstance(part, Slice):
                part = Slice(0, len(part), hashlib.sha256(part).hexdigest())  # noqa: PLW2901 - measured
            slices.append((at, part.size, part.sha256))
            at += part.size
        records[key] = (*slices, salt)
    return canonical({"stamp": stamp(), "bytes": at, "records": records})


def _open(path: Path) -> int | None:
    """Open a file that only we can have written; None where there is none."""
    if stamp() is None or not _is_ours(path.parent.parent, _OTHERS_WRITE):
        return None
    if not _is_ours(path.parent, _OTHERS):
        return None
    # A link that somebody put there is not followed, and a pipe not waited for.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(path, flags)
    except OSError:
        return None
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) and _is_private(found, _OTHERS):
        return fd
    os.close(fd)
    return None


def _is_ours(folder: Path, others: int) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and _is_private(found, others)


def _is_private(found: os.stat_result, others: int) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & others


@contextmanager
def _aside(path: Path) -> Iterator[int]:
    """Return a file that takes the place of `path` when the context ends well.

    Its lock dies with the run that writes it, so what a kill left is written over and
    two runs never write at the same time.
    """
    _make_folders(path.parent)
    aside = path.with_name(f"{path.name}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(aside, flags, _OWNER_READS)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(fd, _OWNER_READS)
        found = os.fstat(fd)
        # Before it was locked, another run may have moved it to its place.
        if not os.path.samestat(found, aside.lstat()) or not _is_private(
            found, _OTHERS
        ):
            raise OSError("the cache is not ours alone")
        os.ftruncate(fd, 0)
        try:
            yield fd
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    finally:
        os.close(fd)


def _make_folders(folder: Path) -> None:
    for each, others in ((folder.parent, _OTHERS_WRITE), (folder, _OTHERS)):
        with suppress(FileExistsError):
            each.mkdir(mode=_OWNER_ENTERS)
        if not _is_ours(each, _OTHERS_WRITE):
            raise OSError("the folder of the cache is not ours alone")
        # Others may read `.ctsync`, and not the cache in it.
        if not _is_ours(each, others):
            each.chmod(_OWNER_ENTERS)


def _drop_oldest(folder: Path) -> None:
    found = sorted(folder.iterdir(), key=lambda each: -each.lstat().st_mtime_ns)
    for path in found[MOST_FILES:]:
        path.unlink()


def _write(fd: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _size(fd: int) -> int:
    return os.fstat(fd).st_size


@cache
def stamp() -> str | None:
    """Name all that decides what a file reads as; None where it cannot be told.

    That is the code, ours and the YAML parser's: numbers of versions are not changed by
    those who work on it.
    """
    yaml = find_spec("yaml")
    ours = Path(ctsync.__file__).parent
    folders = [ours, *(ours / room for room in ("kinds", "model", "project", "yaml"))]
    folders += map(Path, (yaml and yaml.submodule_search_locations) or ())
    try:
        files = [each for folder in folders for each in _files(folder)]
    except OSError:
        return None
    words = [ctsync.__version__, sys.version, sys.byteorder, files]
    return sha256(FORMAT, canonical(words))


def _files(folder: Path) -> list[tuple[str, int, int]]:
    with os.scandir(folder) as found:
        stats = [(each.name, each.stat()) for each in found if each.is_file()]
    return sorted((name, at.st_size, at.st_mtime_ns) for name, at in stats)
