"""What stores of Parquet files share: a base, segments, and when they are joined."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText, text_of
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.state.added_tables import added_tables
from ctsync.state.arrow_rows import Row, Table, in_groups, tables_of
from ctsync.state.base import Snapshot, Store
from ctsync.state.changed_tables import changed_tables
from ctsync.state.edit_stream import EditStream
from ctsync.state.edited_parquet import edited_snapshot
from ctsync.state.entry_edits import Edit, changed_texts
from ctsync.state.lineage_checks import check_next
from ctsync.state.manifest import Compaction, Manifest, Sheet
from ctsync.state.parquet_files import ParquetFile
from ctsync.state.parquet_snapshot import ParquetSnapshot
from ctsync.state.range_writing import (
    RangeTerms,
    WriteRanges,
    removed_unless_taken,
    sound_sheet,
)
from ctsync.state.snapshot_codec import EntryDigest


class Writing(Protocol):
    """Data files that are written before a manifest names them."""

    folder: Path
    """Where they can be read, and so can those of the version before."""

    def parquet_file(self, kind: str, tables: Iterable[Table]) -> ParquetFile:
        """Write a data file under a name that no other one has."""
        ...

    def adopted(self, parquet_file: ParquetFile) -> ParquetFile:
        """Take a data file that another process wrote into the folder."""
        ...

    def publish(self, manifest: Manifest) -> Header:
        """Let the manifest take the place of the last one; gives its header."""
        ...


class SegmentedStore(Store):
    """Writes bases and segments; how they become the truth, its children say."""

    compaction: Compaction

    @abstractmethod
    def _version(self, *, is_verified: bool = True) -> ParquetSnapshot | None:
        """Open the last version and the files that belong to it."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Writing]:
        """Begin to write; what was written and not published does not stay."""

    def read(self) -> Snapshot:
        """Return the snapshot after comparing its files with the manifest."""
        version = self._version()
        return Snapshot() if version is None else version.snapshot()

    def read_unverified(self) -> Snapshot:
        """The snapshot as it stands, sorted; files out of order go to memory."""
        version = self._version(is_verified=False)
        return Snapshot() if version is None else edited_snapshot(version)

    def replace(self, header: Header, entries: Iterable[Entry | EntryText]) -> Header:
        """Write a base, then the manifest that names it alone."""
        digest = EntryDigest()
        rows = _added(map(text_of, entries), digest)
        with self._writing() as writing:
            base = writing.parquet_file("base", tables_of(rows))
            return writing.publish(Manifest(digest.seal(header), Sheet((base,))))

    def amend(self, header: Header, edits: Iterable[tuple[ProfileKey, Edit]]) -> Header:
        """Write a segment, then the manifest that names it too; compact if due."""
        version = self._version()
        before = None if version is None else version.manifest.header
        check_next(before, header, location=self.location)
        if version is None or self._is_small(version.manifest):
            if version is None and isinstance(edits, EditStream):
                return self._begin(header, edits)
            entries = iter(()) if version is None else version.entries()
            return self.replace(header, changed_texts(entries, edits))
        digest = EntryDigest(before)
        with self._writing() as writing:
            changed = changed_tables(version, edits, digest)
            about = edits.about if isinstance(edits, EditStream) else 0
            if self.compaction.is_due(version.manifest, more=about):
                # A segment of so many would be read again at once.
                tables = version.amended(changed)
                base = writing.parquet_file("base", in_groups(tables))
                return writing.publish(Manifest(digest.seal(header), Sheet((base,))))
            segment = writing.parquet_file("segment", changed)
            # Where no line became another there is no segment, though the header moves
            # on.
            further = [Sheet((segment,))] * bool(segment.rows)
            segments = (*version.manifest.segments, *further)
            manifest = Manifest(digest.seal(header), version.manifest.base, segments)
            return writing.publish(self._compacted(writing, manifest))

    def amend_by_ranges(self, header: Header, about: int, write: WriteRanges) -> Header:
        """Have a base or a segment written range by range, and name it if it is sound.

        About so many entries change. What becomes one sheet is what `amend` would join,
        so that later reads find as few of them.

        Raises:
            OddRanges: what was written cannot be taken; the last snapshot stands.
            StateError: as `amend` does.
        """
        version = self._version()
        before = None if version is None else version.manifest.header
        check_next(before, header, location=self.location)
        digest = EntryDigest(before)
        with self._writing() as writing:
            terms = self._terms(writing, version, about)
            with removed_unless_taken(terms):
                ranges = write(terms)
                for each in ranges:
                    digest.add_part(each.part)
                sheet = sound_sheet(terms, ranges, digest.entries)
            sheet = Sheet(tuple(map(writing.adopted, sheet.files)))
            after = terms.manifest_after(digest.seal(header), sheet)
            return writing.publish(after)

    def _terms(
        self, writing: Writing, version: ParquetSnapshot | None, about: int
    ) -> RangeTerms:
        folder = str(writing.folder)
        if version is None:
            return RangeTerms(folder)
        return RangeTerms(folder, version.sheets, self._joined(version.manifest, about))

    def _joined(self, manifest: Manifest, about: int) -> int:
        """Return how many sheets, from the last one back, become one with a further."""
        if self._is_small(manifest) or self.compaction.is_due(manifest, more=about):
            return len(manifest.sheets)
        return self.compaction.tail(manifest.segments, more=about)

    def _begin(self, header: Header, edits: EditStream) -> Header:
        """Write the base of a state of which there is nothing yet."""
        digest = EntryDigest()
        with self._writing() as writing:
            base = writing.parquet_file("base", added_tables(edits, digest))
            return writing.publish(Manifest(digest.seal(header), Sheet((base,))))

    def _is_small(self, manifest: Manifest) -> bool:
        return manifest.base.rows <= self.compaction.small_rows

    def _compacted(self, writing: Writing, manifest: Manifest) -> Manifest:
        whole = ParquetSnapshot(writing.folder, self.location, manifest, ())
        header, base, segments = manifest.header, manifest.base, manifest.segments
        if self.compaction.is_due(manifest):
            tables = in_groups(whole.resolved(manifest.sheets))
            return Manifest(header, Sheet((writing.parquet_file("base", tables),)))
        count = self.compaction.tail(segments)
        if count < 2:
            return manifest
        tables = in_groups(whole.merged(segments[-count:]))
        joined = Sheet((writing.parquet_file("segment", tables),))
        return Manifest(header, base, (*segments[:-count], joined))


def _added(texts: Iterable[EntryText], digest: EntryDigest) -> Iterator[Row]:
    for text in texts:
        digest.add(text)
        yield text.key, text
