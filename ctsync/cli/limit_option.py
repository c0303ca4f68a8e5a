"""Amounts of profiles on the command line: `50` or `5%`."""

from __future__ import annotations

import click

from ctsync.model.policy import Limit, parse_limit

_WHOLE = 100


def read_amount(
    _: click.Context, param: click.Parameter, value: str | None
) -> Limit | None:
    """Read `50` or `5%`.

    Raises:
        BadParameter: neither a number nor a percentage, or one of more than all.
    """
    if value is None:
        return None
    try:
        amount = parse_limit(value)
    except ValueError as error:
        words = f"{value!r} is no number and no percentage"
        raise click.BadParameter(words, param=param) from error
    if amount.is_percent and amount.number > _WHOLE:
        words = f"{value!r} is more than all: a percentage goes up to {_WHOLE}%"
        raise click.BadParameter(words, param=param)
    return amount


def read_share(
    context: click.Context, param: click.Parameter, value: str | None
) -> Limit | None:
    """Read `50` or `5%`, where none at all would mean nothing.

    Raises:
        BadParameter: neither a number nor a percentage, or none at all.
    """
    amount = read_amount(context, param, value)
    if amount is not None and amount.number == 0:
        words = f"{value!r} is none; give at least 1, or leave the option out"
        raise click.BadParameter(words, param=param)
    return amount
