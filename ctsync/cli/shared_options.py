"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ctsync.cli.completion.offered_names import offer_limits, offer_selectors

_Function = TypeVar("_Function", bound=Callable[..., Any])


def selection_options(function: _Function) -> _Function:
    """Add `--target` and `--exclude`."""
    function = click.option(
        "--exclude",
        multiple=True,
        metavar="KIND=GLOB",
        shell_complete=offer_selectors,
        help="Leave out what matches; wins over --target.",
    )(function)
    return target_option(function)


def target_option(function: _Function) -> _Function:
    """Add `--target`."""
    return click.option(
        "--target",
        multiple=True,
        metavar="KIND=GLOB",
        shell_complete=offer_selectors,
        help="Only what matches: identity, FBID, GPID, objectId, attribute, cohort, "
        "table, file or action; several of one kind: any, several kinds: all.",
    )(function)


def accept_option(function: _Function) -> _Function:
    """Add `--accept`."""
    return click.option(
        "--accept",
        multiple=True,
        metavar="LIMIT=N",
        shell_complete=offer_limits,
        help="Set one limit of the policy to N for this plan.",
    )(function)


def engine_option(function: _Function) -> _Function:
    """Add `--engine`."""
    return click.option(
        "--engine",
        type=click.Choice(["memory", "duckdb", "spark"]),
        help="What finds the differences; the plan is the same. spark also folds a "
        "large apply. Default: by size.",
    )(function)


def view_options(function: _Function) -> _Function:
    """Add `--summary` and `--all`."""
    function = click.option(
        "--all", "show_all", is_flag=True, help="Show every change, not the riskiest."
    )(function)
    return click.option(
        "--summary", is_flag=True, help="Show counts without the changes."
    )(function)


def write_options(function: _Function) -> _Function:
    """Add `--auto-approve` and `--dry-run` for commands that write the state."""
    function = click.option(
        "--dry-run", is_flag=True, help="Show what would be written, write nothing."
    )(function)
    return click.option(
        "--auto-approve", is_flag=True, help="Do not ask before writing."
    )(function)


def anew_option(function: _Function) -> _Function:
    """Add `--anew`."""
    return click.option(
        "--anew",
        is_flag=True,
        help="Read all of it again, whatever an interrupted command has kept.",
    )(function)


def sample_option(function: _Function) -> _Function:
    """Add `--sample`."""
    return click.option(
        "--sample",
        type=click.IntRange(min=1),
        metavar="N",
        help="Read N of the known profiles, chosen by chance.",
    )(function)


def detailed_option(function: _Function) -> _Function:
    """Add `--detailed-exitcode`."""
    return click.option(
        "--detailed-exitcode",
        is_flag=True,
        help="Exit with 2 where there is something to do.",
    )(function)
