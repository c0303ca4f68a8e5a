"""Amounts of profiles on the command line: `50` or `5%`."""

from __future__ import annotations

import click

from ctsync.model.policy import Limit, parse_limit


def read_amount(
    _: click.Context, param: click.Parameter, value: str | None
) -> Limit | None:
    """Read `50` or `5%`.

    Raises:
        BadParameter: neither a number nor a percentage.
    """
    if value is None:
        return None
    try:
        return parse_limit(value)
    except ValueError as error:
        words = f"{value!r} is no number and no percentage"
        raise click.BadParameter(words, param=param) from error
