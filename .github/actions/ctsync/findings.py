# ruff: noqa: INP001 - scripts beside each other, not a package
"""Findings of `ctsync validate`: annotations for the runner, a list for the summary.

`ctsync` names files beside its project; the runner wants them beside the workspace.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner import escape_data, escape_property, fenced

# Far below the megabyte that a summary may have, and more than anyone reads.
MOST_BYTES = 60_000

_COMMAND = re.compile(r"::(error|warning|notice)(?: ([^:]*))?::(.*)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One annotation, with nothing escaped."""

    severity: str
    properties: Mapping[str, str]
    message: str

    def as_command(self) -> str:
        """Give the line that the runner reads."""
        pairs = ",".join(
            f"{k}={escape_property(v)}" for k, v in self.properties.items()
        )
        head = f"{self.severity} {pairs}" if pairs else self.severity
        return f"::{head}::{escape_data(self.message)}"

    def as_text(self) -> str:
        """Give `people/jack.yaml:3:5: error CT101 message`."""
        known = self.properties
        if not known:
            return self.message
        place = ":".join(
            known[name] for name in ("file", "line", "col") if name in known
        )
        words = f"{self.severity} {known.get('title', '')}".rstrip()
        return (
            f"{place}: {words} {self.message}" if place else f"{words} {self.message}"
        )


def read_findings(lines: Iterable[str], folder: str) -> Iterator[Finding]:
    """Yield the findings, their files beside the workspace."""
    for line in lines:
        match = _COMMAND.fullmatch(line.rstrip("\n"))
        if match is None:
            continue
        pairs = [pair.partition("=") for pair in (match[2] or "").split(",") if pair]
        properties = {name: _unescape(value) for name, _, value in pairs}
        if "file" in properties:
            joined = posixpath.join(folder, properties["file"])
            properties["file"] = posixpath.normpath(joined)
        yield Finding(match[1], properties, _unescape(match[3]))


def as_markdown(findings: Iterable[Finding], *, failed: bool) -> str:
    """Give what the summary says."""
    lines = [" ".join(finding.as_text().splitlines()) for finding in findings]
    verdict = "not valid" if failed else "valid"
    head = f"### ctsync validate: the project is {verdict}\n"
    return f"{head}\n{fenced(_fitting(lines))}" if lines else head


def _fitting(lines: list[str]) -> str:
    room, kept = MOST_BYTES, list[str]()
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            kept.append(f"… and {len(lines) - len(kept)} more")
            break
        kept.append(line)
    return "\n".join(kept)


def _unescape(text: str) -> str:
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r")):
        text = text.replace(code, char)
    return text.replace("%25", "%")


def folder_of(project: str) -> str:
    """Give the folder of a project that is named by its folder or its file."""
    return posixpath.dirname(project) if Path(project).is_file() else project


def main(words: list[str]) -> int:
    """Run `FILE PROJECT EXIT_CODE`: annotations to the runner, the list to stdout."""
    file, project, code = words
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    findings = [*read_findings(lines, folder_of(project))]
    for finding in findings:
        sys.stderr.write(finding.as_command() + "\n")
    sys.stdout.write(as_markdown(findings, failed=code != "0"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
