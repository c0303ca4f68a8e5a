"""What an export came to, as text and as the document `ctsync.export/1`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ctsync.counted import counted
from ctsync.diagnostics import Findings
from ctsync.render.diagnostics_text import findings_text
from ctsync.render.error_document import document
from ctsync.render.safe_json import document_text
from ctsync.render.text_width import escape

MOST_SHOWN = 20

UNCHANGED = "Nothing was sent, and the state is unchanged; see ctsync refresh."

_REASONS = {
    "": "the plan sends it so",
    "CT801": "a counter, which no file moves",
    "CT802": "a command, which no file is documented to take",
}


class ExportSummary(Struct, frozen=True):
    """What an export came to.

    `channel` is its name, `title` what people call it, `how_to_upload` a sentence for
    whoever has the files; `folder` stands as the command
    line named it. `left` counts what goes by the upload API: by attribute, operator and
    the code of the reason. `next_command` sends that.
    """

    digest: str
    channel: str
    title: str
    how_to_upload: str
    folder: str
    files: Sequence[Mapping[str, Any]]
    profiles: int
    operations: int
    left: Mapping[tuple[str, str, str], int]
    left_profiles: int
    next_command: str | None = None


def export_document(told: ExportSummary, findings: Findings) -> dict[str, Any]:
    """Return the document of `ctsync export`."""
    return document(
        "ctsync.export/1",
        0,
        findings=findings,
        digest=told.digest,
        channel=told.channel,
        title=told.title,
        how_to_upload=told.how_to_upload,
        folder=told.folder,
        files=told.files,
        counts={"profiles": told.profiles, "operations": told.operations},
        by_api={
            "profiles": told.left_profiles,
            "operations": [
                {"attribute": name, "operator": op, "code": code or None, "count": n}
                for (name, op, code), n in sorted(told.left.items())
            ],
        },
        next=told.next_command,
    )


def exported_json(said: Mapping[str, Any]) -> str:
    """Return the document as text, one key a line."""
    return document_text(said)


def exported_text(said: Mapping[str, Any], findings: Findings) -> Iterator[str]:
    """Yield the same in words, line by line."""
    for line in _lines(said):
        yield f"{line}\n"
    if findings.totals:
        yield "\n"
        yield from findings_text(findings)


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    files, counts = said["files"], said["counts"]
    title, folder = escape(said["title"]), escape(said["folder"])
    yield from map(_file_line, files[:MOST_SHOWN])
    if files[MOST_SHOWN:]:
        yield f"  … and {len(files) - MOST_SHOWN:,} more"
    profiles = counted(counts["profiles"], "profile")
    operations = counted(counts["operations"], "operation")
    where = f" ({counted(len(files), 'file')} in {folder})" if files else ""
    yield f"By {title}: {operations} on {profiles}{where}"
    yield from _by_api(said["by_api"])
    if files:
        yield escape(said["how_to_upload"])
    yield UNCHANGED
    if said["next"] is not None:
        yield f"Next, for the upload API: {escape(said['next'])}"


def _file_line(file: Mapping[str, Any]) -> str:
    names = ", ".join(map(escape, file["attributes"]))
    rows = counted(file["rows"], "row")
    return f"  {escape(file['name'])}  {rows}, {file['bytes']:,} bytes: {names}"


def _by_api(left: Mapping[str, Any]) -> Iterator[str]:
    operations = left["operations"]
    if not operations:
        return
    total = counted(sum(each["count"] for each in operations), "operation")
    yield f"By the upload API: {total} on {counted(left['profiles'], 'profile')}"
    for each in operations[:MOST_SHOWN]:
        reason = _REASONS.get(each["code"] or "", "no file can say it")
        words = f"{escape(each['attribute'])} {each['operator']} {each['count']:,}"
        yield f"  {words}: {reason}"
    if operations[MOST_SHOWN:]:
        yield f"  … and {len(operations) - MOST_SHOWN:,} more"
