"""Where a plan may be saved: never over what somebody wrote by hand."""

from __future__ import annotations

import re
from pathlib import Path

from ctsync.errors import UsageError

_PLAN = re.compile(rb'"format" ?: ?"ctsync\.savedplan/')
_HEAD_BYTES = 1 << 16


def require_place_for_plan(path: Path, given: Path) -> None:
    """Refuse a place that holds something else; `given` is how it was named.

    Raises:
        UsageError: a file is there that is no saved plan, or apply would not take what
            is written there for one.
    """
    if path.suffix in {".yaml", ".yml"}:
        raise UsageError(
            f"apply would take {given} for a project, and no plan",
            hint="name a file that does not end so, as --out prod.plan",
        )
    is_plain = path.is_file() and not path.is_symlink()  # links are refused elsewhere
    if is_plain and not _may_be_replaced(path):
        raise UsageError(
            f"{given} is there already, and is no saved plan",
            hint="name another file with --out, or remove that one first",
        )


def _may_be_replaced(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.readline(_HEAD_BYTES)
    except OSError:
        return True  # whoever writes it says why that does not go
    return not head or _PLAN.search(head) is not None
