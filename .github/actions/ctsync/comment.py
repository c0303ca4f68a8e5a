# ruff: noqa: INP001 - scripts beside each other, not a package
"""The one comment that shows a plan: kept up to date, and read back as an approval.

It is found by the hidden marker of project and environment that `ctsync show` writes
into its first line, and only among the comments of one author: everyone may write a
comment with a marker, and a digest in it approves an apply.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from github_api import ApiFailed, GitHub
from runner import say

_MARKER = re.compile(
    r"(<!-- ctsync:plan project=\S+ env=\S+ digest=)(sha256:[0-9a-f]{64}) -->"
)
# GitHub refuses a comment of more than 65,536 characters.
_MOST_CHARACTERS = 65_000


def update(github: GitHub, report: str, number: int, footer: str, author: str) -> str:
    """Create or update the comment, give what was done; raises ApiFailed."""
    body = f"{report.rstrip()}\n\n{footer}\n"
    if len(body) > _MOST_CHARACTERS:
        raise ApiFailed(f"a comment of {len(body)} characters is too long")
    found = find(github, report, number, author)
    if found is None:
        github.send("POST", f"issues/{number}/comments", {"body": body})
        return "created"
    if found["body"].splitlines() == body.splitlines():
        return "unchanged"
    github.send("PATCH", f"issues/comments/{int(found['id'])}", {"body": body})
    return "updated"


def find(
    github: GitHub, report: str, number: int, author: str
) -> dict[str, Any] | None:
    """Find our comment on the project and environment of a report."""
    mark = _marked(report)[1]
    for comment in github.pages(f"issues/{number}/comments"):
        body, user = comment.get("body") or "", comment.get("user") or {}
        if user.get("login") == author and body.startswith(mark):
            return comment
    return None


def approved(github: GitHub, report: str, author: str, place: Mapping[str, str]) -> str:
    """Give the digest in the comment on the merged pull request; raises ApiFailed."""
    pull = merged_pull(github, place["GITHUB_SHA"], place["GITHUB_REF_NAME"])
    number = int(pull["number"])
    comment = find(github, report, number, author)
    if comment is None:
        raise ApiFailed(f"{author} wrote no plan on pull request {number}")
    if comment["updated_at"] > pull["merged_at"]:
        raise ApiFailed(
            f"the plan on pull request {number} was changed after the merge"
        )
    return _marked(comment["body"])[2]


def merged_pull(github: GitHub, commit: str, branch: str) -> dict[str, Any]:
    """Find the pull request whose merge made the commit; raises ApiFailed."""
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise ApiFailed("GITHUB_SHA is no commit")
    merged = [
        pull
        for pull in github.pages(f"commits/{commit}/pulls")
        if pull.get("merged_at") and pull["base"]["ref"] == branch
    ]
    exact = [pull for pull in merged if pull.get("merge_commit_sha") == commit]
    found = exact or merged
    if len(found) != 1:
        raise ApiFailed(
            f"{len(found)} merged pull requests brought commit {commit[:12]}; "
            "give the digest that was reviewed as expect-digest"
        )
    return found[0]


def footer_of(head: str, environment: Mapping[str, str]) -> str:
    """Give the line that says which commit was planned, and by which run."""
    said = f"Commit {head[:12]}"
    server = environment.get("GITHUB_SERVER_URL", "")
    run = environment.get("GITHUB_RUN_ID", "")
    if server.startswith("https://") and run.isdigit():
        repository = environment["GITHUB_REPOSITORY"]
        said += f" · [run]({server}/{repository}/actions/runs/{run})"
    return said


def _marked(text: str) -> re.Match[str]:
    match = _MARKER.match(text)
    if match is None:
        raise ApiFailed("the plan's marker is not there")
    return match


def main(words: list[str]) -> int:
    """Run `update REPORT NUMBER HEAD` or `approved REPORT`.

    Without the comment the plan is still in the summary, so that only warns.
    """
    environment = os.environ
    author = environment.get("CTSYNC_ACTION_COMMENT_AUTHOR") or "github-actions[bot]"
    report = Path(words[1]).read_text(encoding="utf-8")
    try:
        github = GitHub.of(environment)
        if words[0] == "approved":
            sys.stdout.write(approved(github, report, author, environment))
            return 0
        footer = footer_of(words[3], environment)
        done = update(github, report, int(words[2]), footer, author)
    except (ApiFailed, AttributeError, KeyError, TypeError, ValueError) as error:
        if words[0] == "approved":
            sys.stderr.write(f"{_why(error)}\n")
            return 1
        say("warning", f"the plan is not in a comment: {_why(error)}")
    else:
        sys.stdout.write(f"The comment is {done}.\n")
    return 0


def _why(error: Exception) -> str:
    known = isinstance(error, ApiFailed)
    return str(error) if known else "GitHub's answer has another shape than documented"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
