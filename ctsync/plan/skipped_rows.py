"""Counting the rows of tables that a plan leaves alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import field

from ctsync.diagnostics import Diagnostic
from ctsync.model.contribution import Contribution
from ctsync.plan.counted_rows import CountedRows
from ctsync.project.project import Project


class SkippedRows(CountedRows):
    """Skipped rows, and all rows, by table."""

    _skipped: Counter[str] = field(default_factory=Counter)

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
