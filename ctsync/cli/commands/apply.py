"""`ctsync apply`: send a plan, and write down what was acknowledged."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.options import Settings, global_options
from ctsync.cli.selecting import accept_option, target_option


@click.command("apply")
@click.argument(
    "what", metavar="[FILE|PROJECT]", type=click.Path(path_type=Path), required=False
)
@click.option("--auto-approve", is_flag=True, help="Send without asking.")
@click.option(
    "--expect-digest",
    metavar="DIGEST",
    help="Send without asking, if the plan has this digest (sha256:...).",
)
@click.option(
    "--first-run", is_flag=True, help="Approve that there is no snapshot yet."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send the calls with dryRun=1; nothing is stored, here or there.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the outcome of every profile as JSON Lines.",
)
@target_option
@accept_option
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802, PLR0913 - found by this name; one parameter an option
    settings: Settings,
    what: Path | None,
    *,
    auto_approve: bool,
    expect_digest: str | None,
    first_run: bool,
    dry_run: bool,
    report: Path | None,
    target: tuple[str, ...],
    accept: tuple[str, ...],
) -> int:
    """Apply a saved plan, or plan a project and apply that.

    Shows the plan and asks first. State moves only for what is acknowledged; the same
    plan can be applied again after an interruption.
    """
    from ctsync.cli.applying import Orders, apply_command
    from ctsync.cli.planning import Wish

    orders = Orders(
        what=what,
        wish=Wish(target, (), accept),
        auto_approve=auto_approve,
        expect_digest=expect_digest,
        first_run=first_run,
        dry_run=dry_run,
        report=report,
    )
    return apply_command(settings, orders)
