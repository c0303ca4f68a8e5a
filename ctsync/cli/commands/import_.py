"""`ctsync import`: fill a state without sending anything."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.completion.offered_files import offer_sources
from ctsync.cli.completion.offered_names import offer_keys
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import anew_option, target_option, write_options
from ctsync.errors import UsageError


@click.command("import")
@click.argument("source", metavar="spec|api|FILE", shell_complete=offer_sources)
@click.argument("keys", metavar="[KEY]...", nargs=-1, shell_complete=offer_keys)
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the profiles of these keys, one a line.",
)
@click.option("--event", metavar="NAME", help="Read whoever had this event.")
@click.option("--since", metavar="DAY", help="First day of --event, as 2026-11-01.")
@click.option("--until", metavar="DAY", help="Last day of --event.")
@click.option(
    "--key",
    "key_column",
    metavar="TYPE=COLUMN",
    help="The column of FILE that says whose a row is, as identity=customer_id.",
)
@click.option(
    "--write-spec",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a spec too: of an export the table that reads it, else what was read, "
    "as YAML, or as tables where there are many.",
)
@target_option
@anew_option
@write_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802, PLR0913 - found by this name; one parameter an option
    settings: GlobalOptions,
    source: str,
    keys: tuple[str, ...],
    *,
    keys_file: Path | None,
    event: str | None,
    since: str | None,
    until: str | None,
    key_column: str | None,
    write_spec: Path | None,
    target: tuple[str, ...],
    anew: bool,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Fill the state from spec, platform or file; nothing is sent.

    `spec` takes everything that the spec declares as if it were so already; counters
    stay uncertain. `api` reads profiles from the platform: those of KEY, of a file, of
    an event, or of the spec. FILE is an export: CSV, TSV, JSON Lines, Parquet
    or Arrow. What was read is certain, and not ours. What an interrupted `import api`
    has read is kept, and the same command goes on from there.
    """
    from ctsync.cli.state_writes import WriteOptions

    permission = WriteOptions(auto_approve, dry_run)
    if source == "spec":
        from ctsync.cli.imports.import_command import import_spec

        given = (keys, keys_file, event, since, until, key_column, write_spec, anew)
        if any(given):
            raise UsageError(
                "import spec takes --target alone; the rest is for reading"
            )
        return import_spec(settings, target, permission)
    from ctsync.cli.imports.import_read import import_read
    from ctsync.cli.imports.import_wish import ImportWish

    wish = ImportWish(
        source,
        keys,
        keys_file,
        key_column,
        event,
        since,
        until,
        target,
        write_spec,
        anew,
    )
    return import_read(settings, wish, permission)
