"""Sheets written range by range, by processes that see the files of a state.

None of them publishes anything: what they wrote is looked at by the one writer, and
what no manifest names is removed as any file is that nobody needs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, pairwise
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from ctsync.errors import StateError
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.state.added_tables import added_tables
from ctsync.state.arrow_rows import Table, in_groups, present_rows
from ctsync.state.atomic_files import PinnedFile
from ctsync.state.changed_tables import changed_tables
from ctsync.state.edit_stream import EditStream
from ctsync.state.key_range import KeyRange
from ctsync.state.manifest import SHEET_NAME, Manifest, Sheet
from ctsync.state.parquet_files import ParquetFile, ParquetFileReader, write_parquet
from ctsync.state.parquet_snapshot import StoredSheets
from ctsync.state.snapshot_codec import DigestPart, EntryDigest


class OddRanges(Exception):
    """What was written elsewhere, or should have been, cannot be taken."""


class WrittenRange(Struct, frozen=True):
    """A file with what became of a range, and what it adds to the digest."""

    within: KeyRange
    file: ParquetFile
    part: DigestPart


class RangeTerms(Struct, frozen=True):
    """How a range becomes a part of a sheet; may be pickled.

    The `joined` last `sheets` of the version before become one with what changes: if
    that is all of them, a base. `folder` has their files, and gets those written.
    """

    folder: str
    sheets: tuple[Sheet, ...] = ()
    joined: int = 0

    @property
    def is_base(self) -> bool:
        """Whether rows of the whole state are written."""
        return self.joined == len(self.sheets)

    @property
    def kind(self) -> Literal["base", "segment"]:
        """What becomes of it."""
        return "base" if self.is_base else "segment"

    def write(self, within: KeyRange, edits: EditStream, token: str) -> WrittenRange:
        """Write what edits of a range make of it; nobody else has the token.

        Raises:
            StateError, OSError: the version before cannot be read, or it not written.
            ValueError: the edits are not sorted, or a key comes twice.
        """
        self._require_files()
        path = Path(self.folder, f"ctsync-{self.kind}-{token}.parquet")
        digest = EntryDigest()
        tables = self._tables(within, edits, digest)
        return WrittenRange(within, write_parquet(path, tables), digest.part)

    def manifest_after(self, header: Header, sheet: Sheet) -> Manifest:
        """Return the manifest that names a sheet in the place of those joined."""
        kept = self.sheets[: len(self.sheets) - self.joined]
        # Where no line became another there is no segment, though the header moves on.
        base, *segments = (*kept, *[sheet] * bool(sheet.files))
        return Manifest(header, base, tuple(segments))

    def _tables(
        self, within: KeyRange, edits: EditStream, digest: EntryDigest
    ) -> Iterator[Table]:
        if not self.sheets:
            return added_tables(edits, digest)
        stored = StoredSheets(Path(self.folder), self.folder, self.sheets)
        changed = changed_tables(stored, edits, digest)
        under = self.sheets[len(self.sheets) - self.joined :]
        tables = stored.merged_within(within, under, changed)
        return in_groups(present_rows(tables) if self.is_base else tables)

    def _require_files(self) -> None:
        """See that this process looks at the same state, as far as sizes tell."""
        # Else entries of people would be left in a folder that nobody tidies.
        if not Path(self.folder).is_dir():
            raise NotADirectoryError(self.folder)
        for each in chain.from_iterable(sheet.files for sheet in self.sheets):
            if Path(self.folder, each.name).stat().st_size != each.size:
                raise FileNotFoundError(each.name)


WriteRanges: TypeAlias = Callable[[RangeTerms], Sequence[WrittenRange]]
"""Has all ranges of keys written, which follow each other without a gap."""


def sound_sheet(
    terms: RangeTerms, ranges: Sequence[WrittenRange], entries: int
) -> Sheet:
    """Return the files of ranges that have rows, as they are found to lie here.

    There are so many entries after it.

    Raises:
        OddRanges: one of them is not there, not as it was written, or no part of it.
    """
    _require_all_keys([each.within for each in ranges])
    files = [_found(terms, each) for each in ranges]
    sheet = Sheet(tuple(each for each in files if each.rows))
    if terms.is_base and (sheet.rows != entries or not sheet.files):
        raise OddRanges(f"{sheet.rows} rows were written for {entries} entries")
    return sheet


@contextmanager
def removed_unless_taken(terms: RangeTerms) -> Generator[None]:
    """Have data files of a folder go that came to it in a context which fails.

    What is then written instead may need their room. Nobody else may write there.
    """
    before = set(_sheets_in(terms))
    try:
        yield
    except BaseException:
        for path in set(_sheets_in(terms)) - before:
            with suppress(OSError):
                path.unlink()
        raise


def _sheets_in(terms: RangeTerms) -> Iterator[Path]:
    found = Path(terms.folder).iterdir()
    return (path for path in found if SHEET_NAME.fullmatch(path.name))


def _require_all_keys(ranges: Sequence[KeyRange]) -> None:
    ends = [each.end for each in ranges]
    starts = [each.start for each in ranges]
    bounds = [start for start in starts if start is not None]
    is_rising = all(left < right for left, right in pairwise(bounds))
    if starts != [None, *bounds] or ends != [*bounds, None] or not is_rising:
        raise OddRanges("some keys are in no range, or in several")


def _found(terms: RangeTerms, written: WrittenRange) -> ParquetFile:
    """Return a file as it lies here, after a look at all of its bytes."""
    name = written.file.name
    if not SHEET_NAME.fullmatch(name):
        raise OddRanges("a file has a name that no sheet has")
    path = Path(terms.folder, name)
    try:
        file = PinnedFile(path)
        written.file.check(file, terms.folder, 0)
        reader = ParquetFileReader(path, terms.folder)
        keys = [*reader.firsts, reader.last] if reader.rows else []
    except (OSError, StateError) as error:
        raise OddRanges(f"{name} is not here as it was written") from error
    if reader.rows != written.file.rows or not _lie_within(written.within, keys):
        raise OddRanges(f"{name} has other rows than were asked for")
    return written.file.stamped(file.fd)


def _lie_within(within: KeyRange, keys: Sequence[ProfileKey]) -> bool:
    """Return whether all keys lie there, sorted; a group may be of one key alone."""
    are_sorted = all(left <= right for left, right in pairwise(keys))
    return are_sorted and all(map(within.holds, keys))
