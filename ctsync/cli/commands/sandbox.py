"""`ctsync sandbox`: the platform's documented behaviour, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.options import Settings, global_options


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep profiles in FILE; otherwise they go with the process.",
)
@click.option(
    "--fault",
    multiple=True,
    metavar="KIND=RATE",
    help="Misbehave this often (0 to 1); KIND list shows the kinds.",
)
@click.option(
    "--account", metavar="ID", help="Take this account id only; otherwise any."
)
@click.option("--seed", type=int, default=0, help="Seed of faults and shuffling.")
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name; one parameter an option
    settings: Settings,
    *,
    port: int,
    data: Path | None,
    fault: tuple[str, ...],
    account: str | None,
    seed: int,
) -> int:
    """Serve a simulation of CleverTap's documented behaviour on 127.0.0.1.

    Point a project at it with account.endpoint. The passcode is that of
    CLEVERTAP_PASSCODE where it is set, else "sandbox". It is not the platform: what
    the documentation leaves open, it decides for itself.
    """
    from ctsync.cli.serving import serve

    folder = settings.directory
    place = None if data is None else folder / data
    return serve(port=port, data=place, faults=fault, account=account, seed=seed)
