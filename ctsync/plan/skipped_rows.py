"""Counting the rows of tables that a plan leaves alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.row_source import RowSource
from ctsync.project.project import Project


class SkippedRows(Struct):
    """Skipped rows, and all rows, by table."""

    _skipped: Counter[str] = field(default_factory=Counter)
    _rows: Counter[str] = field(default_factory=Counter)

    def count(self, origin: Origin) -> None:
        """Count a place, if it is a row of a table."""
        if origin.table is not None:
            self._rows[origin.table] += 1

    def count_sources(self, sources: Iterable[RowSource]) -> None:
        """Take the rows of tables that did not pass one by one."""
        for source in sources:
            sort, _, name = source.name.partition(" ")
            if sort == "table" and name in self._skipped and name not in self._rows:
                self._rows[name] = source.rows

    def add(self, rows: Iterable[Contribution]) -> None:
        """Count skipped rows."""
        self._skipped.update(row.origin.table or "" for row in rows)

    @property
    def total(self) -> int:
        """How many rows were skipped."""
        return self._skipped.total()

    def by_table(self) -> dict[str, tuple[int, int]]:
        """Return skipped rows and all rows of each table with skipped ones, by name."""
        return {
            name: (n, self._rows[name]) for name, n in sorted(self._skipped.items())
        }

    def notes(self, project_view: Project) -> Iterator[Diagnostic]:
        """Yield a warning for each table with skipped rows."""
        for name, (skipped, rows) in self.by_table().items():
            table = project_view.tables[name]
            line, column = project_view.locate(table.origin.file, table.path)
            yield Diagnostic(
                "warning",
                "CT626",
                f"{skipped:,} of {rows:,} rows of table {name} are skipped",
                "correct them; their profiles are left alone meanwhile",
                file=table.origin.file,
                line=line,
                column=column,
            )
