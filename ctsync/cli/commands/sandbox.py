"""`ctsync sandbox`: the platform's documented behaviour, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.global_options import GlobalOptions, global_options


@click.command("sandbox")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    metavar="N",
    help="Listen on this port; 0 takes a free one. Default: 8765.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep profiles in FILE. Default: they go with the process.",
)
@click.option(
    "--fault",
    multiple=True,
    metavar="KIND=RATE",
    help="Misbehave in this part of calls, 0 to 1, as in lost=0.1; may be repeated. "
    "An unknown KIND names them all.",
)
@click.option(
    "--distort",
    multiple=True,
    metavar="KIND",
    help="Show profiles otherwise than they are stored, as numeric-text; may be "
    "repeated. An unknown KIND names them all. Default: folded-names, numeric-phone.",
)
@click.option(
    "--drop",
    multiple=True,
    metavar="NAME",
    help="Acknowledge and drop this attribute, as an account's schema may.",
)
@click.option(
    "--account", metavar="ID", help="Take this account id only. Default: any."
)
@click.option(
    "--seed",
    type=int,
    default=0,
    metavar="N",
    help="Seed of faults and shuffling. Default: 0.",
)
@click.option(
    "--sftp-port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Import files that are put over SFTP on this port, too; 0 takes a free one. "
    "Needs the extra sftp. Default: none are.",
)
@click.option(
    "--sftp-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the files that are put, reports on them, and keys in DIR. Default: a "
    "private folder that goes with the process.",
)
@click.option(
    "--sftp-key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Admit this public key. Default: one that is made; its file is shown.",
)
@click.option(
    "--import-delay",
    type=click.IntRange(0, 7 * 24 * 3600),
    default=0,
    metavar="SECONDS",
    help="Import so long after a manifest was put. Default: 0.",
)
@click.option(
    "--webhook",
    metavar="URL",
    help="Post reports on imports to URL, which is http on this machine.",
)
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802, PLR0913 - found by this name; one parameter an option
    settings: GlobalOptions,
    *,
    port: int,
    data: Path | None,
    fault: tuple[str, ...],
    distort: tuple[str, ...],
    drop: tuple[str, ...],
    account: str | None,
    seed: int,
    sftp_port: int | None,
    sftp_dir: Path | None,
    sftp_key: Path | None,
    import_delay: int,
    webhook: str | None,
) -> int:
    """Serve a simulation of the platform on 127.0.0.1.

    Prints its address; point a project at it with account.endpoint. The passcode is
    that of CLEVERTAP_PASSCODE where it is set, else "sandbox". It follows CleverTap's
    documentation and is not the platform: what that leaves open, it decides for itself.
    """
    from ctsync.cli.sandbox_command import Simulation, serve
    from ctsync.cli.sandbox_door import DoorWish

    place, folder, key = (
        None if path is None else settings.directory / path
        for path in (data, sftp_dir, sftp_key)
    )
    door = DoorWish(sftp_port, folder, key, import_delay, webhook)
    wish = Simulation(port, place, fault, distort, drop, account, seed, door)
    return serve(wish)
