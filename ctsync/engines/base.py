"""What an engine is, and how one is added.

Write one file in this package with a function that takes a `Search` and a `Tally` and
yields a `Candidate` for every profile that may differ, and a module constant `ENGINE`
that holds an `Engine` with it. It is then found by name, offered as `--engine`, and put
under the conformance suite of `tests/engines/`.

What an engine promises:

1. *The same candidates.* Those of every other engine, in the order of their keys, each
   with the same contributions in the same order, entry and fingerprint.
2. *No understanding.* It compares digests and keys; what words mean it does not ask.
   `Contribution.read` is for whoever gets the candidate.
3. *The same counts.* The tally counts every profile, also those that are not yielded.
4. *What was asked to be seen.* An unchanged entry that the watch wants is passed on in
   its place between candidates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from msgspec import Struct, field

from ctsync.model.contribution import Contribution
from ctsync.model.contribution_batch import Batch
from ctsync.model.decided_addresses import DecidedAddresses
from ctsync.model.decided_rows import DecidedRows, Decider
from ctsync.model.entry import Entry
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.row_source import RowSource
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.model.weighed_run import WeighedRun
from ctsync.model.workers import Workers


class Candidate(Struct, frozen=True):
    """A profile that may differ from what the snapshot knows.

    Without contributions no place names it any more. `fingerprint` is what the entry
    gets once it equals desired.
    """

    key: ProfileKey
    contributions: tuple[Contribution, ...] = ()
    entry: Entry | None = None
    fingerprint: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is an entry that no read found gone."""
        return self.entry is not None and not self.entry.gone


class ProfileCounts(Struct):
    """Counts of what was looked at.

    `unchanged` are known profiles named by a place whose fingerprint is the one in
    the snapshot; `undeclared` are those that no place names. An entry that a read
    found gone counts as none.
    """

    entries: int = 0
    unchanged: int = 0
    undeclared: int = 0


class SearchCallbacks(Struct, frozen=True):
    """Which profiles are wanted although nothing about them seems to differ.

    Of unchanged entries those that know one of the `attributes` (folded names), or
    `everyone`, go to `on_unchanged`. Of entries that no place names, those that are
    bound are candidates in any case, and with `undeclared` all are.

    What names no one goes to `on_nobody`. With `everyone` at least one contribution of
    every file goes to `on_place`.
    """

    attributes: frozenset[str] = frozenset()
    everyone: bool = False
    undeclared: bool = True
    on_unchanged: Callable[[Entry], None] = lambda _: None
    on_nobody: Callable[[Contribution], None] = lambda _: None
    on_place: Callable[[Contribution], None] = lambda _: None

    def wants(self, entry: Entry) -> bool:
        """Return whether an unchanged entry is to be passed on."""
        return self.everyone or any(
            name in entry.attributes for name in self.attributes
        )

    def named(self, contributions: Iterable[Contribution]) -> Iterator[Contribution]:
        """Yield the contributions that name someone."""
        for contribution in contributions:
            if self.everyone:
                self.on_place(contribution)
            if contribution.key is NOBODY:
                self.on_nobody(contribution)
            else:
                yield contribution


class RunWeigher(Protocol):
    """Takes candidates that follow each other, and tells what comes of them."""

    def take(self, candidate: Candidate) -> bool:
        """Take a candidate in; False says that it is to be looked at one by one."""

    def close(self) -> WeighedRun:
        """Return what came of those taken since the last time: one at least."""


class Weigher(Protocol):
    """Weighs candidates wherever they are found; frozen, and to be pickled."""

    def open(self) -> RunWeigher | None:
        """Return what weighs in this process; None where it would not do the same."""


class Search(Struct, frozen=True):
    """Where to look for candidates.

    `contributions` yields all of them. Who reads rows faster than one by one takes
    `loose`, those of no row source, and the `row_sources` instead; who need not make
    each of them takes the `batches` and what is `unbatched`. `entries` yields the
    snapshot by key; `columns`, where there are any, is the same as SQL. Who decides may
    ask for a `weigher` of what stays open, to weigh it where it was found.
    """

    contributions: Callable[[], Iterable[Contribution]] = tuple
    loose: Callable[[], Iterable[Contribution]] = tuple
    row_sources: Sequence[RowSource] = ()
    entries: Callable[[], Iterable[Entry]] = tuple
    columns: SnapshotColumns | None = None
    watch: SearchCallbacks = field(default_factory=SearchCallbacks)
    batches: Sequence[Batch] = ()
    besides: Callable[[], Iterable[Contribution]] | None = None
    weigher: Callable[[], Weigher | None] = lambda: None

    @property
    def files(self) -> Iterator[Path]:
        """The files that SQL of this search reads.

        Raises:
            SpecError: one of them is missing or may not be read.
        """
        if self.columns is not None:
            yield from self.columns.files
        for source in self.row_sources:
            yield from source.reads

    def seen_batches(self) -> Iterator[Batch]:
        """Yield the batches; the watch sees a place of each."""
        for batch in self.batches:
            if self.watch.everyone and batch.ids:
                self.watch.on_place(batch.contribution(0))
            yield batch

    def unbatched(self) -> Iterable[Contribution]:
        """Return the contributions that are in no batch."""
        return self.contributions() if self.besides is None else self.besides()


FoundProfiles: TypeAlias = "Candidate | DecidedRows | WeighedRun | DecidedAddresses"
"""What a search with a decider gives, one after the other in the order of keys."""

Find: TypeAlias = (
    "Callable[[Search, ProfileCounts, Decider | None], Iterator[FoundProfiles]]"
)
"""Yields the candidates in the order of their keys, decided where the decider can."""


class Engine(NamedTuple):
    """One way to find candidates.

    One beside a database may have `find_decided` too: it gives the same, and lets the
    decider say what comes of as many candidates as that can. One that has several
    machines work may lend these as `workers`, which fold what an apply has done.
    """

    name: str
    find_candidates: Callable[[Search, ProfileCounts], Iterator[Candidate]]
    find_decided: Find | None = None
    workers: Workers | None = None


def deciding_engine(name: str, find: Find) -> Engine:
    """Return the engine that finds, and decides where it is given a decider."""

    def find_candidates(search: Search, tally: ProfileCounts) -> Iterator[Candidate]:
        found = find(search, tally, None)
        return (each for each in found if isinstance(each, Candidate))

    return Engine(name, find_candidates, find)


def fingerprint(contributions: Sequence[Contribution]) -> str:
    """Return the fingerprint of a profile: 32 hex digits.

    A single contribution's is its digest, so that it is taken only once. Several count
    in the order of their digests, so that moving one from one place to another changes
    nothing.
    """
    if len(contributions) == 1:
        return contributions[0].digest.hex()
    words = sorted([contribution.digest for contribution in contributions])
    return hashlib.md5(b"".join(words), usedforsecurity=False).hexdigest()


def in_order(contributions: list[Contribution]) -> tuple[Contribution, ...]:
    """Return the contributions of one profile by the place where they stand."""
    if len(contributions) > 1:
        contributions.sort(key=_place)
    return tuple(contributions)


def _place(contribution: Contribution) -> tuple[str, int, int]:
    origin = contribution.origin
    return (origin.file, origin.line or 0, origin.row or 0)
