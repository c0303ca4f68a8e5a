"""Naming this run: for those who find the state locked, and for the history."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctsync.model.run import Author
    from ctsync.state import Holder

# GitLab, Jenkins, CircleCI and Buildkite, each by its own manual.
_PAGES = ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL")
_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def run_identity() -> Holder:
    """Return user, host, process, command, time and pipeline of this run."""
    from ctsync.state import Holder

    since = datetime.now(UTC).isoformat(timespec="seconds")
    command = " ".join(["ctsync", *map(_without_address, sys.argv[1:])])
    node, pid, page = platform.node(), os.getpid(), pipeline_page(os.environ)
    return Holder(_user(), node, pid, command, since, page)


def author(folder: Path) -> Author:
    """Return who starts a run of the project in a folder, from where and with what."""
    from ctsync.cli.git_commit import commit_of
    from ctsync.model.run import Author

    page, commit = pipeline_page(os.environ), commit_of(folder, os.environ)
    return Author(_user(), platform.node(), page, commit)


def _without_address(word: str) -> str:
    """Return a word of the command line; an address in it may hold a password."""
    scheme, separator, _ = word.partition("://")
    return f"{scheme}{separator}..." if separator else word


def pipeline_page(variables: Mapping[str, str]) -> str | None:
    """Return the address of the job that runs this, where a pipeline says it."""
    if all(variables.get(name) for name in _GITHUB):
        server, repository, run = (variables[name] for name in _GITHUB)
        return f"{server}/{repository}/actions/runs/{run}"
    return next((variables[name] for name in _PAGES if variables.get(name)), None)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())  # a container without a user database
