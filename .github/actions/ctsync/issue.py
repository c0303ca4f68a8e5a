# ruff: noqa: INP001 - scripts beside each other, not a package
"""The one issue that says what a look at the platform found: open while there is drift.

It is found by the hidden marker of command, project and environment in its first line,
and only among the open issues of one author: everyone may open one with a marker.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from github_api import ApiFailed, GitHub
from runner import say

_MARKER = re.compile(r"<!-- ctsync:(drift|verify) project=(\S+) env=(\S+) -->")
_TITLES = {"drift": "Drift", "verify": "Acknowledged values are missing"}
# GitHub refuses a text of more than 65,536 characters.
_MOST_CHARACTERS = 65_000


def keep(github: GitHub, report: str, author: str, *, is_open: bool) -> str:
    """Create, update or close the issue, give what was done; raises ApiFailed."""
    if len(report) > _MOST_CHARACTERS:
        raise ApiFailed(f"an issue of {len(report)} characters is too long")
    found = find(github, report, author)
    if not is_open:
        return _close(github, found, report)
    if found is None:
        body = {"title": title_of(report), "body": report}
        return f"created: {_place(github.send('POST', 'issues', body))}"
    if (found.get("body") or "").splitlines() != report.splitlines():
        github.send("PATCH", f"issues/{int(found['number'])}", {"body": report})
        return f"updated: {_place(found)}"
    return f"unchanged: {_place(found)}"


def find(github: GitHub, report: str, author: str) -> dict[str, Any] | None:
    """Find our open issue of the command, project and environment of a report."""
    mark = _marked(report)[0]
    for issue in github.pages("issues"):
        user = issue.get("user") or {}
        is_ours = user.get("login") == author and "pull_request" not in issue
        if is_ours and (issue.get("body") or "").startswith(mark):
            return issue
    return None


def title_of(report: str) -> str:
    """Give a title without anything that was read."""
    _, command, project, environment = _marked(report).group(0, 1, 2, 3)
    place = project if environment == "-" else f"{project}, {environment}"
    return f"ctsync: {_TITLES[command]} ({place})"


def _close(github: GitHub, found: dict[str, Any] | None, report: str) -> str:
    if found is None:
        return "not needed"
    said = {"body": report, "state": "closed", "state_reason": "completed"}
    github.send("PATCH", f"issues/{int(found['number'])}", said)
    return f"closed: {_place(found)}"


def _place(issue: dict[str, Any]) -> str:
    return f"#{int(issue['number'])}"


def _marked(text: str) -> re.Match[str]:
    match = _MARKER.match(text)
    if match is None:
        raise ApiFailed("the marker of what was found is not there")
    return match


def main(words: list[str]) -> int:
    """Run `open REPORT` or `closed REPORT`; what nobody is told of fails the step."""
    author = os.environ.get("CTSYNC_ACTION_COMMENT_AUTHOR") or "github-actions[bot]"
    report = Path(words[1]).read_text(encoding="utf-8")
    try:
        github = GitHub.of(os.environ)
        done = keep(github, report, author, is_open=words[0] == "open")
    except (ApiFailed, AttributeError, KeyError, TypeError, ValueError) as error:
        known = isinstance(error, ApiFailed)
        why = str(error) if known else "GitHub's answer has another shape than told"
        say("error", f"no issue says what was found: {why}")
        return 1
    sys.stdout.write(f"The issue is {done}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
