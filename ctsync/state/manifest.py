"""The one file of a folder that is replaced: it names the others that count."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from ctsync.model.snapshot import Header
from ctsync.state.parquet_files import ParquetFile
from ctsync.state.snapshot_codec import header_from_line, header_line, not_a_state

NAME = "manifest.json"
SHEET_NAME = re.compile(r"ctsync-(?:base|segment)-([0-9]+)\.parquet")


class Manifest(Struct, frozen=True):
    """A header and the sheets of its entries: of each key, the last sheet's row."""

    header: Header
    base: ParquetFile
    segments: tuple[ParquetFile, ...] = ()

    @property
    def parquet_files(self) -> tuple[ParquetFile, ...]:
        """All of them, the base first."""
        return (self.base, *self.segments)

    def stamped(self, fds: Sequence[int]) -> Manifest:
        """Return it with the stamps that the open files have now."""
        base, *segments = map(ParquetFile.stamped, self.parquet_files, fds)
        return replace(self, base=base, segments=tuple(segments))

    def as_line(self) -> bytes:
        """Return the content of the file, sealed."""
        base, *segments = to_builtins(self.parquet_files)
        return header_line(self.header, base=base, segments=segments) + b"\n"


class _NamedFiles(Struct):
    base: ParquetFile
    segments: tuple[ParquetFile, ...]


def manifest_from_line(line: bytes, *, location: str, is_verified: bool) -> Manifest:
    """Read what `Manifest.as_line` wrote.

    Raises:
        StateError: it is no manifest, of a newer format, or (if verified) edited.
    """
    header, beside = header_from_line(line, location=location, is_verified=is_verified)
    try:
        named = convert(beside, _NamedFiles)
        for file in (named.base, *named.segments):
            _require_name(file.name)
    except ValueError as error:
        raise not_a_state(location, "its manifest names no files") from error
    return Manifest(header, named.base, named.segments)


def _require_name(name: str) -> None:
    if not SHEET_NAME.fullmatch(name):
        raise ValueError("not a name of a sheet")


class Compaction(Struct, frozen=True):
    """When changed entries are written together with the unchanged ones."""

    small_rows: int = 20_480  # a base that is written anew each time
    share: int = 10  # else once the segments hold a share of a tenth

    def is_due(self, manifest: Manifest, more: int = 0) -> bool:
        """Return whether base and segments, and `more` rows, are to become one base."""
        rows = sum(parquet_file.rows for parquet_file in manifest.segments) + more
        return rows * self.share > manifest.base.rows

    def tail(self, segments: tuple[ParquetFile, ...]) -> int:
        """Return how many segments, from the last one back, are to become one.

        Each is then at least twice as large as the one after it, so that few stand
        side by side, and a row is written again only a few times before compaction.
        """
        count, rows = 0, 0
        for parquet_file in reversed(segments):
            if count and parquet_file.rows >= 2 * rows:
                break
            count, rows = count + 1, rows + parquet_file.rows
        return count
