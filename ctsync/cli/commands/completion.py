"""`ctsync completion`: completing commands and options in a shell."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions, global_options


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@global_options
@click.pass_context
def COMMAND(ctx: click.Context, shell: str) -> int:  # noqa: N802 - found by this name
    r"""Print a script that completes commands in a shell.

    \b
    bash:  eval "$(ctsync completion bash)"          in ~/.bashrc
    zsh:   eval "$(ctsync completion zsh)"           in ~/.zshrc
    fish:  ctsync completion fish | source           in ~/.config/fish/config.fish
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from ctsync.cli.output import print_document, require_format

    require_format(ctx.ensure_object(GlobalOptions), "text")
    shells = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    app = ctx.find_root().command
    completion = shells[shell](app, {}, "ctsync", "_CTSYNC_COMPLETE")
    print_document([completion.source(), "\n"])
    return 0
