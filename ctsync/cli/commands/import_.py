"""`ctsync import`: fill a state without sending anything."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import target_option, write_options


@click.command("import")
@click.argument("source", type=click.Choice(("spec",)))
@target_option
@write_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions,
    source: str,  # noqa: ARG001 - one source so far
    *,
    target: tuple[str, ...],
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Fill the state from the spec; nothing is sent.

    Takes everything that the spec declares as if it were so already. For accounts that
    were in use before: plans then show what is edited from now on. Counters stay
    uncertain, so the next plan assigns them.
    """
    from ctsync.cli.import_command import import_spec
    from ctsync.cli.state_writes import WriteOptions

    return import_spec(settings, target, WriteOptions(auto_approve, dry_run))
