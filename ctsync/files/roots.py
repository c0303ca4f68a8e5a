"""Where the files of a project may lie: what a pull request can make anybody read.

A path counts after all its links are resolved. A hard link cannot be told from the
file itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from ctsync.files.bucket_folders import BucketFolder
from ctsync.files.plain_files import open_plain

HINT = (
    "files come from the git work tree, else from the project's folder; allow another "
    "folder with --data-root or CTSYNC_DATA_ROOTS"
)
DataRoot: TypeAlias = "Path | BucketFolder"
"""What may be allowed by hand: a folder of this machine, or of a bucket."""

_GIT = ".git"
_PRIVATE = frozenset({_GIT, ".ctsync"})
_OF_THE_SYSTEM = ("/dev", "/proc", "/sys")
_HEAD_BYTES = 4096


class Roots(Struct, frozen=True):
    """The folders that hold a project's files, the project's own first.

    `repository` is where git keeps what it knows of them. Objects may come from the
    `buckets`, which are none unless they were allowed by hand.
    """

    folders: tuple[Path, ...]
    repository: Path | None = None
    buckets: tuple[BucketFolder, ...] = ()

    def fault_of(self, path: Path) -> str | None:
        """Say where a resolved path lies that may not be read; None if it may."""
        for folder in _OF_THE_SYSTEM:
            if path.is_relative_to(folder):
                return f"lies in {folder}"
        root = next((each for each in self.folders if path.is_relative_to(each)), None)
        if root is None:
            return "lies outside the project's roots"
        return self._private_part(path, root)

    def allows(self, place: BucketFolder) -> bool:
        """Return whether an object, or all of a folder of a bucket, may be read."""
        return any(each.holds(place) for each in self.buckets)

    def _private_part(self, path: Path, root: Path) -> str | None:
        # A project may itself be in such a folder; what was allowed by hand may not.
        inner = path.relative_to(root) if root == self.folders[0] else path
        # Some file systems take .GIT for the same folder.
        part = next((part for part in inner.parts if part.lower() in _PRIVATE), None)
        if part is not None:
            return f"lies in {part.lower()}"
        if self.repository is not None and path.is_relative_to(self.repository):
            return f"lies in {_GIT}"
        return None


def roots_of(project: Path, allowed: Iterable[DataRoot] = ()) -> Roots:
    """Return the roots of the project in a folder, with folders that are allowed too.

    The project's own is the git work tree that it is in. A link in a work tree may have
    come with a pull request: the project behind it has the work tree of the link.
    """
    tree = _work_tree(_before_links(project.absolute()))
    own = tree or resolved(project)
    repository = None if tree is None else _repository(tree / _GIT)
    folders, buckets = list[Path](), list[BucketFolder]()
    for each in allowed:
        if isinstance(each, BucketFolder):
            buckets.append(each)
        else:
            folders.append(resolved(each))
    return Roots((own, *folders), repository, tuple(buckets))


def _before_links(folder: Path) -> Path:
    """Return where the outermost link that stands in a work tree is, or the folder."""
    for each in reversed((folder, *folder.parents)):
        if each.is_symlink():
            above = resolved(each.parent)
            if _work_tree(above) is not None:
                return above
    return resolved(folder)


def _work_tree(folder: Path) -> Path | None:
    above = (folder, *folder.parents)
    return next((each for each in above if _repository(each / _GIT) is not None), None)


def _repository(git: Path) -> Path | None:
    """Return the repository that `.git` is, or names in worktrees and submodules."""
    if (git / "HEAD").is_file():
        return resolved(git)
    try:
        with open_plain(git) as file:
            word, _, target = file.read(_HEAD_BYTES).strip().partition(b": ")
    except OSError:
        return None
    return resolved(git.parent / os.fsdecode(target)) if word == b"gitdir" else None


def resolved(path: Path) -> Path:
    """Return a path without links, as far as it exists; links in a circle stay."""
    return Path(os.path.realpath(path))
