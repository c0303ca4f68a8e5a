"""What commands know of imports of which the platform may still tell."""

from __future__ import annotations

from ctsync.cli.clock import machine_clock
from ctsync.model.due_import import Waits, waits_at
from ctsync.model.snapshot import Header


def waits_of(header: Header | None) -> Waits:
    """Return the files that are waited for now, by the clock of this machine."""
    from ctsync.apply.clock import now_by

    imports = () if header is None else header.imports
    return waits_at(imports, lambda: now_by(machine_clock()))
