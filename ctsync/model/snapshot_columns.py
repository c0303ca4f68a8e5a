"""The entries of a snapshot as columns, for engines that read those."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SnapshotColumns:
    """Entries as a relation that every DuckDB connection of this process can read.

    `sql` gives (type VARCHAR, id VARCHAR, fingerprint BLOB, gone BOOLEAN, names
    VARCHAR, bound BOOLEAN, body VARCHAR). `fingerprint` is NULL where there is none;
    `names` are the folded attribute names, sorted, each between two newlines; `bound`
    says that there are cohorts or values of `ours`; `entry_bodies.line_sql` makes the
    entry's line of `body` and the columns of its key and fingerprint. `files` are those
    that it reads, as it can be as long as this object is held.
    """

    sql: str
    files: tuple[Path, ...] = ()
    held: object = field(default=None, repr=False, compare=False)
