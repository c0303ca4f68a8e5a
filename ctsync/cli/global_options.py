"""Options that every command takes, before or after its name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from ctsync.bucket_address import SCHEMES, is_address
from ctsync.cli.completion.offered_files import offer_folders
from ctsync.cli.completion.offered_names import offer_environments
from ctsync.discovery import names_in
from ctsync.errors import UsageError
from ctsync.files.bucket_folders import BucketFolder, bucket_folder
from ctsync.files.roots import DataRoot

_Function = TypeVar("_Function", bound=Callable[..., Any])
# One root of the variable; addresses of buckets have its sign in them, too.
_ROOT = re.compile(rf"(?:{'|'.join(SCHEMES)})://[^:]*|[^:]+")


class GlobalOptions(Struct):
    """What the global options say, and what a next command has to be told again.

    `project` is the PROJECT that was given, `saved` the file of a saved plan that was
    given or asked for, `planned` the options that say what such a plan is of.
    """

    directory: Path = Path()
    env: str | None = None
    format: str = "text"
    sandbox: bool = False
    reveal: bool = False
    verbose: int = 0
    no_colour: bool = False
    command: str = ""
    data_roots: tuple[DataRoot, ...] = ()
    project: Path | None = None
    saved: Path | None = None
    planned: tuple[str, ...] = ()


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(GlobalOptions), name, value)

    return keep


def _add_root(ctx: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    ctx.ensure_object(GlobalOptions).data_roots += tuple(map(_data_root, value))


def _data_root(text: str) -> DataRoot:
    """Return the folder that a text means, of this machine or of a bucket.

    Raises:
        UsageError: it is no address of a folder of a bucket; it is not shown.
    """
    if not is_address(text):
        return Path(text)
    folder = bucket_folder(text)
    if folder is None:
        scheme = text.partition("://")[0]
        raise UsageError(
            f"the data root {scheme}://... cannot be read",
            hint=f"write {scheme}://BUCKET/FOLDER/, and give credentials in the "
            "environment",
        )
    return folder


_OPTIONS = (
    click.option(
        "-C",
        "directory",
        type=click.Path(path_type=Path),
        metavar="DIR",
        shell_complete=offer_folders,
        help="Run as if started in DIR.",
        expose_value=False,
        callback=_keep("directory"),
    ),
    click.option(
        "--env",
        metavar="NAME",
        shell_complete=offer_environments,
        help="Lay this environment over the project (also CTSYNC_ENV).",
        expose_value=False,
        callback=_keep("env"),
    ),
    click.option(
        "--format",
        type=click.Choice(names_in("ctsync.render.plan_formats")),
        help="How to print the document. Default: text.",
        expose_value=False,
        callback=_keep("format"),
    ),
    click.option(
        "--sandbox",
        is_flag=True,
        help="Use the embedded simulation of the platform instead of the account.",
        expose_value=False,
        callback=_keep("sandbox"),
    ),
    click.option(
        "--reveal",
        is_flag=True,
        help="Show personal data in clear; refused where CI is set.",
        expose_value=False,
        callback=_keep("reveal"),
    ),
    click.option(
        "--data-root",
        "data_roots",
        metavar="DIR",
        shell_complete=offer_folders,
        multiple=True,
        help="Read files of the project from DIR too, a folder or s3://BUCKET/FOLDER/ "
        "(also CTSYNC_DATA_ROOTS).",
        expose_value=False,
        callback=_add_root,
    ),
    click.option(
        "-v",
        "verbose",
        count=True,
        help="Log what is done; -vv for more.",
        expose_value=False,
        callback=_keep("verbose"),
    ),
    click.option(
        "--no-color",
        is_flag=True,
        help="Print without colours (also NO_COLOR).",
        expose_value=False,
        callback=_keep("no_colour"),
    ),
)


def global_options(function: _Function) -> _Function:
    """Give a command the global options; their values go into `GlobalOptions`."""
    # click lists first what was added last.
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def environment_of(settings: GlobalOptions) -> str | None:
    """Return the environment that was chosen, by option or variable."""
    return settings.env or os.environ.get("CTSYNC_ENV") or None


def data_roots_of(settings: GlobalOptions) -> tuple[DataRoot, ...]:
    """Return the folders that files may come from too, by option or variable.

    Raises:
        UsageError: one of them is no folder.
    """
    written = _ROOT.findall(os.environ.get("CTSYNC_DATA_ROOTS", ""))
    found = [*settings.data_roots, *map(_data_root, written)]
    return tuple(_seen_from(settings.directory, each) for each in found)


def _seen_from(directory: Path, root: DataRoot) -> DataRoot:
    if isinstance(root, BucketFolder):
        return root
    if not (directory / root).is_dir():
        hint = (
            "--data-root and CTSYNC_DATA_ROOTS name folders that are there, or "
            "s3://BUCKET/FOLDER/"
        )
        raise UsageError(f"{directory / root} is no folder", hint=hint)
    return directory / root
