"""What tables make of attributes that no place declares: left alone, or removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ctsync.project.tables import Table

_NONE: frozenset[str] = frozenset()


class MissingRowRules(Struct, frozen=True):
    """The attributes of one profile, by folded name, of which tables dispose.

    `kept` are left alone: those of a table that lists the profile without a value for
    them, or, with `missing: keep`, does not list it. `swept` are removed if ctsync
    sent them: those of a table with `missing: remove` that does not list it. What one
    table keeps, no other sweeps.
    """

    kept: frozenset[str] = _NONE
    swept: frozenset[str] = _NONE


def missing_row_rules(
    tables: Iterable[Table], listed: Mapping[str, frozenset[str]]
) -> MissingRowRules:
    """Return the shields of a profile; `listed` is what the rows of it declare."""
    kept, swept = _NONE, _NONE
    for table in tables:
        if table.name in listed:
            kept |= table.attributes - listed[table.name]
        elif table.missing == "keep":
            kept |= table.attributes
        else:
            swept |= table.attributes
    return MissingRowRules(kept, swept - kept)
