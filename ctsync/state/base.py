"""The seam behind which snapshots and journals are kept.

To add a store, write one file in this package with a class that derives from `Store`
and a module constant `STORE` that holds the class. It is then found by name, offered
for the locations that it `takes`, and put under the conformance suite of
`tests/state/` (give it a bench in `tests/state/conftest.py`).

What a store promises:

1. *One truth.* `read` gives the last snapshot that `replace` or `amend` finished,
   whole. One that ends early, by error or by kill -9 at any instruction, leaves the
   one before. What it returned from survives a power cut.
2. *Kept snapshots.* A `Snapshot` in hand goes on giving its own entries although
   another process replaces the state. Reading takes no lock.
3. *No silent damage.* Entries or header that are not what `replace` wrote are refused
   by `read`, with what, where and what to do. The digest is `form.EntryDigest`, the
   same for every store, so that a copied state keeps it.
4. *A journal that holds.* `append(sync=True)` returns when the line would survive a
   power cut. What a crash tore off at the end is dropped; damage anywhere else is
   refused. At most one journal exists.
5. *One writer.* The lock is the system's or the server's and dies with its holder.
   `replace`, `open_journal` and `discard_journal` are only called under it.
6. *Private.* What it keeps can be read by its owner alone.
7. *A bounded past.* `append_run` keeps the last runs, whole or not at all, and a run
   that is appended again takes its own place.

What a store may not do: understand attributes, ask the clock, keep a population in
memory, or let a foreign exception out; raise `StateError` with `from`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from msgspec import Struct

from ctsync.canonical_json import parse
from ctsync.errors import StateError
from ctsync.model.entry import Entry
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Header
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.state.entry_edits import Edit, changed_texts, chosen_entries
from ctsync.state.lineage_checks import check_next
from ctsync.state.lock_holder import Holder

Line = Mapping[str, Any]


def _nothing() -> Iterator[Entry]:
    return iter(())


class LinesByKey(Protocol):
    """Gives lines of entries for many profiles together, in the order of keys."""

    def of(self, key_type: str, ids: Sequence[bytes]) -> list[bytes | None]:
        """Return the lines of profiles of one id type; None of who has no entry."""
        ...


class Snapshot(Struct, frozen=True):
    """One version of what is known. Without a header there is none yet.

    A store that can do more than yield its entries says how in `find` (the entries of
    sorted keys), `known_lines` and `columns`.
    """

    header: Header | None = None
    read: Callable[[], Iterator[Entry]] = _nothing
    columns: SnapshotColumns | None = None
    find: Callable[[Iterable[ProfileKey]], Iterator[Entry]] | None = None
    known_lines: Callable[[], LinesByKey] | None = None

    def entries(self) -> Iterator[Entry]:
        """Yield the entries, sorted by key. May be called again."""
        return self.read()

    def pick(self, keys: Iterable[ProfileKey]) -> Iterator[Entry]:
        """Yield those entries of the keys that there are; keys come sorted.

        Keys are taken as they are needed, perhaps some thousands ahead.
        """
        if self.find is not None:
            return self.find(keys)
        return chosen_entries(self.entries(), keys)


class Journal(Struct, frozen=True):
    """What a run left behind: its first line, and the lines after it.

    It ends where the journal ended when it was opened, although a run that is still
    at work appends more.
    """

    head: Line
    read: Callable[[], Iterator[Line]]

    def lines(self) -> Iterator[Line]:
        """Yield the lines after the head, without a torn last one. May be called again.

        Raises:
            StateError: a line is damaged (code `journal_damaged`).
        """
        return self.read()


class JournalWriter(ABC):
    """An open journal. Threads may append at the same time."""

    @abstractmethod
    def append(self, line: Line, *, sync: bool) -> None:
        """Add a line; with `sync`, return only when it would survive a power cut.

        Raises:
            StateError: it could not be written; no part of it is left behind, or
                the journal takes no further line.
        """

    def append_plan(self, pieces: Iterable[bytes]) -> None:
        """Add many lines, to be read as they are; they survive as soon as a later does.

        A piece may begin and end anywhere; all together are whole lines of JSON.
        How they are kept is the store's business.

        Raises:
            StateError: they could not be written.
        """
        rest = b""
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                self.append(parse(line), sync=False)

    @abstractmethod
    def check_lock(self) -> None:
        """Refuse to go on where the lock may be another's by now; cheap.

        What holds a lock on another machine can lose it while this one lives. A call
        whose intent is noted leaves only after this.

        Raises:
            StateError: the lock is lost, or it cannot be seen that it is not.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the journal, which stays. May be called again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RunRecord(Struct, frozen=True):
    """What is kept of one apply: a record of it, and what it changed line by line.

    `record` has the run's id as `run`. A store understands nothing else of either.
    """

    record: Line
    read: Callable[[], Iterator[Line]]

    def changes(self) -> Iterator[Line]:
        """Yield what the run changed, in the order it was given. May be called again.

        Raises:
            StateError: it is damaged (code `history_damaged`), or cannot be read any
                more, since as many runs as are kept have come after it.
        """
        return self.read()


