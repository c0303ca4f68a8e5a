"""Profiles that had a row in a table at the last apply and have none now.

An export that breaks off looks like an order to let people go. Who has a row is kept
with the entry, so the rows that a table had then can be told from those it has now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry import tables_in
from ctsync.model.weighed_run import WeighedRun
from ctsync.plan.among.counted_rows import CountedRows
from ctsync.project.project import Project


class VanishedRows(Struct):
    """Rows that tables lost, and those that came, by table."""

    _gone: Counter[str] = field(default_factory=Counter)
    _added: Counter[str] = field(default_factory=Counter)

    def nobody_seen(self, origin: Origin) -> None:
        """Note a row that names no one: no entry remembers it."""
        if origin.table is not None:
            self._added[origin.table] += 1

    def record_seen(self, candidate: Candidate) -> None:
        """Note in which tables a profile has a row now, and in which it had one."""
        entry = candidate.entry
        before = (
            tables_in(entry.cohorts) if entry is not None and not entry.gone else ()
        )
        places = candidate.contributions
        if not before and not places:
            return
        now = {place.origin.table for place in places if place.origin.table is not None}
        self._gone.update(name for name in before if name not in now)
        self._added.update(now.difference(before))

    def decided_seen(self, decided: DecidedRows) -> None:
        """Note the same of rows that were decided in columns: these lost none."""
        self._added.update(decided.new_by_table())

    def weighed_seen(self, run: WeighedRun) -> None:
        """Note the same of candidates that were weighed elsewhere."""
        self._gone.update(run.gone)
        self._added.update(run.added)

    @property
    def moved(self) -> tuple[dict[str, int], dict[str, int]]:
        """The rows that went, and those that no entry remembers, by table."""
        return dict(self._gone), dict(self._added)

    def by_table(
        self, names: Iterable[str], rows: CountedRows
    ) -> dict[str, tuple[int, int]]:
        """Return the rows that went and all rows then, of tables that lost some."""
        return {
            name: (self._gone[name], self._then(name, rows.by_table[name]))
            for name in sorted(names)
            if self._gone[name]
        }

    def _then(self, name: str, now: int) -> int:
        # Of the rows that are there now, those were there then that an entry remembers.
        return self._gone[name] + max(now - self._added[name], 0)

    def notes(self, project_view: Project, rows: CountedRows) -> Iterator[Diagnostic]:
        """Yield a note for each table that lost rows."""
        for name, (gone, then) in self.by_table(project_view.tables, rows).items():
            table = project_view.tables[name]
            line, column = project_view.locate(table.origin.file, table.path)
            yield Diagnostic(
                "info",
                "CT627",
                _words(name, gone, then),
                "see whether the export is whole; limits.vanish bounds how many may go",
                file=table.origin.file,
                line=line,
                column=column,
            )


def _words(name: str, gone: int, then: int) -> str:
    rows = "the only row" if then == 1 else f"{gone:,} of the {then:,} rows"
    are = "is" if gone == 1 else "are"
    return f"{rows} that table {name} had at the last apply {are} gone"
