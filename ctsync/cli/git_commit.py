"""Which commit a run applies: from the checkout's own files, else from the pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# GitHub, GitLab, Jenkins, CircleCI and Buildkite, each by its own manual.
_VARIABLES = (
    "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "CIRCLE_SHA1", "BUILDKITE_COMMIT",
)  # fmt: skip


def commit_of(folder: Path, variables: Mapping[str, str]) -> str | None:
    """Return the id of the commit that is checked out around a folder, if any is."""
    found = None
    with suppress(OSError, UnicodeDecodeError):
        top = next(each for each in (folder, *folder.parents) if _has_git(each))
        found = _head(_git_folder(top / ".git"))
    said = (variables.get(name, "") for name in _VARIABLES)
    # The checkout first: a pipeline may have checked out another commit than it runs
    # for.
    return next((each for each in (found or "", *said) if _ID.fullmatch(each)), None)


def _has_git(folder: Path) -> bool:
    return (folder / ".git").exists() or folder == folder.parent


def _git_folder(path: Path) -> Path:
    """Return the folder that `.git` is, or that it leads to in a linked work tree."""
    if path.is_dir():
        return path
    return path.parent / _text(path).removeprefix("gitdir:").strip()


def _head(git: Path) -> str | None:
    head = _text(git / "HEAD")
    name = head.removeprefix("ref:").strip()
    if name == head:
        return head
    return next(_values(git, name), None)


def _values(git: Path, name: str) -> Iterator[str]:
    """Yield what a reference is said to be: its file goes before the packed ones."""
    shared = git
    with suppress(OSError):
        shared = git / _text(git / "commondir")
    for folder in (git, shared):
        with suppress(OSError):
            yield _text(folder / name)
    with suppress(OSError):
        for line in _text(shared / "packed-refs").splitlines():
            value, _, said = line.partition(" ")
            if said == name:
                yield value


def _text(path: Path) -> str:
    return path.read_text("utf-8").strip()
