"""All about one profile, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ctsync.diagnostics import Findings
from ctsync.model.change import Change, Origin
from ctsync.model.desired_value import DesiredValue
from ctsync.model.explanation import Explanation, Wanted
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.render.change_lines import operation_lines
from ctsync.render.diagnostics_text import findings_text
from ctsync.render.error_document import document
from ctsync.render.plan_json import change_json, masked_value
from ctsync.render.plan_view import Style
from ctsync.render.record_json import record_json
from ctsync.render.safe_json import document_text, json_text
from ctsync.render.state_entries import IsSensitive, entry_public, entry_text
from ctsync.render.text_width import columns_of, escape, pad
from ctsync.render.value_text import key_words, value_words

_LISTS = ("exact", "include", "exclude", "take_back")


def explained_json(
    told: Explanation, mask: Mask, findings: Findings, is_sensitive: IsSensitive
) -> str:
    """Return the document of `ctsync explain`."""
    known = told.entry
    change = None if told.change is None else change_json(told.change, mask)
    return document_text(
        document(
            "ctsync.explain/1",
            0,
            findings=findings,
            key=mask.key_json(told.key, told.origins),
            sources=[_source_json(origin) for origin in told.origins],
            desired=[_wanted_json(wanted, mask) for wanted in told.wanted],
            snapshot=known and entry_public(known, mask, is_sensitive),
            change=change,
            held=told.held,
            records=_records(told, mask),
        )
    )


def explained_text(
    told: Explanation,
    mask: Mask,
    findings: Findings,
    is_sensitive: IsSensitive,
    style: Style,
) -> Iterator[str]:
    """Yield sources, desired, snapshot, operations and records, line by line."""
    yield f"{key_words(told.key, mask, told.origins)}\n"
    yield from _section("Sources", map(_source_words, told.origins))
    yield from _section("Desired", _wanted_lines(told, mask))
    yield "\nSnapshot\n"
    yield from _snapshot(told, mask, is_sensitive, style)
    yield from _section("Operations", _operation_lines(told.change, mask, style))
    records = (json_text(record) for record in _records(told, mask))
    yield from _section("Records, as they would be sent", records)
    if findings.totals:
        yield "\n"
        yield from findings_text(findings, colour=style.colour)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"\n{title}\n"
    first = next(lines, "none")
    yield f"  {first}\n"
    for line in lines:
        yield f"  {line}\n"


def _snapshot(
    told: Explanation, mask: Mask, is_sensitive: IsSensitive, style: Style
) -> Iterator[str]:
    if told.entry is None:
        yield "  none: this profile is new to the state\n"
    else:
        _, *lines = entry_text(told.entry, mask, is_sensitive, verbose=style.verbose)
        yield from lines


def _source_words(origin: Origin) -> str:
    cohort = f" (cohort {escape(origin.cohort)})" if origin.cohort else ""
    return f"{escape(origin.place)}{cohort}"


def _source_json(origin: Origin) -> dict[str, Any]:
    return {**origin.as_json(), "cohort": origin.cohort, "table": origin.table}


def _wanted_lines(told: Explanation, mask: Mask) -> Iterator[str]:
    names = [escape(wanted.target.attribute) for wanted in told.wanted]
    room = max(map(columns_of, names), default=0)
    for wanted, name in zip(told.wanted, names, strict=True):
        words = _target_words(wanted.target, mask)
        yield f"{pad(name, room)}  {words}  ({escape(wanted.origin.place)})"


def _target_words(target: DesiredValue, mask: Mask) -> str:
    if mask.hides_value(sensitive=target.sensitive):
        return SENSITIVE_TEXT
    if target.kind != "list":
        removed = target.value is None
        return "removed" if removed else value_words(target.value, mask)
    if target.exact is not None:
        return f"exactly {value_words(target.exact, mask)}"
    parts = [
        f"{name} {value_words(values, mask)}"
        for name in ("include", "exclude")
        if (values := getattr(target, name))
    ]
    return ", ".join(parts)


def _wanted_json(wanted: Wanted, mask: Mask) -> dict[str, Any]:
    target = wanted.target
    shown: dict[str, Any] = {"attribute": target.attribute, "kind": target.kind}
    hidden = mask.hides_value(sensitive=target.sensitive)
    for name in ("value", *_LISTS):
        value = getattr(target, name)
        shown[name] = masked_value(value) if hidden and value != () else value
    return {**shown, "write": target.write, "origin": wanted.origin.as_json()}


def _operation_lines(change: Change | None, mask: Mask, style: Style) -> Iterator[str]:
    if change is not None:
        lines = operation_lines(change, mask, style)
        yield from (line.removeprefix("    ") for line in lines)


def _records(told: Explanation, mask: Mask) -> list[dict[str, Any]]:
    return [
        {"wave": wave, "record": record_json(record, mask, told.origins)}
        for wave, record in told.records
    ]
