"""The one file of a folder that is replaced: it names the others that count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, TypeAlias

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from ctsync.model.snapshot import Header
from ctsync.state.parquet_files import ParquetFile
from ctsync.state.snapshot_codec import header_from_line, header_line, not_a_state

NAME = "manifest.json"
SHEET_NAME = re.compile(r"ctsync-(?:base|segment)-([0-9]+)\.parquet")


class Sheet(Struct, frozen=True):
    """A base or a segment: rows sorted by key, in files that follow each other.

    What one machine writes is one file; of what a cluster folds, each range of keys.
    """

    files: tuple[ParquetFile, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(each.rows for each in self.files)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(each.size for each in self.files)

    @property
    def as_json(self) -> Any:
        """The form in a manifest: one file, or a list of several."""
        files = to_builtins(self.files)
        return files[0] if len(files) == 1 else files


class Manifest(Struct, frozen=True):
    """A header and the sheets of its entries: of each key, the last sheet's row."""

    header: Header
    base: Sheet
    segments: tuple[Sheet, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All of them, the base first."""
        return (self.base, *self.segments)

    @property
    def parquet_files(self) -> tuple[ParquetFile, ...]:
        """The files of all of them."""
        return tuple(chain.from_iterable(sheet.files for sheet in self.sheets))

    @property
    def sized_files(self) -> Iterator[tuple[ParquetFile, int]]:
        """The same files, each with the bytes of its sheet."""
        return ((file, sheet.size) for sheet in self.sheets for file in sheet.files)

    def stamped(self, fds: Sequence[int]) -> Manifest:
        """Return it with the stamps that the open files have now."""
        files = map(ParquetFile.stamped, self.parquet_files, fds)
        base, *segments = (
            Sheet(tuple(next(files) for _ in sheet.files)) for sheet in self.sheets
        )
        return replace(self, base=base, segments=tuple(segments))

    def as_line(self) -> bytes:
        """Return the content of the file, sealed."""
        base, *segments = (sheet.as_json for sheet in self.sheets)
        return header_line(self.header, base=base, segments=segments) + b"\n"


_NamedSheet: TypeAlias = ParquetFile | tuple[ParquetFile, ...]


class _NamedSheets(Struct):
    base: _NamedSheet
    segments: tuple[_NamedSheet, ...]


def manifest_from_line(line: bytes, *, location: str, is_verified: bool) -> Manifest:
    """Read what `Manifest.as_line` wrote.

    Raises:
        StateError: it is no manifest, of a newer format, or (if verified) edited.
    """
    header, beside = header_from_line(line, location=location, is_verified=is_verified)
    try:
        named = convert(beside, _NamedSheets)
        base, *segments = map(_sheet, (named.base, *named.segments))
    except ValueError as error:
        raise not_a_state(location, "its manifest names no files") from error
    return Manifest(header, base, tuple(segments))


def _sheet(named: _NamedSheet) -> Sheet:
    sheet = Sheet((named,) if isinstance(named, ParquetFile) else named)
    if not sheet.files or not all(SHEET_NAME.fullmatch(f.name) for f in sheet.files):
        raise ValueError("not the names of a sheet's files")
    return sheet


class Compaction(Struct, frozen=True):
    """When changed entries are written together with the unchanged ones."""

    small_rows: int = 20_480  # a base that is written anew each time
    share: int = 10  # else once the segments hold a share of a tenth

    def is_due(self, manifest: Manifest, more: int = 0) -> bool:
        """Return whether base and segments, and `more` rows, are to become one base."""
        rows = sum(sheet.rows for sheet in manifest.segments) + more
        return rows * self.share > manifest.base.rows

    def tail(self, segments: tuple[Sheet, ...], more: int = 0) -> int:
        """Return how many segments, from the last one back, are to become one.

        Each is then at least twice as large as the one after it, so that few stand
        side by side, and a row is written again only a few times before compaction.
        `more` rows are about to follow, and join those.
        """
        count, rows = 0, more
        for sheet in reversed(segments):
            if rows and sheet.rows >= 2 * rows:
                break
            count, rows = count + 1, rows + sheet.rows
        return count
