"""`ctsync receipts`: settle what was sent in files by what the platform tells."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.shared_options import write_options


@click.command("receipts")
@click.argument("place", metavar="FILE|DIR", type=click.Path(path_type=Path))
@click.option(
    "--all-others-accepted",
    is_flag=True,
    help="Take for acknowledged what no report names: of the files that reports are "
    "of; of DIR, of every file that was put.",
)
@write_options
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions,
    place: Path,
    *,
    all_others_accepted: bool,
    auto_approve: bool,
    dry_run: bool,
) -> int:
    """Settle what was sent in files, by reports of the platform.

    FILE is the failure file of an import (.csv), or what a webhook was sent of it
    (.json); DIR holds several. What a report names goes back to what was known before,
    and the next plan has it again. The rest stays due, unless all others are accepted.
    Exits 3 while anything is rejected or due.
    """
    from ctsync.cli.receipts_command import ReceiptsWish, settle_receipts
    from ctsync.cli.state_writes import WriteOptions

    wish = ReceiptsWish(place, all_others_accepted)
    return settle_receipts(settings, wish, WriteOptions(auto_approve, dry_run))
