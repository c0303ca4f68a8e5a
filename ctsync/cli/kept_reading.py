"""Reading that goes on from what an interrupted command of the same sort has read."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ctsync.canonical_json import canonical, sha256
from ctsync.cli.project_session import ProjectSession
from ctsync.cli.read_platform import announce, reading
from ctsync.cli.terminal.output import print_message
from ctsync.cli.terminal.progress import ReadProgress
from ctsync.cli.terminal.terminal_width import has_talk_colour
from ctsync.errors import CtsyncError, Interrupted
from ctsync.model.profile_key import ProfileKey

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.cli.terminal.signals import StopSignal
    from ctsync.observe.kept_reads import KeptReads
    from ctsync.observe.read_profiles import Reader


class Question(Struct, frozen=True):
    """What a command asks the platform, in words of which the same mean the same.

    `keeps` says whether what is read outlives an interruption, `anew` that it is read
    again although an earlier command had read it.
    """

    words: Mapping[str, Any]
    keeps: bool = True
    anew: bool = False


def kept_reads(
    session: ProjectSession,
    present: CurrentSnapshot,
    question: Question,
    stack: ExitStack,
) -> KeptReads:
    """Open what was read to answer this question; ask for it under the state's lock.

    It is of this account and of this very version of the state: what was read before
    an apply sent something is not so any more.

    Raises:
        CtsyncError: nothing can be kept there.
    """
    from ctsync.observe.kept_reads import open_kept_reads, remove, remove_older

    base, now = present.base, time.time()
    target = {**question.words, "account": session.account.as_json()}
    purpose = {**target, "base": [base.lineage, base.serial, base.digest]}
    path = None
    if question.keeps:
        folder = _folder(session)
        # The name tells apart what may wait side by side; the head says the rest.
        name = sha256(canonical({**target, "state": session.store().location}))[:16]
        path = folder / f"{name}.reads"
        remove_older(folder, now)
        if question.anew:
            remove(path)
    return stack.enter_context(open_kept_reads(path, purpose, now))


def _folder(session: ProjectSession) -> Any:
    if session.settings.sandbox:
        return session.sandbox_folder / "reads"
    return session.project.root / ".ctsync" / "reads"


def read_kept(
    session: ProjectSession,
    present: CurrentSnapshot,
    kept: KeptReads,
    keys: Iterator[ProfileKey],
    total: int,
    *,
    takes_sample: bool,
) -> int:
    """Read what of these keys is not kept yet; return how many requests that took.

    `takes_sample` says whether the command could read fewer.

    Raises:
        TransportError: the platform cannot be read.
        Interrupted: a signal asked to end. Either way what was read is kept.
    """
    before = kept.count()
    say_continuing(kept, before, f"{before:,} of {total:,} profiles read")
    announce(total - before, takes_sample=takes_sample)
    progress = ReadProgress(total, before, colour=has_talk_colour(session.settings))
    # Asked as its turn comes, so that millions of keys are not held.
    missing = (key for key in keys if not kept.holds(key))
    with (
        telling_what_is_kept(kept, total),
        reading(session, present.header, kept.note) as (reader, stop),
    ):
        reader.tell = progress.waits
        try:
            for done, _ in enumerate(reader.each(missing), before + 1):
                progress.read(done)
        finally:
            progress.close()
        end_if_stopped(stop)
        return reader.requests


def read_kept_pages(
    session: ProjectSession,
    present: CurrentSnapshot,
    kept: KeptReads,
    read: Callable[[Reader], Iterator[int]],
) -> int:
    """Read pages; `read` yields of how many profiles each was. Return the requests.

    Raises:
        TransportError: the platform cannot be read.
        Interrupted: a signal asked to end. Either way what was read is kept.
    """
    done = before = kept.count()
    say_continuing(kept, before, f"{before:,} profiles read")
    progress = ReadProgress(None, before, colour=has_talk_colour(session.settings))
    with (
        telling_what_is_kept(kept, None),
        reading(session, present.header) as (reader, stop),
    ):
        reader.tell = progress.waits
        try:
            for count in read(reader):
                done += count
                progress.read(done)
        finally:
            progress.close()
        end_if_stopped(stop)
        return reader.requests


def say_continuing(kept: KeptReads, before: int, words: str) -> None:
    """Say what is taken from an earlier command, if anything is."""
    from ctsync.render.summary_text import duration_words

    if before:
        ago = duration_words(time.time() - kept.began)
        print_message(f"continuing: {words} already, from {ago} ago on")


@contextmanager
def telling_what_is_kept(kept: KeptReads, total: int | None) -> Generator[None]:
    """Say of an error what of the reading outlives it."""
    try:
        yield
    except CtsyncError as error:
        if read := _kept_count(kept):
            of = "" if total is None else f" of {total:,}"
            noun = "profile is" if read == 1 and total is None else "profiles are"
            words = f"{read:,}{of} {noun} read and kept: the same command goes on from "
            words += "there"
            error.hint = f"{error.hint}; {words}" if error.hint else words
        raise


def _kept_count(kept: KeptReads) -> int:
    try:
        return kept.count() if kept.is_kept else 0
    except CtsyncError:  # the one that is told is the first
        return 0


def end_if_stopped(stop: StopSignal) -> None:
    """End here if a signal asked for it.

    Raises:
        Interrupted: one did.
    """
    if stop.signal_number is not None:
        words = "stopped before all was read; the state has not changed"
        raise Interrupted(words, signal_number=stop.signal_number)
