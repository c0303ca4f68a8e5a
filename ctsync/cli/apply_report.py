"""After an apply: report, webhook, document, and what to do next."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ctsync.cli.apply_options import ApplyOptions
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_output import mask_of
from ctsync.cli.project_session import ProjectSession
from ctsync.cli.terminal.next_command import retyped
from ctsync.cli.terminal.output import (
    has_colour,
    print_error,
    print_message,
    write_after,
)
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.errors import CtsyncError

if TYPE_CHECKING:
    from ctsync.apply.apply_result import ApplyResult
    from ctsync.output_file import OutputFile
    from ctsync.plan.document.plan_file import SavedPlan


def open_report(
    session: ProjectSession, orders: ApplyOptions, stack: ExitStack
) -> OutputFile | None:
    """Open the file of `--report`, if one is asked for, before anything is sent.

    Raises:
        CtsyncError: it cannot be written.
    """
    from ctsync.apply.apply_result import create_report

    if orders.report is None:
        return None
    return stack.enter_context(
        create_report(session.settings.directory / orders.report)
    )


def check_webhook(session: ProjectSession, orders: ApplyOptions) -> None:
    """See that there is a webhook to tell, if one is named, before anything is sent.

    Raises:
        SpecError: its variable is not set.
    """
    if not (session.settings.sandbox or orders.dry_run):
        session.project.notify(session.variables)


def report_apply(
    session: ProjectSession,
    plan: SavedPlan,
    result: ApplyResult,
    report: OutputFile | None,
) -> int:
    """Write the report, tell the webhook, print the document; give the exit code."""
    from ctsync.render.apply_html import applied_html
    from ctsync.render.apply_text import applied_json, applied_text
    from ctsync.render.diagnostics_text import diagnostics_json

    trouble = _report(report, result, plan)
    document = result.as_json(mask_of(session.settings, plan))
    document["next"] = _next(session.settings, result)
    document |= diagnostics_json(_allowed(result))
    _notify(session, document)
    if session.settings.format == "json":
        write_after([applied_json(document)])
    elif session.settings.format == "html":
        account, is_sandboxed = session.account.shown, session.settings.sandbox
        write_after(applied_html(document, account, sandbox=is_sandboxed))
    else:
        text = applied_text(document, colour=has_colour(session.settings))
        write_after(chain(["\n"], text))
        if result.error is not None:
            print_error(result.error)
    if trouble is not None:
        print_error(trouble)
    for finding in _allowed(result):
        print_message(f"warning: {finding.message}")
    return result.exit_code


def _next(settings: GlobalOptions, result: ApplyResult) -> str:
    """Return the command to type next: after all is done, one that is of all."""
    from ctsync.apply.apply_result import EXPORT

    if result.is_complete and not result.dry_run:
        settings = replace(settings, saved=None, planned=())
    command = result.next
    if command == EXPORT and settings.saved is None:
        command = "ctsync plan --out FILE"  # only a saved plan is exported
    return retyped(settings, command)


def _allowed(result: ApplyResult) -> Findings:
    """Return a warning where profiles were rejected, and no more than was allowed."""
    from ctsync.counted import counted

    if result.exit_code or not result.counts["rejected"]:
        return Findings()
    rejected = counted(result.counts["rejected"], "profile")
    return Findings(
        [
            Diagnostic(
                "warning",
                "CT405",
                f"{rejected} rejected, as allowed",
                "correct the spec; the next plan has them again",
            )
        ]
    )


def _report(
    report: OutputFile | None, result: ApplyResult, plan: SavedPlan
) -> CtsyncError | None:
    """Write the report; its trouble is told, and is not the apply's."""
    from ctsync.apply.apply_result import write_report

    if report is not None:
        try:
            write_report(report, result, plan.changes())
        except CtsyncError as error:
            return error
    return None


def _notify(session: ProjectSession, document: dict[str, Any]) -> None:
    if session.settings.sandbox or document["dry_run"]:
        return
    url = session.project.notify(session.variables)
    if url is not None:
        from ctsync.transport.webhook import notify

        trouble = notify(url, document)
        if trouble is not None:
            print_message(f"warning: {trouble}; the apply itself is done")
