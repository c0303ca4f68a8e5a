"""What `ctsync export` does: open and judge a plan, write its files, say where."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.cli.apply_options import ApplyOptions, check_digest
from ctsync.cli.due_imports import waits_of
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.high_water import check_high_water
from ctsync.cli.plan_file_checks import check_plan
from ctsync.cli.plan_options import PlanOptions
from ctsync.cli.plan_output import mask_of
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.signing import require_signature
from ctsync.cli.terminal.next_command import next_command
from ctsync.cli.terminal.output import require_format, write_after
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.errors import SpecError, StateError

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.channels.base import Channel
    from ctsync.plan.document.plan_file import SavedPlan
    from ctsync.plan.export_plan import Exported

_NAME = slice(len("sha256:"), len("sha256:") + 12)


class ExportOptions(Struct, frozen=True):
    """What the command line says of an export."""

    plan: Path
    channel: str
    out: Path
    max_bytes: int | None = None
    expect_digest: str | None = None
    require_signature: bool = False


def export(settings: GlobalOptions, orders: ExportOptions) -> int:
    """Write the files of a plan, print what they hold, give the exit code."""
    from ctsync.apply.recover import folded_view

    require_format(settings, "text", "json")
    settings.saved = orders.plan
    check_digest(orders.expect_digest)
    session, saved = _open(settings, orders)
    with ExitStack() as stack:
        stack.enter_context(saved)
        present = folded_view(session.store())
        check_high_water(session, present.header)
        judged = ApplyOptions(
            orders.plan, PlanOptions(), expect_digest=orders.expect_digest
        )
        check_plan(session, present, saved, judged, is_saved=True)
        due = _due(session, present, saved, stack)
        channel = _channel(session, saved, orders)
        exported = _write(session, due, channel, orders)
        # What is written is written, whether anybody hears of it or not.
        write_after(_told(session, saved, channel, exported, orders))
    return 0


def _open(
    settings: GlobalOptions, orders: ExportOptions
) -> tuple[ProjectSession, SavedPlan]:
    try:
        session = open_session(settings)
    except (SpecError, StateError):
        # A plan that cannot be read is refused before these.
        _open_plan(settings, orders).close()
        raise
    return session, _open_plan(settings, orders)


def _open_plan(settings: GlobalOptions, orders: ExportOptions) -> SavedPlan:
    from ctsync.plan.document.plan_file import SavedPlan
    from ctsync.plan.document.plan_header import opened

    path = settings.directory / orders.plan
    plan = SavedPlan(opened(path), str(path))
    if orders.require_signature:
        require_signature(plan)
    return plan


def _due(
    session: ProjectSession,
    present: CurrentSnapshot,
    saved: SavedPlan,
    stack: ExitStack,
) -> SavedPlan:
    """Return what of a plan is still to be done, where an apply of it was begun."""
    from ctsync.apply.plan_checks import is_continued
    from ctsync.apply.remainder import remainder

    if not is_continued(saved, present):
        return saved
    files = waits_of(present.header).names
    rest = remainder(saved.check(), present, session.project.frame, files=files)
    return stack.enter_context(rest.plan)


def _channel(
    session: ProjectSession, saved: SavedPlan, orders: ExportOptions
) -> Channel:
    from ctsync.channels import CHANNELS
    from ctsync.channels.base import ChannelSettings

    email = session.project.channels.email
    return CHANNELS[orders.channel](ChannelSettings(saved.head.timezone, email))


def _write(
    session: ProjectSession, due: SavedPlan, channel: Channel, orders: ExportOptions
) -> Exported:
    from ctsync.plan.document.proven_changes import proven_rows
    from ctsync.plan.export_plan import ExportOrder, export_changes

    order = ExportOrder(
        name=due.foot.digest[_NAME],
        folder=session.settings.directory / orders.out,
        only_own=due.foot.profiles_by(channel.name) > 0,
        limit_bytes=orders.max_bytes,
    )
    changes = proven_rows(due)
    return export_changes(changes, channel, order, mask_of(session.settings, due))


def _told(
    session: ProjectSession,
    saved: SavedPlan,
    channel: Channel,
    exported: Exported,
    orders: ExportOptions,
) -> list[str]:
    from ctsync.render.export_text import (
        ExportSummary,
        export_document,
        exported_json,
        exported_text,
    )

    told = ExportSummary(
        digest=saved.foot.digest,
        channel=channel.name,
        title=channel.title,
        how_to_upload=channel.how_to_upload,
        folder=str(orders.out),
        files=[part.as_json() for part in exported.parts],
        profiles=exported.profiles,
        operations=exported.operations,
        left=exported.left,
        left_profiles=exported.left_profiles,
        next_command=_next(session, saved, exported, orders),
    )
    notes = _notes(channel, exported)
    said = export_document(told, notes)
    if session.settings.format == "json":
        return [exported_json(said)]
    return [*exported_text(said, notes)]


def _next(
    session: ProjectSession,
    saved: SavedPlan,
    exported: Exported,
    orders: ExportOptions,
) -> str | None:
    """Return the command that sends what goes by the upload API, if anything does."""
    if not exported.left:
        return None
    if saved.foot.profiles_by(orders.channel):
        return next_command(session.settings, "ctsync", "apply", orders.plan)
    names = sorted({attribute for attribute, _, _ in exported.left})
    targets = [word for name in names for word in ("--target", f"attribute={name}")]
    return next_command(
        session.settings, "ctsync", "plan", *targets, "--out", "api.plan"
    )


def _notes(channel: Channel, exported: Exported) -> Findings:
    """Return what whoever uploads the files has to know beforehand."""
    columns = (column for part in exported.parts for column in part.columns)
    return Findings(
        Diagnostic("warning", note.code, note.message, note.hint)
        for note in channel.notes(columns)
    )
