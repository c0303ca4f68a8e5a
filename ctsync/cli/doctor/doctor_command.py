"""What `ctsync doctor` does: run every check, print them, give the exit code."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ctsync.cli.doctor.doctor_checks import findings_of
from ctsync.cli.doctor.doctor_findings import Checked, Doctor
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import open_session
from ctsync.cli.terminal.next_command import completed
from ctsync.cli.terminal.output import print_document, require_format

_SIGNS = {"ok": "ok", "warning": "warning", "error": "ERROR", "skipped": "skipped"}


def examine(settings: GlobalOptions, *, offline: bool) -> int:
    """Look at all that an apply relies on; 1 if anything of it would fail."""
    require_format(settings, "text", "json")
    doctor = Doctor(open_session(settings), time.time(), offline=offline)
    findings = tuple(_completed(settings, each) for each in findings_of(doctor))
    failed = sum(each.status == "error" for each in findings)
    if settings.format == "json":
        print_document([_document(findings, failed)])
    else:
        print_document(_lines(findings, failed))
    return 1 if failed else 0


def _completed(settings: GlobalOptions, finding: Checked) -> Checked:
    if finding.hint is None:
        return finding
    return replace(finding, hint=completed(settings, finding.hint))


def _document(findings: Sequence[Checked], failed: int) -> str:
    from msgspec.structs import asdict

    from ctsync.render.error_document import document
    from ctsync.render.safe_json import document_text

    error = None
    if failed:
        hint = "each check says what to do"
        error = {"code": "doctor", "message": f"{failed} checks failed", "hint": hint}
    checks = [asdict(each) for each in findings]
    code = 1 if failed else 0
    return document_text(document("ctsync.doctor/1", code, error=error, checks=checks))


def _lines(findings: Sequence[Checked], failed: int) -> Iterator[str]:
    from ctsync.printable import escape

    for each in findings:
        yield f"{_SIGNS[each.status]:<8} {each.check}: {escape(each.message)}\n"
        if each.hint:
            yield f"         {escape(each.hint)}\n"
    warned = sum(each.status == "warning" for each in findings)
    yield f"\n{len(findings)} checks, {failed} failed, {warned} warned\n"
