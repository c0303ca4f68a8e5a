"""What a shell may offer where a file is to be named: plans, projects, folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

_YAML = (".yaml", ".yml")


def offer_folders(
    ctx: click.Context,  # noqa: ARG001 - the shell knows its folders
    _: click.Parameter,
    start: str,
) -> list[CompletionItem]:
    """Let the shell offer folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(start, "dir")]


def offer_plans(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer saved plans, and folders that may hold some."""
    return _files(ctx, start, (".plan",))


def offer_plans_and_projects(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer saved plans, project files and folders."""
    return _files(ctx, start, (".plan", *_YAML))


def offer_projects(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer project files and folders."""
    return _files(ctx, start, _YAML)


def offer_sources(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer what `import` reads: words of its own, or any file."""
    return [*_words(("spec", "api"), start), *_files(ctx, start, ("",))]


def _folder_of(ctx: click.Context) -> Path:
    from ctsync.cli.global_options import GlobalOptions

    settings = ctx.find_object(GlobalOptions)
    return Path() if settings is None else settings.directory


def _files(
    ctx: click.Context, start: str, endings: tuple[str, ...]
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    above, slash, name = start.rpartition("/")
    folder = _folder_of(ctx) / (above + slash)
    found: list[CompletionItem] = []
    for each in _entries(folder):
        shown = above + slash + each.name
        is_hidden = each.name.startswith(".") and not name.startswith(".")
        if is_hidden or not each.name.startswith(name):
            continue
        if each.is_dir():
            found.append(CompletionItem(f"{shown}/", "open"))
        elif each.name.endswith(endings):
            found.append(CompletionItem(shown))
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _words(words: Iterable[str], start: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(start)]
