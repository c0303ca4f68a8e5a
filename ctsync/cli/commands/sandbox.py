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
) -> int:
    """Serve a simulation of the platform on 127.0.0.1.

    Prints its address; point a project at it with account.endpoint. The passcode is
    that of CLEVERTAP_PASSCODE where it is set, else "sandbox". It follows CleverTap's
    documentation and is not the platform: what that leaves open, it decides for itself.
    """
    from ctsync.cli.sandbox_command import Simulation, serve

    place = None if data is None else settings.directory / data
    return serve(Simulation(port, place, fault, distort, drop, account, seed))
