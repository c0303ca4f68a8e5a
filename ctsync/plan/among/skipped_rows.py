"""Counting the rows of tables that a plan leaves alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.model.contribution import Contribution
from ctsync.plan.among.counted_rows import CountedRows
from ctsync.project.project import Project


class SkippedRows(Struct):
    """Skipped rows, by table."""

    _skipped: Counter[str] = field(default_factory=Counter)

    def add(self, rows: Iterable[Contribution]) -> None:
        """Count skipped rows."""
        self._skipped.update(row.origin.table or "" for row in rows)

    @property
    def total(self) -> int:
        """How many rows were skipped."""
        return self._skipped.total()

    def by_table(self, rows: CountedRows) -> dict[str, tuple[int, int]]:
        """Return skipped rows and all rows of each table with skipped ones, by name."""
        return {
            name: (skipped, rows.by_table[name])
            for name, skipped in sorted(self._skipped.items())
        }

    def notes(self, project_view: Project, rows: CountedRows) -> Iterator[Diagnostic]:
        """Yield a warning for each table with skipped rows."""
        for name, (skipped, whole) in self.by_table(rows).items():
            table = project_view.tables[name]
            line, column = project_view.locate(table.origin.file, table.path)
            yield Diagnostic(
                "warning",
                "CT626",
                f"{skipped:,} of {whole:,} rows of table {name} are skipped",
                "correct them; their profiles are left alone meanwhile",
                file=table.origin.file,
                line=line,
                column=column,
            )
