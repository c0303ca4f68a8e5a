# ruff: noqa: INP001 - scripts beside each other, not a package
"""What started the workflow: whose pull request, and whether it may see secrets.

Prints `TRUST NUMBER HEAD` with `-` for what is not there. TRUST is `trusted`; `fork`
where the run has no secrets (forks, Dependabot); or `refused` where it might have them
although the files are a stranger's. Titles and branch names are never read.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Event:
    """A run's pull request, where it has one."""

    trust: str = "trusted"
    number: int | None = None
    head: str | None = None


def read_event(environment: Mapping[str, str]) -> Event:
    """Read the event; raises OSError, ValueError or KeyError where it is not whole."""
    name = environment.get("GITHUB_EVENT_NAME", "")
    path = environment.get("GITHUB_EVENT_PATH", "")
    payload = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    pull = payload.get("pull_request")
    if pull is None:
        if name.startswith("pull_request"):
            raise ValueError(f"a {name} event without a pull request")
        return Event("refused" if _follows_fork(payload) else "trusted")
    number, head = pull["number"], pull["head"]["sha"]
    if type(number) is not int or not _COMMIT.fullmatch(head):
        raise ValueError("a pull request without number or commit")
    return Event(_trust(name, pull, environment), number, head)


def _trust(name: str, pull: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    if _is_fork(pull):
        return "fork" if name == "pull_request" else "refused"
    # Dependabot's runs are treated as those of forks (GitHub's public docs).
    is_bot = environment.get("GITHUB_ACTOR") == "dependabot[bot]"
    return "fork" if is_bot else "trusted"


def _follows_fork(payload: Mapping[str, Any]) -> bool:
    run = payload.get("workflow_run")
    if run is None:
        return False
    head = run.get("head_repository")
    return head is None or head["id"] != payload["repository"]["id"]


def _is_fork(pull: Mapping[str, Any]) -> bool:
    head, base = pull["head"].get("repo"), pull["base"]["repo"]
    return head is None or head["id"] != base["id"]


def main() -> int:
    """Print one line for the shell."""
    try:
        event = read_event(os.environ)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"{type(error).__name__} in the event's payload\n")
        return 1
    sys.stdout.write(f"{event.trust} {event.number or '-'} {event.head or '-'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