class Store(ABC):
    """Where one state is kept. `location` is what messages call it: no secrets."""

    name: ClassVar[str]
    form: ClassVar[str]  # how `state:` of a project names it, for messages
    keeps_unsynced: ClassVar[bool] = False  # a journal's line outlives the process
    location: str

    @classmethod
    @abstractmethod
    def takes(cls, location: str) -> bool:
        """Return whether `state: location` means this store."""

    @classmethod
    @abstractmethod
    def at(cls, location: str, *, folder: Path, name: str | None) -> Store:
        """Return the store at a location; touches nothing.

        `folder` is where relative paths start, `name` picks one of several states
        in a database.

        Raises:
            UsageError: the location cannot mean anything.
        """

    @abstractmethod
    def read(self) -> Snapshot:
        """Return the snapshot after checking that it is what ctsync wrote.

        Raises:
            StateError: it cannot be read, is of a newer format (`state_newer`) or was
                edited (`state_edited`).
        """

    @abstractmethod
    def read_unverified(self) -> Snapshot:
        """Return the snapshot as it stands, edits included, sorted anew.

        Its header says digest and number of the entries as they are.

        Raises:
            StateError: it cannot be read, or holds what is no entry.
        """

    @abstractmethod
    def replace(self, header: Header, entries: Iterable[Entry | EntryText]) -> Header:
        """Put a new snapshot in the place of the last one, wholly or not at all.

        Give entries sorted by key, as values or as text. Returns the header as written,
        with the digest and number of the entries, which may come from this store's
        own snapshot.

        Raises:
            ValueError: the entries are not sorted, or a key comes twice.
            StateError: it could not be written; the last snapshot stands.
        """

    def amend(self, header: Header, edits: Iterable[tuple[ProfileKey, Edit]]) -> Header:
        """Put in the place of the last snapshot one that differs by edits.

        Edits come sorted by key, one for each; an edit is given the entry, or None,
        and gives what is to stand there. The header is that of the version after the
        last. Returns it as written. What is not edited need not be written again.

        Raises:
            ValueError: the edits are not sorted, or a key comes twice.
            StateError: it could not be written, or the header does not follow the
                last snapshot's (code `state_moved`); the last snapshot stands.
        """
        snapshot = self.read()
        check_next(snapshot.header, header, location=self.location)
        return self.replace(header, changed_texts(snapshot.entries(), edits))

    @abstractmethod
    def journal(self) -> Journal | None:
        """Return the journal that a run left, if any.

        None also where a crash tore the head itself: nothing can have been sent. Who
        holds no lock reads the journal first and the snapshot after it: a fold in
        between then leaves a journal that is `folded`, and nothing is missed.

        Raises:
            StateError: it cannot be read, or is of a newer format.
        """

    @abstractmethod
    def open_journal(self, head: Line) -> JournalWriter:
        """Begin a journal with `head`, which then survives a power cut.

        `head` has the `lineage` and `serial` that the journal extends.

        Raises:
            StateError: there is a journal already (`journal_exists`), or it could not
                be written.
        """

    @abstractmethod
    def discard_journal(self) -> None:
        """Remove the journal for good; there may be none."""

    @abstractmethod
    def lock(
        self, holder: Holder, *, timeout_seconds: float = 0
    ) -> AbstractContextManager[None]:
        """Be the one writer while the context lasts.

        Raises:
            StateLocked: another run is, and was still after `timeout_seconds`.
            StateError: no lock can be taken here.
        """

    @abstractmethod
    def append_run(
        self, record: Line, changes: Iterable[Line] = (), *, keep: int
    ) -> None:
        """Keep a record of a run, and of all runs the last `keep`.

        A record of the same run is replaced: whoever was cut off appends it again.
        Only called under the lock. Changes are not kept in memory.

        Raises:
            StateError: it could not be written; the records before stand.
        """

    @abstractmethod
    def runs(self) -> Iterator[RunRecord]:
        """Yield the records of runs, the last one first.

        Raises:
            StateError: one cannot be read, or is damaged (code `history_damaged`).
        """

    def probe(self) -> tuple[StateError, ...]:
        """Return what makes this place unfit for a state, with what to do about each.

        Tries out what the store relies on, and leaves nothing behind. Where it gives
        nothing, a state can be kept here.

        Raises:
            StateError: the place cannot be reached.
        """
        return ()
