"""All about one profile, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from ctsync.diagnostics import Findings
from ctsync.model.explanation import Declaration, Explanation, PastChange, Wanted
from ctsync.model.masking import Mask
from ctsync.model.operation import API
from ctsync.model.record import Record
from ctsync.render.error_document import document
from ctsync.render.plan_json import change_json, masked_value
from ctsync.render.record_json import record_json
from ctsync.render.run_history import change_public, run_public
from ctsync.render.safe_json import document_text
from ctsync.render.state_entries import IsSensitive, entry_public

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
            sources=[_source_json(each, mask) for each in told.declarations],
            desired=[_wanted_json(wanted, mask) for wanted in told.wanted],
            snapshot=known and entry_public(known, mask, is_sensitive, told.waits),
            known_since=_known_since(told),
            change=change,
            held=told.held,
            verdicts=_verdicts(told),
            records=records_json(told, mask),
            history=[_past_json(each, mask) for each in told.past.changes],
            history_unread=told.past.unread,
            history_fault=told.past.fault,
        )
    )


def records_json(told: Explanation, mask: Mask) -> list[dict[str, Any]]:
    """Return the records, as they would be sent, with their waves."""
    return [
        {"wave": wave, **way, "record": record_json(record, mask, told.origins)}
        for wave, whole in told.records
        for way, record in _by_way(whole)
    ]


def _by_way(record: Record) -> Iterator[tuple[dict[str, Any], Record]]:
    """Yield a record; one that goes in files step by step, since each has its own."""
    if not record.operations[0].goes_in_file:
        yield {"channel": API}, record
        return
    for step in sorted({operation.step for operation in record.operations}):
        own = tuple(op for op in record.operations if op.step == step)
        yield {"channel": own[0].channel, "step": step}, replace(record, operations=own)


def _source_json(said: Declaration, mask: Mask) -> dict[str, Any]:
    origin = said.origin
    return {
        **origin.as_json(),
        "cohort": origin.cohort,
        "table": origin.table,
        "skipped": said.is_skipped,
        "declares": [_wanted_json(wanted, mask) for wanted in said.wanted],
    }


def _wanted_json(wanted: Wanted, mask: Mask) -> dict[str, Any]:
    target = wanted.target
    shown: dict[str, Any] = {"attribute": target.attribute, "kind": target.kind}
    hidden = mask.hides_value(sensitive=target.sensitive)
    for name in ("value", *_LISTS):
        value = getattr(target, name)
        shown[name] = masked_value(value) if hidden and value != () else value
    return {**shown, "write": target.write, "origin": wanted.origin.as_json()}


def _known_since(told: Explanation) -> list[dict[str, Any]]:
    known = {} if told.entry is None else told.entry.attributes
    last = ((each.name, told.past.last_for(folded)) for folded, each in known.items())
    return [{"attribute": name, "run": past and past.run.run} for name, past in last]


def _verdicts(told: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "attribute": each.attribute,
            "reason": each.reason,
            "prior": each.prior,
            "since": each.since,
            "tables": each.tables,
            **({"file": each.file} if each.file else {}),
        }
        for each in told.verdicts
    ]


def _past_json(past: PastChange, mask: Mask) -> dict[str, Any]:
    return {**run_public(past.run), "change": change_public(past.change, mask)}
