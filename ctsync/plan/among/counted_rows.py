"""How many rows each table has, of which some are told of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from ctsync.model.change import Origin
from ctsync.model.row_source import RowSource


class CountedRows(Struct):
    """Counts rows, as they pass or by the source that has them."""

    by_table: Counter[str] = field(default_factory=Counter)

    def count(self, origin: Origin) -> None:
        """Count a place, if it is a row of a table."""
        if origin.table is not None:
            self.by_table[origin.table] += 1

    def count_sources(self, sources: Iterable[RowSource]) -> None:
        """Take the rows of tables that did not pass one by one."""
        for source in sources:
            # Rows that passed one by one are counted already; of a source it is all or
            # none.
            sort, _, name = source.name.partition(" ")
            if sort == "table" and name not in self.by_table:
                self.by_table[name] = source.rows
