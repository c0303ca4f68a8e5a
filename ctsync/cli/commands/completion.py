"""`ctsync completion`: completing commands and options in a shell."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions, global_options

# The help of click keeps lines as they are where a backspace stands above them.
_HELP = """\
Print a script that completes commands in a shell.

\b
bash:  eval "$(ctsync completion bash)"          in ~/.bashrc
zsh:   eval "$(ctsync completion zsh)"           in ~/.zshrc
fish:  ctsync completion fish | source           in ~/.config/fish/config.fish

It also completes what the project names: environments, selectors, attributes, keys
that nothing hides, saved plans. No plan is made for it.
"""


@click.command("completion", help=_HELP)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@global_options
@click.pass_context
def COMMAND(ctx: click.Context, shell: str) -> int:  # noqa: N802 - found by this name
    """Print the script of a shell."""
    from ctsync.cli.completion.shell_completion import SHELLS, VARIABLE
    from ctsync.cli.terminal.output import print_document, require_format

    require_format(ctx.ensure_object(GlobalOptions), "text")
    completion = SHELLS[shell](ctx.find_root().command, {}, "ctsync", VARIABLE)
    print_document([completion.source()])
    return 0
