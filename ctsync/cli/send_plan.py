"""Sending a plan: transport, terms, signals."""

from __future__ import annotations

import random
import time
import uuid
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.apply_options import ApplyOptions
from ctsync.cli.project_session import ProjectSession
from ctsync.cli.run_identity import author
from ctsync.cli.terminal.terminal_width import has_talk_colour
from ctsync.errors import CtsyncError

if TYPE_CHECKING:
    from ctsync.apply.apply_result import ApplyResult
    from ctsync.apply.clock import Clock
    from ctsync.apply.file_wave import FileTerms
    from ctsync.apply.witness import Witness
    from ctsync.cli.terminal.signals import StopSignal
    from ctsync.plan.document.plan_file import SavedPlan
    from ctsync.state import Store
    from ctsync.transport.upload_result import Transport


class RunMeans(Struct, frozen=True):
    """What a run has at hand: time, a witness, a way to be stopped, and a server."""

    clock: Clock
    stop: StopSignal
    witness: Witness | None = None
    files: FileTerms | None = None


def send_plan(
    session: ProjectSession,
    store: Store,
    plan: SavedPlan,
    orders: ApplyOptions,
    run: RunMeans,
) -> ApplyResult:
    """Send what a plan says, from this project to its account.

    Raises:
        CtsyncError: nothing was sent.
        Interrupted: a second signal ended the run; the journal holds what was sent.
    """
    from ctsync.apply.apply_plan import apply_plan
    from ctsync.apply.apply_settings import ApplySettings
    from ctsync.cli.terminal.progress import Progress
    from ctsync.engines import workers_of

    project = session.project
    terms = ApplySettings(
        records_per_call=project.upload.records_per_call,
        timeout_seconds=project.upload.timeout_seconds,
        concurrency=project.upload.concurrency,
        dry_run=orders.dry_run,
        reject_limit=project.policy.limits["reject"],
        canary=orders.canary,
        allow_rejected=orders.allow_rejected,
        frame=project.frame,
        author=author(project.root),
        history_runs=project.history_runs,
        talks_to=session.talks_to,
        marks=project.marks,
    )
    progress = Progress(colour=has_talk_colour(session.settings))
    with ExitStack() as stack, closing(progress):
        return apply_plan(
            plan,
            store,
            lambda: connect_to(session, stack),
            terms=terms,
            clock=run.clock,
            sleep=time.sleep,
            rng=random.Random(),  # noqa: S311 - jitter, no secret
            new_id=lambda: str(uuid.uuid4()),
            observer=progress,
            stop=run.stop,
            witness=run.witness,
            files=run.files,
            workers=workers_of(orders.wish.engine),
        )


def connect_to(session: ProjectSession, stack: ExitStack) -> Transport:
    """Return what sends calls to the project's account, or to the embedded sandbox.

    Raises:
        SpecError, TransportError: the passcode or the address cannot be used.
    """
    from ctsync.transport.http import connect

    account = session.account
    if session.settings.sandbox:
        from ctsync.sandbox import Sandbox

        data = session.sandbox_folder / "platform.db"
        try:
            platform = stack.enter_context(Sandbox(data=data, account_id=account.id))
        except OSError as error:
            words = f"the embedded sandbox cannot start: {error.strerror}"
            raise CtsyncError(words, code="sandbox") from error
        account = replace(account, endpoint=platform.url)
    upload = session.project.upload
    return connect(
        account,
        session.passcode(),
        timeout_seconds=upload.timeout_seconds,
        connections=upload.concurrency,
    )
