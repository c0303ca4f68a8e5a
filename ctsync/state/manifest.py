"""The one file of a folder that is replaced: it names the others that count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ctsync.model.snapshot import Header
from ctsync.state.form import header_from_line, header_line, not_a_state
from ctsync.state.sheets import Sheet, sheet_from_json

NAME = "manifest.json"
SHEET_NAME = re.compile(r"ctsync-(?:base|segment)-([0-9]+)\.parquet")


class Manifest(Struct, frozen=True):
    """A header and the sheets of its entries: of each key, the last sheet's row."""

    header: Header
    base: Sheet
    segments: tuple[Sheet, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All of them, the base first."""
        return (self.base, *self.segments)

    def stamped(self, fds: Sequence[int]) -> Manifest:
        """Give it with the stamps that the open files have now."""
        base, *segments = map(Sheet.stamped, self.sheets, fds)
        return replace(self, base=base, segments=tuple(segments))

    def as_line(self) -> bytes:
        """Give the content of the file, sealed."""
        base, *segments = [sheet.as_json() for sheet in self.sheets]
        return header_line(self.header, base=base, segments=segments) + b"\n"


def manifest_from_line(
    line: bytes, *, location: str, is_verified: bool = True
) -> Manifest:
    """Read what `Manifest.as_line` wrote.

    Raises:
        StateError: it is no manifest, of a newer format, or (if verified) edited.
    """
    header, beside = header_from_line(line, location=location, is_verified=is_verified)
    try:
        base, *segments = map(_sheet, [beside["base"], *beside["segments"]])
    except (KeyError, TypeError) as error:
        raise not_a_state(location, "its manifest names no files") from error
    return Manifest(header, base, tuple(segments))


def _sheet(data: Any) -> Sheet:
    sheet = sheet_from_json(data)
    if not SHEET_NAME.fullmatch(sheet.name):
        raise TypeError("not a name of a sheet")
    return sheet


class Compaction(Struct, frozen=True):
    """When changed entries are written together with the unchanged ones."""

    small_rows: int = 20_480  # a base that is written anew each time
    share: int = 10  # else once the segments hold a share of a tenth

    def is_due(self, manifest: Manifest) -> bool:
        """Say whether base and segments are to become one base."""
        rows = sum(sheet.rows for sheet in manifest.segments)
        return rows * self.share > manifest.base.rows

    def tail(self, segments: tuple[Sheet, ...]) -> int:
        """Give how many segments, from the last one back, are to become one.

        Each is then at least twice as large as the one after it, so that few stand
        side by side, and a row is written again only a few times before compaction.
        """
        count, rows = 0, 0
        for sheet in reversed(segments):
            if count and sheet.rows >= 2 * rows:
                break
            count, rows = count + 1, rows + sheet.rows
        return count
