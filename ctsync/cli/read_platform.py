"""Reading the platform for a command: whom, over which connection, how far."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.due_imports import waits_of
from ctsync.cli.project_session import ProjectSession, sensitivity
from ctsync.cli.terminal.output import print_message
from ctsync.cli.terminal.progress import Patience, ReadProgress
from ctsync.cli.terminal.terminal_width import has_talk_colour
from ctsync.errors import Interrupted, UsageError
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey, parse_key
from ctsync.model.snapshot import Account, Header

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.cli.terminal.signals import StopSignal
    from ctsync.observe.profile_reply import Reading
    from ctsync.observe.read_profiles import Reader
    from ctsync.observe.survey_reads import ReadSurvey

SECONDS_PER_READ = 0.25  # a cautious guess, before the first reads have told
_WORTH_A_WORD = 200
_LONG_SECONDS = 3600


class Choice(Struct, frozen=True):
    """Which of the known profiles are read: some keys, a sample, or (`is_all`) all."""

    keys: tuple[ProfileKey, ...] = ()
    sample: int | None = None
    is_all: bool = True

    def of(
        self, present: CurrentSnapshot, rng: random.Random
    ) -> tuple[int, Iterator[Entry]]:
        """Return how many profiles that are, and their entries by key."""
        known = 0 if present.header is None else present.header.entries
        if self.keys or not self.is_all:
            found = list(present.pick(self.keys))
            return len(found), iter(found)
        if self.sample is None or self.sample >= known:
            return known, present.entries()
        # Drawn by place, so that no key has to be held to choose among them.
        places = set(rng.sample(range(known), self.sample))
        numbered = enumerate(present.entries())
        return self.sample, (entry for place, entry in numbered if place in places)


def choice_of(
    session: ProjectSession,
    present: CurrentSnapshot,
    words: tuple[str, ...],
    sample: int | None,
) -> Choice:
    """Read KEYs and `--sample`.

    Raises:
        UsageError: both, or a key that the state does not know.
        StateError: the state is another account's.
    """
    from ctsync.state import check_account

    location = session.store().location
    check_account(present.header, session.account, location=location)
    if words and sample is not None:
        raise UsageError("give keys or --sample, not both")
    keys = tuple(sorted({parse_key(word) for word in words}))
    missing = set(keys).difference(entry.key for entry in present.pick(keys))
    if missing:
        mask = session.mask(present.base.lineage)
        raise UsageError(
            f"the state does not know {', '.join(map(mask.key_text, sorted(missing)))}",
            hint='see "ctsync state list"; "ctsync import api" takes in new ones',
        )
    return Choice(keys, sample)


@contextmanager
def reading(
    session: ProjectSession,
    header: Header | None,
    keep: Callable[[Reading], None] | None = None,
) -> Generator[tuple[Reader, StopSignal]]:
    """Return what reads the account's profiles; a signal stops it between two reads.

    First it waits until no call of an earlier run can be written any more: what is read
    before that may not be so after it. `keep` is told of every reading as it arrives.

    Raises:
        TransportError: the address or the credentials cannot be used.
        Interrupted: at once, where a second signal asked to end.
    """
    from ctsync.cli.terminal.signals import READING, stop_on_signals
    from ctsync.observe.read_profiles import Reader
    from ctsync.transport.reads import connect_reads

    with ExitStack() as stack:
        account = _account(session, stack)
        seconds = session.project.upload.timeout_seconds
        reads = connect_reads(account, session.passcode(), timeout_seconds=seconds)
        stack.callback(reads.close)
        stop = stack.enter_context(stop_on_signals(READING))
        _wait_for_late_writes(header, stop)
        rng = random.Random()  # noqa: S311 - jitter, no secret
        reader = Reader(reads, rng, time.sleep, lambda: stop.requested)
        reader.tell = Patience(print_message).waits
        if keep is not None:
            reader.keep = keep
        yield reader, stop


def _wait_for_late_writes(header: Header | None, stop: StopSignal) -> None:
    from ctsync.apply.calls.late_writes import wait_for_late_writes
    from ctsync.cli.clock import machine_clock
    from ctsync.cli.terminal.progress import Progress

    clock, tell = machine_clock(), Progress().waits
    wait_for_late_writes(header, clock, time.sleep, tell, lambda: stop.requested)


def _account(session: ProjectSession, stack: ExitStack) -> Account:
    account = session.account
    if not session.settings.sandbox:
        return account
    from ctsync.sandbox import Sandbox

    data = session.sandbox_folder / "platform.db"
    platform = stack.enter_context(Sandbox(data=data, account_id=account.id))
    return replace(account, endpoint=platform.url)


def read_entries(
    reader: Reader, entries: Iterable[Entry]
) -> Iterator[tuple[Entry, Reading]]:
    """Yield each entry with what is read of it."""
    waiting: deque[Entry] = deque()

    def keys() -> Iterator[ProfileKey]:
        for entry in entries:
            waiting.append(entry)
            yield entry.key

    for each in reader.each(keys()):
        yield waiting.popleft(), each


def announce(total: int, *, takes_sample: bool = True) -> None:
    """Say how long reading will take, where it takes long, and what is quicker."""
    from ctsync.render.summary_text import duration_words
    from ctsync.transport.reads import MAX_READS

    if total < _WORTH_A_WORD:
        return
    seconds = total * SECONDS_PER_READ / MAX_READS
    words = (
        f"Reading {total:,} profiles one by one, {MAX_READS} at a time: about "
        f"{duration_words(seconds)} at {SECONDS_PER_READ} s a read."
    )
    quicker = (_SAMPLE if takes_sample else "", _EXPORT)
    if seconds > _LONG_SECONDS:
        words = "\n  ".join([words, *filter(None, quicker)])
    print_message(words)


_SAMPLE = "--sample N reads N of them, chosen by chance."
_EXPORT = 'A daily export of the platform is read whole with "ctsync import FILE".'


def survey_known(
    session: ProjectSession,
    present: CurrentSnapshot,
    choice: Choice,
    stack: ExitStack,
) -> ReadSurvey:
    """Read profiles of the state and give what comes of it.

    Raises:
        TransportError: the platform cannot be read.
        Interrupted: a signal asked to end.
    """
    survey = new_survey(session, present, stack)
    counts = survey.counts
    rng = random.Random()  # noqa: S311 - a sample, no secret
    counts.chosen, entries = choice.of(present, rng)
    announce(counts.chosen)
    began = time.monotonic()
    with reading(session, present.header) as (reader, stop):
        progress = ReadProgress(counts.chosen, colour=has_talk_colour(session.settings))
        reader.tell = progress.waits
        take_in(survey, read_entries(reader, entries), progress)
        counts.asked, counts.seconds = reader.requests, time.monotonic() - began
        refuse_interruption(stop)
    survey.close()
    return survey


def new_survey(
    session: ProjectSession, present: CurrentSnapshot, stack: ExitStack
) -> ReadSurvey:
    """Return a survey that has not seen anything yet."""
    from ctsync.observe.survey_reads import ReadSurvey
    from ctsync.plan.document.plan_file import scratch_file

    files = [stack.enter_context(scratch_file()) for _ in range(2)]
    mask = session.mask(present.base.lineage)
    waited = waits_of(present.header).names
    survey = ReadSurvey(files[0], files[1], sensitivity(session), mask, waited)
    survey.counts.known = 0 if present.header is None else present.header.entries
    return survey


def take_in(
    survey: ReadSurvey,
    found: Iterable[tuple[Entry, Reading]],
    progress: ReadProgress,
) -> None:
    """Take in what is read, and say how far it has come."""
    try:
        for done, (entry, each) in enumerate(found, 1):
            survey.add(entry, each)
            progress.read(done)
    finally:
        progress.close()


def refuse_interruption(stop: StopSignal) -> None:
    """End here if a signal asked for it.

    Raises:
        Interrupted: one did.
    """
    if stop.signal_number is not None:
        raise Interrupted(
            "stopped before all was read; nothing has changed",
            signal_number=stop.signal_number,
        )
