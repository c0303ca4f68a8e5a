"""`ctsync export`: a plan as files for SFTP or for the dashboard."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.completion.offered_files import offer_plans
from ctsync.cli.completion.offered_names import offer_channels
from ctsync.cli.global_options import GlobalOptions, global_options


def read_channel(_: click.Context, param: click.Parameter, value: str) -> str:
    """Read the name of a channel that there is, built in or installed.

    Raises:
        BadParameter: there is none.
    """
    from ctsync.channels import CHANNELS

    if value not in CHANNELS:
        words = f'no channel "{value}"; there are {", ".join(CHANNELS)}'
        raise click.BadParameter(words, param=param)
    return value


class ChannelOption(click.Option):
    """An option whose help names the channels that there are."""

    def make_metavar(self, *_: object, **__: object) -> str:
        """Give all names; they are looked for when help is asked for."""
        from ctsync.channels import CHANNELS

        return "|".join(CHANNELS)


@click.command("export")
@click.argument(
    "plan",
    metavar="PLAN",
    type=click.Path(path_type=Path),
    shell_complete=offer_plans,
)
@click.option(
    "--channel",
    cls=ChannelOption,
    callback=read_channel,
    shell_complete=offer_channels,
    required=True,
    help="What reads the files: an SFTP import, or the dashboard's CSV upload.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    required=True,
    help="Write the files into DIR, for their owner alone.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Split into files of fewer bytes than this; default: the platform's limit.",
)
@click.option(
    "--expect-digest",
    metavar="DIGEST",
    help="Refuse the plan unless it has exactly this digest (sha256:...).",
)
@click.option(
    "--require-signature",
    is_flag=True,
    help="Refuse a plan that is not signed with the key in CTSYNC_PLAN_KEY.",
)
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name; one parameter an option
    settings: GlobalOptions,
    plan: Path,
    *,
    channel: str,
    out: Path,
    max_bytes: int | None,
    expect_digest: str | None,
    require_signature: bool,
) -> int:
    """Write a saved plan as files for an SFTP import or the dashboard.

    Nothing is sent and the state is unchanged. What no file can say, such as counters,
    is left to the upload API, and the command says which part goes where.
    """
    from ctsync.cli.export_command import ExportOptions, export

    orders = ExportOptions(
        plan=plan,
        channel=channel,
        out=out,
        max_bytes=max_bytes,
        expect_digest=expect_digest,
        require_signature=require_signature,
    )
    return export(settings, orders)
