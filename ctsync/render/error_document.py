"""What every command's JSON document has, and the document of one that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctsync.counted import counted
from ctsync.diagnostics import Findings
from ctsync.render.diagnostics_text import diagnostics_json
from ctsync.render.safe_json import document_text


def document(
    format_name: str,
    exit_code: int,
    *,
    error: Mapping[str, Any] | None = None,
    findings: Findings | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a document; `more` are the keys of the command itself."""
    return {
        "format": format_name,
        "exit_code": exit_code,
        "error": error,
        **diagnostics_json(Findings() if findings is None else findings),
        **more,
    }


def error_document(
    format_name: str,
    *,
    exit_code: int,
    code: str,
    message: str,
    hint: str | None = None,
    findings: Findings | None = None,
    **more: Any,
) -> str:
    """Return the whole document of a command that ended with an error, as text."""
    error = {"code": code, "message": message, "hint": hint}
    return document_text(
        document(format_name, exit_code, error=error, findings=findings, **more)
    )


def failed_reads(count: int) -> dict[str, Any]:
    """Return the error of a document some of whose profiles could not be read."""
    message = f"{counted(count, 'profile')} could not be read"
    return {"code": "read_failed", "message": message, "hint": "run the command again"}
