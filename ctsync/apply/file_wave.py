"""Putting what of a plan travels in files, after the calls.

Files lie in a private folder of the run until they are in effect, so that a run that
was cut off is gone on with from there. Their names carry plan and run: what another
run puts is never taken for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from ctsync.apply.clock import Clock
from ctsync.apply.folding.sent_files import first_steps, has_later_steps
from ctsync.apply.journal.journal_writer import StoredRunJournal
from ctsync.apply.journal.span_list import SpanList
from ctsync.apply.outcome_counts import OutcomeCounts
from ctsync.channels.base import Channel
from ctsync.channels.part_files import PartFile, PartWriter
from ctsync.errors import CtsyncError, ExportRefused, StateError
from ctsync.model.change import Change
from ctsync.model.due_import import DueImport, ImportFile
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.transport.sftp_put import PutEvents, PutOrder, PutResult, Upload

Put: TypeAlias = Callable[[PutOrder, PutEvents], PutResult]
FOLDER_MODE = 0o700
_PLAN = slice(len("sha256:"), len("sha256:") + 12)
_RUN = slice(8)
_UNCLEAR = "the connection was lost, and the file may have been taken"


class FileTerms(Struct, frozen=True):
    """How files travel.

    `folder` holds a private folder for each run. `channel` says what stands in a file,
    `put` puts some, and `wait_seconds` is how long the platform may take to tell.
    `place` is a digest of the server and its folder: what was to go elsewhere never
    goes there.
    """

    folder: Path
    channel: Callable[[], Channel]
    put: Put
    wait_seconds: float
    place: str = ""


class FileRun(Struct, frozen=True):
    """The run that files are of: its plan, its id, and what it is told by."""

    plan: SavedPlan
    run: str
    digest: str
    clock: Clock
    is_stopped: Callable[[], bool]


class FileWave:
    """What one run puts. `failure` is what kept it from going on, if anything did."""

    def __init__(
        self,
        terms: FileTerms,
        of_run: FileRun,
        journal: StoredRunJournal,
        tally: OutcomeCounts,
    ) -> None:
        self._terms, self._run, self._journal = terms, of_run, journal
        self._tally = tally
        self._intended: set[str] = set()
        self.put: list[str] = []
        self.later = 0
        self.failure: CtsyncError | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a file may be in effect."""
        return bool(self._intended or self.put)

    def go_on(self, imports: Iterable[DueImport]) -> None:
        """Put what an earlier run was cut off from putting, where its files are here.

        Raises:
            StateError: the journal took no further line.
        """
        here = [due for due in imports if self._is_here(due)]
        if not here:
            return
        uploads = [self._upload(due.run, due.file) for due in here]
        intended = {due.file.name for due in here if due.standing == "intended"}
        result = self._put(PutOrder(uploads, intended=intended))
        for due in here:
            if due.file.name in result.put:
                self._drop(due.run, due.file)

    def send(self, places: range) -> None:
        """Put what travels in files of profiles whose calls were all acknowledged.

        Raises:
            StateError: the journal took no further line.
        """
        members: dict[str, SpanList] = {}
        later = SpanList()
        files = self._written(places, members, later)
        self.later += len(later)
        if not files:
            return
        self._list(files, members, later)
        uploads = [self._upload(self._run.run, file) for file in files]
        result = self._put(PutOrder(uploads))
        self._journal.leave_unsent(result.rest)
        for file in files:
            # What may be in effect stays, so that the next run can look for it on the
            # server.
            if file.name not in result.unclear:
                self._drop(self._run.run, file)
        self._count(places, members, later, result)

    def _written(
        self, places: range, members: dict[str, SpanList], later: SpanList
    ) -> list[ImportFile]:
        """Write the files; say of each whom it holds, and of whom a step is left."""
        folder = self._folder(self._run.run)
        stem = f"ctsync-sftp-{self._run.digest[_PLAN]}-{self._run.run[_RUN]}"
        try:
            self._terms.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            with PartWriter(self._terms.channel(), folder, stem) as writer:
                for place, change in self._waiting(places):
                    if has_later_steps(change):
                        later.add(place)
                    if operations := first_steps(change):
                        for name in writer.add(change.key.id, operations):
                            members.setdefault(name, SpanList()).add(place)
                files = [_file(folder, part) for part in writer.keep()]
            if not files:
                folder.rmdir()
        except OSError as error:
            self._fail(_unwritable(folder, error))
            return []
        return files

    def _waiting(self, places: range) -> Iterator[tuple[int, Change]]:
        sent = (c for c in self._run.plan.changes() if c.action != "release")
        own = enumerate(islice(sent, places.start, places.stop), places.start)
        for place, change in own:
            is_due = any(operation.goes_in_file for operation in change.operations)
            # Later records go only where the earlier ones were taken.
            if is_due and self._tally.is_unfailed(place):
                yield place, change

    def _list(
        self, files: Sequence[ImportFile], members: dict[str, SpanList], later: SpanList
    ) -> None:
        clock = self._run.clock
        self._journal.leave_for_later(later.spans())
        for number, file in enumerate(files):
            due = DueImport(
                file,
                self._run.run,
                at=clock.wall(),
                wait_seconds=self._terms.wait_seconds,
                boot=clock.boot,
                steady_at=clock.steady(),
                standing="held",
                place=self._terms.place,
            )
            self._journal.list_file(number, due, members[file.name].spans())

    def _put(self, order: PutOrder) -> PutResult:
        """Put files; whatever happens, every one of them has its outcome."""
        before = len(self.put)
        try:
            result = self._terms.put(
                order, PutEvents(self._intend, self._tell, self._run.is_stopped)
            )
        # Without a journal nothing may be put; whatever else fails is told with the
        # result, since calls were sent by then.
        except StateError:
            raise
        except CtsyncError as error:
            self._fail(error)
            names = [upload.name for upload in order.uploads]
            put = self.put[before:]
            unclear = [n for n in names if n in self._intended and n not in put]
            rest = [n for n in names if n not in (*put, *unclear)]
            return PutResult(tuple(put), tuple(unclear), tuple(rest))
        if result.failure is not None:
            self._fail(result.failure)
        return result

    def _intend(self, name: str) -> None:
        self._journal.intend(name)
        self._intended.add(name)

    def _tell(self, name: str) -> None:
        self._journal.put(name, self._run.clock.wall())
        self.put.append(name)

    def _fail(self, error: CtsyncError) -> None:
        self.failure = self.failure or error

    def _count(
        self,
        places: range,
        members: dict[str, SpanList],
        later: SpanList,
        result: PutResult,
    ) -> None:
        """Count who is wholly in files that are in effect, and who may be in one."""
        left = bytearray(len(places))
        for place in later:
            left[place - places.start] = 1
        for name in (*result.rest, *result.unclear):
            for place in members[name]:
                left[place - places.start] = 1
        for name in result.put:
            own = members[name]
            self._tally.note_sent(p for p in own if not left[p - places.start])
        if result.unclear:
            unclear = {place for name in result.unclear for place in members[name]}
            for place, change in self._waiting(places):
                if place in unclear:
                    self._tally.note_unclear(place, change, _UNCLEAR)

    def _folder(self, run: str) -> Path:
        return self._terms.folder / run

    def _upload(self, run: str, file: ImportFile) -> Upload:
        folder = self._folder(run)
        return Upload(folder / file.name, folder / file.manifest)

    def _is_here(self, due: DueImport) -> bool:
        """Return whether what a run was to put here lies where that run left it."""
        # What was meant for another server or folder is not for this one.
        if due.place != self._terms.place:
            return False
        upload = self._upload(due.run, due.file)
        try:
            is_same = _digest(upload.data) == due.file.digest
        except OSError:
            return False
        return is_same and upload.manifest.is_file()

    def _drop(self, run: str, file: ImportFile) -> None:
        """Remove what is not needed here any more: it holds personal data."""
        upload = self._upload(run, file)
        for path in (upload.data, upload.manifest):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # others lie there still
            self._folder(run).rmdir()


def check_files(plan: SavedPlan, terms: FileTerms) -> None:
    """See that files can say what is to travel in them.

    Raises:
        CtsyncError: they cannot; says how often, and who says where.
    """
    channel = terms.channel()
    count = sum(
        channel.fault_of(change.key, operation) is not None
        for change in plan.changes()
        for operation in change.operations
        if operation.goes_in_file
    )
    if count:
        words = "1 thing" if count == 1 else f"{count:,} things"
        raise CtsyncError(
            f"{channel.title} cannot say {words} of this plan; nothing was sent",
            hint='save the plan: "ctsync export" of it says each place',
            code=ExportRefused.code,
        )


def _file(folder: Path, part: PartFile) -> ImportFile:
    return ImportFile(
        part.name,
        part.companion or "",
        tuple((each.attribute, each.operator, each.kind) for each in part.columns),
        part.rows,
        part.size,
        _digest(folder / part.name),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unwritable(folder: Path, error: OSError) -> CtsyncError:
    return CtsyncError(
        f"the files cannot be written in {folder}: {error.strerror}",
        hint="make room there, then apply again",
        code="export_unwritable",
    )
