"""A group of commands: an unknown one names the nearest."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions
from ctsync.errors import UsageError


class LazyCommands(click.Group):
    """Commands by name; the one chosen is noted for documents and messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in alphabetical order."""
        return sorted(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant.

        Raises:
            UsageError: there is none; names the nearest.
        """
        name = click.utils.make_str(args[0])
        is_known = self.get_command(ctx, name) is not None or name.startswith("-")
        if not (is_known or ctx.resilient_parsing):  # a shell completes beside it
            raise self._unknown(ctx, name)
        settings = ctx.ensure_object(GlobalOptions)
        settings.command = f"{settings.command} {name}".strip()
        return super().resolve_command(ctx, args)

    def _unknown(self, ctx: click.Context, name: str) -> UsageError:
        import difflib

        near = difflib.get_close_matches(name, self.commands, 1)
        hint = f'did you mean "{near[0]}"?' if near else None
        path = ctx.command_path
        return UsageError(
            f'there is no command "{name}"', hint=hint or f'see "{path} --help"'
        )
