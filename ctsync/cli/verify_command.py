"""What `ctsync verify` does: read, look for what was acknowledged, show."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.read_platform import (
    Choice,
    announce,
    choice_of,
    read_entries,
    reading,
    refuse_interruption,
)
from ctsync.cli.terminal.output import has_colour, print_document, require_format
from ctsync.cli.terminal.progress import ReadProgress
from ctsync.cli.terminal.terminal_width import has_talk_colour

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.diagnostics import Findings
    from ctsync.model.verification import Verification
    from ctsync.observe.verify import Verifier


class VerifyWish(Struct, frozen=True):
    """What the command line asks of `verify`."""

    run: str | None = None
    sample: int | None = None
    detailed_exitcode: bool = False
    show_all: bool = False


def verify_state(settings: GlobalOptions, wish: VerifyWish) -> int:
    """Look whether what was acknowledged is there; give the exit code."""
    from ctsync.apply.recover import folded_view
    from ctsync.observe.verify import Verifier
    from ctsync.render.error_document import failed_reads
    from ctsync.render.plan_view import Style
    from ctsync.render.verified import VERIFIED_FORMATS, render_verified
    from ctsync.render.verified_view import VerifiedView

    require_format(settings, *VERIFIED_FORMATS)
    session = open_session(settings)
    present = folded_view(session.store())
    choice = choice_of(session, present, (), wish.sample)
    if wish.run is None:
        verifier = Verifier()
        verifier.count(present.entries())
    else:
        verifier, choice = _of_run(session, present, wish)
    if not verifier.found.acknowledged:
        choice = Choice(is_all=False)  # a read would tell nothing, and is dear
    _read(session, present, choice, verifier)
    found = verifier.found
    code = _exit_code(found, detailed=wish.detailed_exitcode)
    view = VerifiedView(
        account=session.account.shown,
        base=present.base,
        found=found,
        findings=_findings(found),
        exit_code=code,
        environment=session.project.environment,
        project=session.project.name,
        sandbox=settings.sandbox,
        error=failed_reads(found.failed) if code == 1 else None,
    )
    style = Style(colour=has_colour(settings), everything=wish.show_all)
    print_document(render_verified(settings.format, view, style))
    return code


def _of_run(
    session: ProjectSession, present: CurrentSnapshot, wish: VerifyWish
) -> tuple[Verifier, Choice]:
    """Return what counts the values of one run, and whom to read for it.

    Raises:
        UsageError: the history has no such run.
    """
    from ctsync.cli.states.state_history import changes_in, find_run
    from ctsync.observe.verify import Verifier

    record = find_run(session.store(), wish.run or "")
    sent = {
        change.key: frozenset(
            fold_name(each.operation.attribute) for each in change.operations
        )
        for change in changes_in(record)
    }
    keys = sorted(sent)
    verifier = Verifier(lambda key: sent.get(key, frozenset()))
    verifier.found.run = str(record.record["run"])
    verifier.found.known = len(keys)
    verifier.count(present.pick(keys))
    if wish.sample is not None and wish.sample < len(keys):
        keys = sorted(random.Random().sample(keys, wish.sample))  # noqa: S311 - a sample
    return verifier, Choice(tuple(keys), is_all=False)


def _read(
    session: ProjectSession,
    present: CurrentSnapshot,
    choice: Choice,
    verifier: Verifier,
) -> None:
    found = verifier.found
    if found.run is None and present.header is not None:
        found.known = present.header.entries
    found.chosen, entries = choice.of(present, random.Random())  # noqa: S311 - a sample
    announce(found.chosen)
    colour = has_talk_colour(session.settings)
    progress, began = ReadProgress(found.chosen, colour=colour), time.monotonic()
    with reading(session, present.header) as (reader, stop):
        reader.tell = progress.waits
        try:
            for done, (entry, each) in enumerate(read_entries(reader, entries), 1):
                verifier.add(entry, each)
                progress.read(done)
        finally:
            progress.close()
        found.asked, found.seconds = reader.requests, time.monotonic() - began
        refuse_interruption(stop)


def _exit_code(found: Verification, *, detailed: bool) -> int:
    if detailed and found.lacks_any:
        return 2
    return 1 if found.failed else 0


def _findings(found: Verification) -> Findings:
    from ctsync.counted import counted
    from ctsync.diagnostic_codes import severity_of
    from ctsync.diagnostics import Diagnostic, Findings

    findings = Findings()
    for each in found.dropped():
        message = (
            f"{each.attribute}: acknowledged, and on none of "
            f"{counted(each.checked, 'profile')} read"
        )
        hint = "the account's schema seems to drop it; see the Error Stream"
        findings.add(
            Diagnostic(
                severity_of("CT707"), "CT707", message, hint, attribute=each.attribute
            )
        )
    return findings
