"""The command group: finding commands, global options, and the one `try`."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from itertools import pairwise

import click

from ctsync import __version__
from ctsync.cli.click_group import LazyCommands
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.terminal.output import show_error
from ctsync.cli.terminal.signals import EndSignal, end_on_signals
from ctsync.cli.terminal.streams import standard_streams
from ctsync.discovery import discover_by_name, names_in
from ctsync.errors import CtsyncError, UsageError, out_of_memory

EPILOG = """\
Exit codes: 0 done; 1 error, nothing sent, state unchanged; 2 changes, with
--detailed-exitcode; 3 apply incomplete; 4 plan refused; 5 state locked; 6 blocked by
policy; 64 usage; 130 / 143 interrupted, nothing lost.
"""

_NEVER_OFFERED = frozenset({"--reveal", "--auto-approve"})


def build_app() -> click.Group:
    """Return the whole command tree."""

    @click.group(
        cls=LazyCommands,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=EPILOG,
        help="Terraform for CleverTap user profiles: declare, plan, review, apply.",
    )
    @click.version_option(__version__, prog_name="ctsync")
    @global_options
    def app() -> None:
        pass

    found = discover_by_name("ctsync.cli.commands", "COMMAND", click.Command)
    for command in found.values():
        app.add_command(command)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run a command line in a process that does more, and give its exit code."""
    with standard_streams():
        return run_alone(arguments)


def run_alone(arguments: Sequence[str]) -> int:
    """Run a command line and give its exit code."""
    with end_on_signals() as ended:
        try:
            return _run(arguments, ended)
        except BaseException as error:
            # What a signal interrupts raises as it likes: DuckDB an error of its own.
            if ended.number is None and not isinstance(error, click.Abort):
                raise
    click.echo("interrupted; nothing was sent", err=True)
    return 128 + (ended.number or signal.SIGINT)


def _run(arguments: Sequence[str], ended: EndSignal) -> int:
    settings = GlobalOptions(format=_format_in(arguments))
    try:
        app = build_app()
        if "_CTSYNC_COMPLETE" in os.environ:
            from ctsync.cli.completion.shell_completion import answer_shells

            answer_shells()
        result = app.main(
            list(arguments), prog_name="ctsync", standalone_mode=False, obj=settings
        )
    except CtsyncError as error:
        if ended.number is not None:
            raise
        return show_error(settings, error)
    except MemoryError:
        return show_error(settings, out_of_memory())
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return show_error(settings, _usage(error, settings.command))
    return result if isinstance(result, int) else 0


def _format_in(arguments: Sequence[str]) -> str:
    """Find the format before parsing, so that a usage error is printed in it."""
    words = [word for part in arguments for word in part.split("=", 1)]
    following = dict(pairwise(words)).get("--format", "text")
    return following if following in names_in("ctsync.render.plan_formats") else "text"


def _usage(error: click.ClickException, command: str) -> UsageError:
    if isinstance(error, click.NoSuchOption):
        return _no_such_option(error)
    message = error.format_message()
    text = message[:1].lower() + message[1:]
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else f"ctsync {command}".strip()
    for ours, theirs in _PLAINLY.items():
        text = text.replace(theirs, ours)
    return UsageError(text.removesuffix("."), hint=f'see "{path} --help"')


_PLAINLY = {
    "whole number": "valid integer range",
    "number": "valid float range",
}


def _no_such_option(error: click.NoSuchOption) -> UsageError:
    """Name the nearest option, but none that takes a safeguard away."""
    near = [name for name in error.possibilities or () if name not in _NEVER_OFFERED]
    path = error.ctx.command_path if error.ctx is not None else "ctsync"
    hint = f"did you mean {near[0]}?" if near else f'see "{path} --help"'
    return UsageError(f"{path} has no option {error.option_name}", hint=hint)
