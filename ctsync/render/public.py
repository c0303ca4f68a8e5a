"""Plans and changes as JSON documents show them: masked, without private fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctsync.model.change import Change
from ctsync.model.mask import Mask, masked_json
from ctsync.model.operation import Operation
from ctsync.render.view import PlanView, Style

FORMAT = "ctsync.plan/1"


def change_json(change: Change, mask: Mask) -> dict[str, Any]:
    """Give one change of `ctsync.plan/1`."""
    return {
        "key": mask.key_json(change.key, change.origins),
        "action": change.action,
        "origins": [origin.as_json() for origin in change.origins],
        "released": change.released,
        "operations": [operation_json(op, mask) for op in change.operations],
    }


def operation_json(operation: Operation, mask: Mask) -> dict[str, Any]:
    """Give one operation of `ctsync.plan/1`."""
    shown: dict[str, Any] = {name: getattr(operation, name) for name in _SHOWN}
    if mask.hides_value(sensitive=operation.sensitive):
        hidden = _VALUES - ({"operand"} if operation.operator == "$delete" else set())
        for name in hidden:
            shown[name] = masked_value(shown[name])
    return shown


def masked_value(value: Any) -> Any:
    """Give what stands for a sensitive value; nothing stays nothing."""
    return None if value is None else masked_json()


def plan_json(view: PlanView, style: Style) -> dict[str, Any]:
    """Give the document without its changes."""
    return {
        "format": FORMAT,
        "exit_code": style.exit_code,
        "error": None,
        "diagnostics": view.diagnostics,
        "diagnostic_totals": view.diagnostic_totals,
        "digest": view.digest,
        "environment": view.environment,
        "account": view.account.as_json(),
        "base": view.base.as_json(),
        "first_run": view.first_run,
        "sandbox": view.sandbox,
        "targets": view.shown_selectors(view.targets),
        "excludes": view.shown_selectors(view.excludes),
        "partial": _partial_json(view),
        "accepted": view.accepted,
        "blocked": [
            {name: getattr(rule, name) for name in _BLOCKING} for rule in view.blocked
        ],
        "summary": view.summary,
    }


def _partial_json(view: PlanView) -> Mapping[str, int] | None:
    if not view.is_partial:
        return None
    return {"shown": view.shown, "of": view.whole}


_VALUES = {"operand", "before", "after"}
_BLOCKING = ("rule", "limit", "actual", "accept")
_SHOWN = (
    "attribute", "kind", "operator", "operand", "prior", "before", "after", "step",
    "certain", "sensitive", "since",
)  # fmt: skip
