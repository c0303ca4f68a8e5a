"""Words by which an export says that a flag or a group is on or off."""

from __future__ import annotations

from typing import Any

SWITCHES = {
    **dict.fromkeys(("true", "subscribed", "yes", "1"), True),
    **dict.fromkeys(("false", "unsubscribed", "no", "0"), False),
}
"""How they are spelled is not published, so every likely spelling is taken."""


def switch_in(value: Any) -> bool | None:
    """Return what a cell says; None where it is no such word."""
    if isinstance(value, str):
        return SWITCHES.get(value.strip().casefold())
    return bool(value) if isinstance(value, bool | int) else None
