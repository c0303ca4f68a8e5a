"""A state in a bucket: one head that is replaced, and objects that never change.

The head names a base and segments as a folder store's manifest does, the journal, the
records of runs, and who holds the lease. What it does not name is removed by the next
writer; a reader that misses an object for that looks at the head again.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from ctsync.bucket_address import Address, is_address
from ctsync.errors import StateError
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.state.atomic_files import PinnedFile
from ctsync.state.base import Journal, JournalWriter, Line, RunRecord
from ctsync.state.entry_edits import Edit
from ctsync.state.journal_file import journal_in
from ctsync.state.journal_groups import GroupedJournalWriter, called, spooled
from ctsync.state.journal_lines import head_line
from ctsync.state.lock_holder import Holder, journal_exists
from ctsync.state.manifest import Compaction, Manifest, manifest_from_line
from ctsync.state.object_store.bucket import Bucket, place_of
from ctsync.state.object_store.head import Head, HeadObject, RunName
from ctsync.state.object_store.journal_objects import groups, put_group, seal
from ctsync.state.object_store.lease import TERM_SECONDS, Held, leased
from ctsync.state.object_store.mirror import Mirror
from ctsync.state.object_store.probe import faults_of, refuse_unconditional_puts
from ctsync.state.object_store.writing import BucketWriting
from ctsync.state.parquet_snapshot import ParquetSnapshot
from ctsync.state.range_writing import WriteRanges
from ctsync.state.run_files import history_damaged, run_in, write_lines
from ctsync.state.segmented_store import SegmentedStore
from ctsync.state.snapshot_codec import not_a_state

TRIES = 10
# Names that this store gives: nothing else in the bucket is ever removed.
_OWN = re.compile(
    r"ctsync-(base|segment)-\d+\.parquet"
    r"|(?P<journal>journal/\d+)/\d{8}"
    r"|runs/\d+\.jsonl\.gz"
)


def new_token() -> str:
    """Return digits that nobody gave before."""
    return str(uuid.uuid4().int)


class ObjectStore(SegmentedStore):
    """Keeps a state in a bucket that several machines reach."""

    name = "object-store"
    form = "s3://BUCKET/PREFIX/ (or gs://, az://)"

    def __init__(self, place: Address) -> None:
        self.location = place.shown
        self.compaction = Compaction()
        self.term_seconds = TERM_SECONDS
        self._place = place
        self._held: Held | None = None

    @classmethod
    def takes(cls, location: str) -> bool:
        """Take addresses of buckets."""
        return is_address(location)

    @classmethod
    def at(cls, location: str, *, folder: Path, name: str | None) -> ObjectStore:  # noqa: ARG003 - an address is the same from everywhere
        """Return the store of a place in a bucket; `name` is one more folder there."""
        return cls(place_of(location, name))

    def journal(self) -> Journal | None:
        """Return a copy of the journal, taken now."""
        for _ in range(TRIES):
            name = self._head_now().journal
            if name is None:
                return None
            try:
                file = spooled(groups(self._bucket, name), called(self.location))
            except StateError:
                if self._head_now().journal == name:
                    raise
                continue  # it was folded between the two looks
            return journal_in(file, called(self.location))
        raise not_a_state(self.location, "its journal changes all the time")

    def open_journal(self, head: Line) -> JournalWriter:
        """Create the head's object, then name the journal; lines follow in groups."""
        if self.journal() is not None:
            self._change(lambda head: head)  # who lost the lease is told that instead
            raise journal_exists(called(self.location))
        name = new_token()
        first = head_line(head)
        # The object first: a head must not name a journal that is not there.
        put_group(self._bucket, name, 0, first)
        self._change(lambda found: replace(found, journal=name))
        check = self._held.check if self._held is not None else _go_on

        def put(number: int, group: bytes) -> None:
            check()
            put_group(self._bucket, name, number, group)

        location = called(self.location)
        return GroupedJournalWriter(put, check, after=first, location=location)

    def discard_journal(self) -> None:
        """Name no journal, then remove what nothing names."""
        if self._head.read() is not None:
            self._change_and_tidy(lambda head: replace(head, journal=None))

    @contextmanager
    def lock(self, holder: Holder, *, timeout_seconds: float = 0) -> Generator[None]:
        """Hold the lease, and seal the journal that whoever had it before may write."""
        if self._head.read() is None:
            # A bucket that heeds no conditions would let two runs write. Better known
            # before there is anything to lose.
            refuse_unconditional_puts(self._bucket, new_token())
        with leased(
            self._head,
            holder,
            timeout_seconds=timeout_seconds,
            term_seconds=self.term_seconds,
        ) as held:
            self._held = held
            try:
                journal = self._head_now().journal
                if journal is not None:
                    seal(self._bucket, journal)
                yield
            finally:
                self._held = None

    def amend(self, header: Header, edits: Iterable[tuple[ProfileKey, Edit]]) -> Header:
        """Write a segment as its holder: what moved meanwhile was another's doing."""
        self._check_lease()
        return super().amend(header, edits)

    def amend_by_ranges(self, header: Header, about: int, write: WriteRanges) -> Header:
        """Take what others wrote as its holder."""
        self._check_lease()
        return super().amend_by_ranges(header, about, write)

    def _check_lease(self) -> None:
        if self._held is not None:
            self._held.check()

    def append_run(
        self, record: Line, changes: Iterable[Line] = (), *, keep: int
    ) -> None:
        """Upload an object for the run, then let the head name it."""
        run = RunName(str(record["run"]), f"runs/{new_token()}.jsonl.gz")
        path = self._mirror.place_of(run.name)
        with self._mirror.writing():
            write_lines(path, record, changes)
        # Before the head names it; what no head names is removed by the next writer.
        self._bucket.upload(run.name, path)
        path.unlink()

        def add(head: Head) -> Head:
            is_again = bool(head.runs) and head.runs[-1].run == run.run
            runs = (*(head.runs[:-1] if is_again else head.runs), run)
            return replace(head, runs=runs[-keep:] if keep else ())

        self._change_and_tidy(add)

    def runs(self) -> Iterator[RunRecord]:
        """Yield the runs, each fetched when its turn comes."""
        for run in reversed(self._head_now().runs):
            path = self._mirror.copy(run.name)
            if path is not None:
                yield run_in(path, f"{self.location} ({run.name})", held=self._mirror)
            # Else it was dropped between the two looks, as the oldest is.
            elif run in self._head_now().runs:
                raise history_damaged(f"{self.location} ({run.name})")

    def probe(self) -> tuple[StateError, ...]:
        """Try conditional puts, and whether versions are kept."""
        return faults_of(self._bucket, new_token())

    @cached_property
    def _bucket(self) -> Bucket:
        return Bucket(self._place)

    @cached_property
    def _head(self) -> HeadObject:
        return HeadObject(self._bucket, new_token)

    @cached_property
    def _mirror(self) -> Mirror:
        return Mirror(self._bucket)

    def _head_now(self) -> Head:
        stored = self._head.read()
        return Head() if stored is None else stored.head

    def _change(self, edit: Callable[[Head], Head]) -> Head:
        return (self._held or self._head).change(edit)

    def _change_and_tidy(self, edit: Callable[[Head], Head]) -> None:
        head = self._change(edit)
        # Not before: a put of ours that failed, and named more, is void only now.
        with suppress(StateError):
            self._bucket.remove(_unnamed(self._bucket.names(), head))

    def _version(self, *, is_verified: bool = True) -> ParquetSnapshot | None:
        for _ in range(TRIES):
            head = self._head_now()
            if head.manifest is None:
                return None
            manifest = manifest_from_line(
                head.manifest.encode(), location=self.location, is_verified=is_verified
            )
            files = self._copies(manifest, is_verified=is_verified)
            if files is not None:
                held = (self._mirror, *files)
                return ParquetSnapshot(self._mirror.path, self.location, manifest, held)
        raise not_a_state(self.location, "an object that its head names is missing")

    def _copies(
        self, manifest: Manifest, *, is_verified: bool
    ) -> list[PinnedFile] | None:
        files = []
        for parquet_file in manifest.parquet_files:
            file = self._mirror.parquet_file(parquet_file, is_verified=is_verified)
            if file is None:
                return None  # the head was replaced between the two looks
            files.append(file)
        return files

    @contextmanager
    def _writing(self) -> Generator[BucketWriting]:
        writing = BucketWriting(self._bucket, self._mirror, new_token, self._publish)
        try:
            with self._mirror.writing():
                yield writing
        except BaseException:
            writing.undo()
            raise

    def _publish(self, manifest: Manifest) -> Header:
        line = manifest.as_line().decode()
        self._change_and_tidy(lambda head: replace(head, manifest=line))
        return manifest.header


def _unnamed(names: Iterable[str], head: Head) -> Iterator[str]:
    """Yield those of our names that a head does not mention."""
    parquet_files = () if head.manifest is None else _files_of(head.manifest)
    kept = {*parquet_files, *(run.name for run in head.runs)}
    for name in names:
        match = _OWN.fullmatch(name)
        if match is None or name in kept:
            continue
        if match["journal"] != f"journal/{head.journal}":
            yield name


def _files_of(line: str) -> Iterator[str]:
    manifest = manifest_from_line(line.encode(), location="", is_verified=False)
    return (parquet_file.name for parquet_file in manifest.parquet_files)


def _go_on() -> None:
    """Check nothing: who writes beside the lock says that nobody else does."""
