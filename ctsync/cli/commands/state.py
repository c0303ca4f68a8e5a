"""`ctsync state`: look at what is known, and correct it."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.click_group import LazyCommands
from ctsync.cli.completion.offered_files import offer_plans
from ctsync.cli.completion.offered_names import offer_attributes, offer_keys, offer_runs
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import target_option, write_options


@click.group("state", cls=LazyCommands)
@global_options
def COMMAND() -> None:  # noqa: N802 - found by this name
    """Look at the state and correct it; nothing is ever sent.

    KEY is an identity, or objectId=VALUE (FBID=, GPID=).
    """


@COMMAND.command("list")
@target_option
@click.option(
    "--undeclared", is_flag=True, help="Only profiles that no place of the spec names."
)
@global_options
@click.pass_obj
def list_(settings: GlobalOptions, *, target: tuple[str, ...], undeclared: bool) -> int:
    """List the profiles that the state knows.

    --target takes identity, FBID, GPID, objectId, attribute and cohort. With --format
    jsonl, one profile a line, then the document without them.
    """
    from ctsync.cli.states.state_queries import list_entries

    return list_entries(settings, target, undeclared=undeclared)


@COMMAND.command("show")
@click.argument("key", metavar="KEY", shell_complete=offer_keys)
@global_options
@click.pass_obj
def show(settings: GlobalOptions, key: str) -> int:
    """Show what the state knows of one profile."""
    from ctsync.cli.states.state_queries import show_entry

    return show_entry(settings, key)


@COMMAND.command("forget")
@click.argument("keys", metavar="[KEY]...", nargs=-1, shell_complete=offer_keys)
@click.option(
    "--attribute",
    metavar="NAME",
    shell_complete=offer_attributes,
    help="Forget one attribute everywhere.",
)
@write_options
@global_options
@click.pass_obj
def forget(
    settings: GlobalOptions,
    keys: tuple[str, ...],
    *,
    attribute: str | None,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Drop profiles, or one attribute, from the state alone.

    The platform keeps them; what the spec still declares is assigned by the next plan.
    """
    from ctsync.cli.state_writes import WriteOptions
    from ctsync.cli.states.state_corrections import forget_entries

    permission = WriteOptions(auto_approve, dry_run)
    return forget_entries(settings, keys, attribute, permission)


@COMMAND.command("doubt")
@click.argument("keys", metavar="[KEY]...", nargs=-1, shell_complete=offer_keys)
@click.option(
    "--attribute",
    metavar="NAME",
    shell_complete=offer_attributes,
    help="Doubt one attribute everywhere.",
)
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    metavar="FILE",
    shell_complete=offer_plans,
    help="Doubt what a saved plan touches.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Doubt everything; also accepts a state that was edited by hand.",
)
@write_options
@global_options
@click.pass_obj
def doubt(
    settings: GlobalOptions,
    keys: tuple[str, ...],
    *,
    attribute: str | None,
    plan: Path | None,
    everything: bool,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Mark values uncertain: the next plan assigns them.

    For a state that was lost, restored or edited: no counter then moves by a difference
    that nobody is sure of.
    """
    from ctsync.cli.state_writes import WriteOptions
    from ctsync.cli.states.state_corrections import DoubtOptions, doubt_entries

    doubted = DoubtOptions(keys, attribute, plan, everything)
    return doubt_entries(settings, doubted, WriteOptions(auto_approve, dry_run))


@COMMAND.command("rename")
@click.argument("before", metavar="OLD", shell_complete=offer_keys)
@click.argument("after", metavar="NEW", shell_complete=offer_keys)
@write_options
@global_options
@click.pass_obj
def rename(
    settings: GlobalOptions,
    before: str,
    after: str,
    *,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Let what is known of a profile stand under another key.

    For a profile whose id changed at its source, and that the platform knows by NEW
    already: nothing is sent, and the next plan compares NEW with what was known of OLD.
    """
    from ctsync.cli.state_writes import WriteOptions
    from ctsync.cli.states.state_rename import rename_entry

    return rename_entry(settings, before, after, WriteOptions(auto_approve, dry_run))


@COMMAND.command("history")
@click.argument("run", metavar="[RUN]", required=False, shell_complete=offer_runs)
@global_options
@click.pass_obj
def history(settings: GlobalOptions, run: str | None) -> int:
    """List the applies that are kept, or show what one changed.

    RUN is its id, the beginning of it, or "last".
    """
    from ctsync.cli.states.state_history import list_runs, show_run

    return list_runs(settings) if run is None else show_run(settings, run)


@COMMAND.command("copy")
@click.argument("to", metavar="TO")
@write_options
@global_options
@click.pass_obj
def copy(settings: GlobalOptions, to: str, *, auto_approve: bool, dry_run: bool) -> int:
    """Copy the state to a place that holds none yet.

    TO is a file that ends in .jsonl, or a folder by a path that ends in /. Lineage,
    serial and digest are kept: go on with one of the two only, since a copy is another
    truth.
    """
    from ctsync.cli.state_writes import WriteOptions
    from ctsync.cli.states.state_copy import copy_state

    return copy_state(settings, to, WriteOptions(auto_approve, dry_run))
