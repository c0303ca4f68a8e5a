# ruff: noqa: INP001 - scripts beside each other, not a package
"""What a JSON document of ctsync comes to: outputs of the step, words for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner import fenced, put_output, say

_CHANGED = ("create", "update", "release")
_OUTCOMES = ("acknowledged", "rejected", "unknown", "not_sent")


def has_changes(document: Mapping[str, Any]) -> bool:
    """Tell whether a plan changes any profile."""
    profiles = document["summary"]["profiles"]
    return any(profiles[action] for action in _CHANGED)


def put_plan(document: Mapping[str, Any]) -> None:
    """Set the outputs that describe a plan."""
    put_output("has-changes", str(has_changes(document)).lower())
    put_output("digest", document["digest"])
    put_output("counts", _compact(document["summary"]))


def put_apply(document: Mapping[str, Any]) -> None:
    """Set the outputs that describe an apply."""
    put_output("counts", _compact(document["counts"]))


def applied_markdown(document: Mapping[str, Any]) -> str:
    """Give what became of an apply; single profiles are in its report."""
    counts = document["counts"]
    words = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in _OUTCOMES)
    said = [f"### Apply: {words}", f"Digest `{document['digest']}`"]
    facts = (("Stopped", document.get("stopped")), ("Next", document.get("next")))
    said += [f"{name}:\n{fenced(str(text))}" for name, text in facts if text]
    if counts["rejected"] or counts["unknown"] or counts["not_sent"]:
        said.append("The file that the output `report-file` names lists every profile.")
    return "\n\n".join(said) + "\n"


def failed_markdown(name: str, code: str, document: Mapping[str, Any]) -> str:
    """Give what a command that failed says of itself, and say it beside the step."""
    error = document.get("error") or {}
    message = str(error.get("message") or f"ctsync {name} ended with exit code {code}")
    hint = error.get("hint")
    whole = f"{message} ({hint})" if hint else message
    say("error", whole, title=f"ctsync {name}")
    return f"### ctsync {name} failed (exit code {code})\n\n{fenced(whole)}"


def said_markdown(name: str, code: str, path: str) -> str:
    """Give what a command said to people; it has no document here."""
    text = Path(path).read_text(encoding="utf-8")
    if code not in {"0", "2"}:
        say("error", f"ended with exit code {code}", title=f"ctsync {name}")
    return (
        f"### ctsync {name} (exit code {code})\n\n{fenced(text or 'It said nothing.')}"
    )


def read_document(path: str) -> dict[str, Any]:
    """Read a document; a command that was cut off may have left none."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def main(words: list[str]) -> int:
    """Run `plan|unchanged|apply FILE` or `error|said NAME CODE FILE`."""
    if words[0] == "said":
        sys.stdout.write(said_markdown(*words[1:]))
        return 0
    document = read_document(words[-1])
    if words[0] == "plan":
        put_plan(document)
    elif words[0] == "unchanged":
        return int(has_changes(document))
    elif words[0] == "apply":
        put_apply(document)
        sys.stdout.write(applied_markdown(document))
    else:
        sys.stdout.write(failed_markdown(words[1], words[2], document))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
