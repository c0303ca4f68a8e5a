"""`ctsync apply`: send a plan, and write down what was acknowledged."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.completion.offered_files import offer_plans_and_projects
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.limit_option import read_amount, read_share
from ctsync.cli.shared_options import (
    accept_option,
    engine_option,
    target_option,
    view_options,
)
from ctsync.model.policy import Limit


@click.command("apply")
@click.argument(
    "what",
    metavar="[FILE|PROJECT]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=offer_plans_and_projects,
)
@click.option(
    "--auto-approve", is_flag=True, help="Send without asking, for pipelines."
)
@click.option(
    "--expect-digest",
    metavar="DIGEST",
    help="Send without asking, if the plan has exactly this digest (sha256:...).",
)
@click.option(
    "--first-run", is_flag=True, help="Approve that there is no state to compare with."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send the calls with dryRun=1: the platform checks and stores nothing, and "
    "nothing is written here.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the outcome of every profile to FILE, as JSON Lines, in clear.",
)
@click.option(
    "--canary",
    metavar="N|P%",
    callback=read_share,
    help="Send so many profiles first, and the rest only if all were acknowledged.",
)
@click.option(
    "--allow-rejected",
    metavar="N|P%",
    callback=read_amount,
    help="Exit 0 with a warning if at most so many profiles are rejected.",
)
@click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for another run to let go of the state.",
)
@click.option(
    "--require-signature",
    is_flag=True,
    help="Refuse a saved plan that is not signed with the key in CTSYNC_PLAN_KEY.",
)
@target_option
@accept_option
@engine_option
@view_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802, PLR0913 - found by this name; one parameter an option
    settings: GlobalOptions,
    what: Path | None,
    *,
    auto_approve: bool,
    expect_digest: str | None,
    first_run: bool,
    dry_run: bool,
    report: Path | None,
    canary: Limit | None,
    allow_rejected: Limit | None,
    lock_timeout: float,
    require_signature: bool,
    target: tuple[str, ...],
    accept: tuple[str, ...],
    engine: str | None,
    summary: bool,
    show_all: bool,
) -> int:
    """Send a saved plan, or plan a project and send that.

    Shows the plan and asks first. The state moves only for what the platform
    acknowledged. After an interruption, or exit 3, apply the same plan again: what was
    acknowledged is not sent twice. Without an argument it plans the current folder.
    """
    from ctsync.cli.apply_command import apply_command
    from ctsync.cli.apply_options import ApplyOptions
    from ctsync.cli.plan_options import PlanOptions

    orders = ApplyOptions(
        what=what,
        wish=PlanOptions(target, (), accept, engine),
        auto_approve=auto_approve,
        expect_digest=expect_digest,
        first_run=first_run,
        dry_run=dry_run,
        report=report,
        canary=canary,
        allow_rejected=allow_rejected,
        lock_timeout_seconds=lock_timeout,
        require_signature=require_signature,
        summary_only=summary,
        everything=show_all,
    )
    return apply_command(settings, orders)
