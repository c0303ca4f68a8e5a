"""Findings for people, for documents and for annotations of a pull request."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ctsync.counted import counted
from ctsync.diagnostic_codes import PAGE
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.render.ansi import Ansi
from ctsync.render.safe_json import document_text
from ctsync.render.text_width import escape

MOST_A_CODE = 20

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
_ANNOTATIONS = {"error": "error", "warning": "warning", "info": "notice"}


def finding_lines(
    findings: Iterable[Diagnostic], totals: Mapping[str, int], paint: Ansi
) -> Iterator[str]:
    """Yield the first of every code, how many more there are, and the totals."""
    kept = tuple(findings)
    shown = tuple(first_of_each(kept))
    for finding in shown:
        yield _coloured(finding, paint)
    yield from more_sentences(shown, totals)
    if kept:
        yield totals_sentence(kept, totals)
        yield where_explained(kept)


def where_explained(
    findings: Iterable[Diagnostic],
    code: Callable[[str], str] = '"{}"'.format,
    page: str = PAGE,
) -> str:
    """Say where to read more of the gravest finding's code; `code` marks a command."""
    gravity = [*_COLOURS]
    first = min(findings, key=lambda each: gravity.index(each.severity))
    command = code(f"ctsync explain {escape(first.code)}")
    return f"{command} tells more; all codes: {page}"


def totals_sentence(findings: Iterable[Diagnostic], totals: Mapping[str, int]) -> str:
    """Give `3 errors, 1 warning`, counting those that were not kept too."""
    severities: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for finding in findings:
        severities.setdefault(finding.code, finding.severity)
    for code, total in totals.items():
        counts[severities.get(code, "error")] += total
    return ", ".join(
        counted(counts[severity], severity) for severity in _COLOURS if counts[severity]
    )


def code_sentences(
    findings: Iterable[Diagnostic], totals: Mapping[str, int], most: int
) -> Iterator[str]:
    """Yield one line a code, the gravest first: how many there are, and the first."""
    first: dict[str, Diagnostic] = {}
    for finding in findings:
        first.setdefault(finding.code, finding)
    severities = [*_COLOURS]
    ranked = sorted(
        first.values(), key=lambda f: (severities.index(f.severity), f.code)
    )
    for finding in ranked[:most]:
        number = counted(totals.get(finding.code, 1), finding.severity)
        yield escape(f"{number} {finding.code}: {finding.message}")
    if ranked[most:]:
        left = len(ranked) - most
        yield f"… and {left} more {'code' if left == 1 else 'codes'}"
    if ranked:
        yield totals_sentence(ranked, totals)


def annotation_lines(
    findings: Iterable[Diagnostic], totals: Mapping[str, int]
) -> Iterator[str]:
    """Yield GitHub workflow commands, which show up beside the lines they name."""
    shown = tuple(first_of_each(findings))
    for finding in shown:
        yield annotation(finding)
    for words in more_sentences(shown, totals):
        yield command("notice", {}, words)


def annotation(finding: Diagnostic) -> str:
    """Give `::error file=..,line=..,col=..,title=CT101::message`."""
    properties = {
        "file": finding.file,
        "line": finding.line,
        "col": finding.column,
        "title": finding.code,
    }
    row = "" if finding.row is None else f"row {finding.row}: "
    hint = f" ({finding.hint})" if finding.hint else ""
    words = f"{row}{finding.message}{hint}"
    return command(_ANNOTATIONS[finding.severity], properties, words)


def command(name: str, properties: Mapping[str, Any], message: str) -> str:
    """Return one workflow command, escaped as GitHub's runner reads it."""
    pairs = ",".join(
        f"{key}={_escape_property(str(value))}"
        for key, value in properties.items()
        if value is not None
    )
    return f"::{name}{' ' if pairs else ''}{pairs}::{_escape_data(message)}"


def findings_text(findings: Findings, *, colour: bool = False) -> Iterator[str]:
    """Yield findings for a terminal, line by line."""
    for line in finding_lines(findings, findings.totals, Ansi(colour)):
        yield line + "\n"


def annotations(findings: Findings) -> Iterator[str]:
    """Yield findings as GitHub workflow commands, line by line."""
    for line in annotation_lines(findings, findings.totals):
        yield line + "\n"


def render_findings(
    findings: Findings, format_name: str, *, exit_code: int, colour: bool = False
) -> Iterator[str]:
    """Yield the findings of `ctsync validate` in the format asked for."""
    if format_name == "github":
        yield from annotations(findings)
    elif format_name in {"json", "jsonl"}:
        head = {"format": "ctsync.validate/1", "exit_code": exit_code, "error": None}
        whole = {**head, **diagnostics_json(findings)}
        yield document_text(whole, in_lines=format_name == "jsonl")
    else:
        yield from findings_text(findings, colour=colour)
        if not findings.totals:
            yield "The project is valid.\n"


def diagnostics_json(findings: Findings) -> dict[str, Any]:
    """Return the two keys that every document has."""
    return {
        "diagnostics": [finding.as_json() for finding in findings],
        "diagnostic_totals": findings.totals,
    }


def first_of_each(findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the first findings of every code, and no row that another sums up."""
    kept = tuple(findings)
    summed = {(f.code, f.attribute) for f in kept if f.rows is not None}
    counts: Counter[str] = Counter()
    for finding in kept:
        if finding.row is not None and (finding.code, finding.attribute) in summed:
            continue
        counts[finding.code] += 1
        if counts[finding.code] <= MOST_A_CODE:
            yield finding


def more_sentences(
    shown: Iterable[Diagnostic], totals: Mapping[str, int]
) -> Iterator[str]:
    """Yield how many findings of a code are not shown."""
    told = tuple(shown)
    counts = Counter(finding.code for finding in told)
    for finding in told:
        counts[finding.code] += finding.rows or 0
    for code, total in sorted(totals.items()):
        if total > counts[code]:
            yield f"… and {total - counts[code]:,} more {code}"


def _coloured(finding: Diagnostic, paint: Ansi) -> str:
    text = escape(finding.as_text())
    if not paint.enabled:
        return text
    place = escape(f"{finding.place}: ") if finding.place else ""
    severity = paint(finding.severity, _COLOURS[finding.severity])
    return place + severity + text[len(place) + len(finding.severity) :]


def _escape_data(text: str) -> str:
    # Only what the runner decodes is encoded; the rest cannot end a command.
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return "".join(char if char == "%" else escape(char) for char in text)


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
