"""Plans and changes as JSON documents show them: masked, without private fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import to_builtins

from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.change_rows import ORIGIN_FORM, ChangeRows, change_rows
from ctsync.model.date_words import moment_in, moment_words
from ctsync.model.masking import Mask, masked_json
from ctsync.model.operation import API, Operation
from ctsync.model.profile_key import key_from_json
from ctsync.model.row import Row, defaults_of
from ctsync.render.flow_words import flow_json
from ctsync.render.plan_view import PlanView, Style

FORMAT = "ctsync.plan/1"


def change_json(change: Change, mask: Mask) -> dict[str, Any]:
    """Return one change of `ctsync.plan/1`."""
    return rows_json(change_rows(change), mask)


def rows_json(change: ChangeRows, mask: Mask) -> dict[str, Any]:
    """Return one change of `ctsync.plan/1` from its rows."""
    key, origins = key_from_json(change["key"]), change["origins"]
    places = ORIGIN_FORM.values(origins) if mask.hides(key) else ()
    return {
        "key": mask.key_json(key, places),
        "action": change["action"],
        "origins": [_named(_ORIGIN, _ORIGIN_DEFAULTS, row) for row in origins],
        "released": change["released"],
        "forgotten": _forgotten(change["settled"]),
        "operations": [_operation_json(row, mask) for row in change["operations"]],
    }


def _forgotten(settled: Row) -> Sequence[str]:
    # A row ends with its last field that is not a default.
    names: Sequence[str] = settled[_FORGET] if len(settled) > _FORGET else ()
    return names


def _operation_json(row: Row, mask: Mask) -> dict[str, Any]:
    shown = _named(_SHOWN, _DEFAULTS, row)
    shown["channel"] = row[_CHANNEL] if len(row) > _CHANNEL else API
    if mask.hides_value(sensitive=shown["sensitive"]):
        hidden = _VALUES - ({"operand"} if shown["operator"] == "$delete" else set())
        for name in hidden:
            shown[name] = masked_value(shown[name])
    return shown


def _named(names: Sequence[str], defaults: Row, row: Row) -> dict[str, Any]:
    # A row ends with its last field that is not a default; some are for nobody to see.
    return dict(zip(names, (*row, *defaults[len(row) :]), strict=False))


def masked_value(value: Any) -> Any:
    """Return what stands for a sensitive value; nothing stays nothing."""
    return None if value is None else masked_json()


def plan_json(view: PlanView, style: Style) -> dict[str, Any]:
    """Return the document without its changes."""
    return {
        "format": FORMAT,
        "exit_code": style.exit_code,
        "error": None,
        "diagnostics": [finding.as_json() for finding in view.foot.diagnostics],
        "diagnostic_totals": view.foot.diagnostic_totals,
        "digest": view.foot.digest,
        "environment": view.head.environment,
        "account": view.head.account.shown.as_json(),
        "talks_to": view.head.talks_to,
        "talked_to": view.head.talked_to,
        "new_since_last_apply": view.news,
        "unmarked": view.head.unmarked,
        "refreshed": view.head.refreshed or None,
        "base": view.head.base.as_json(),
        "first_run": view.head.first_run,
        "sandbox": view.head.sandbox,
        "verified": view.verified,
        "targets": view.shown_selectors(view.head.targets),
        "excludes": view.shown_selectors(view.head.excludes),
        "partial": _partial_json(view),
        "accepted": view.head.accepted,
        "blocked": to_builtins(view.foot.blocked),
        "summary": {**view.foot.summary, "flows": _flows_json(view)},
        **({} if view.head.revert is None else {"revert": view.head.revert}),
        **({"pending": _pending_json(view)} if view.foot.pending else {}),
    }


def _pending_json(view: PlanView) -> list[dict[str, Any]]:
    return [
        {
            "file": each.file,
            "since": moment_words(moment_in(each.since, "UTC")),
            "until": moment_words(moment_in(each.until, "UTC")),
            "standing": each.standing,
            "operations": each.operations,
            "profiles": each.profiles,
        }
        for each in view.foot.pending
    ]


def _flows_json(view: PlanView) -> list[dict[str, Any]]:
    return [flow_json(flow) for flow in view.foot.survey.flows.commonest()]


def _partial_json(view: PlanView) -> Mapping[str, int] | None:
    if not view.is_partial:
        return None
    return {"shown": view.shown, "of": view.whole}


_FORGET = EntryAfter.__struct_fields__.index("forget")
_VALUES = {"operand", "before", "after"}
# The first fields of each, in the order of their class.
_SHOWN = (
    "attribute", "kind", "operator", "operand", "prior", "before", "after", "step",
    "certain", "sensitive", "since",
)  # fmt: skip
_DEFAULTS = tuple(defaults_of(Operation).values())
_CHANNEL = Operation.__struct_fields__.index("channel")
_ORIGIN = ("file", "line", "row")
_ORIGIN_DEFAULTS = tuple(defaults_of(Origin).values())
