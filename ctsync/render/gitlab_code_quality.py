"""Findings as GitLab's Code Quality report: they stand beside the lines of a merge.

GitLab reads an array of objects with description, check_name, fingerprint, severity and
location from `artifacts:reports:codequality` (GitLab's public docs).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from ctsync.canonical_json import sha256
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.render.safe_json import json_text
from ctsync.render.text_width import escape

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def code_quality(findings: Findings, project: PurePosixPath) -> Iterator[str]:
    """Yield the report, an issue a line.

    `project` is the project's file as the pipeline sees it: findings name files beside
    it, and what stands in no file is shown at its top.
    """
    met: Counter[str] = Counter()
    separator = "["
    for finding in findings:
        yield f"{separator}\n{json_text(_issue(finding, project, met))}"
        separator = ","
    yield "\n]\n" if met else "[]\n"


def _issue(
    finding: Diagnostic, project: PurePosixPath, met: Counter[str]
) -> dict[str, Any]:
    path = posixpath.normpath(project.parent / (finding.file or project.name))
    identity = f"{finding.code}\n{path}\n{finding.message}"
    met[identity] += 1
    row = "" if finding.row is None else f"row {finding.row}: "
    hint = f" ({finding.hint})" if finding.hint else ""
    return {
        "check_name": finding.code,
        "description": escape(f"{finding.code} {row}{finding.message}{hint}"),
        # A line that moves is the same issue; the same words twice are two.
        "fingerprint": sha256(f"{identity}\n{met[identity]}".encode()),
        "location": {"path": path, "lines": {"begin": finding.line or 1}},
        "severity": _SEVERITIES[finding.severity],
    }
