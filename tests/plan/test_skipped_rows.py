"""How many rows of a table are skipped, of how many, whichever way they came."""

from typing import NamedTuple

from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.profile_key import NOBODY
from ctsync.plan.skipped_rows import SkippedRows


class Source(NamedTuple):
    """As much of a source of rows as is asked here."""

    name: str
    rows: int


def row(table, number=1):
    origin = Origin(f"{table}.csv", row=number, table=table)
    return Contribution(NOBODY, origin, b"", dict)


def test_rows_that_did_not_pass_one_by_one_are_taken_from_their_source():
    seen = SkippedRows()
    seen.add([row("b"), row("a"), row("b", 2)])
    seen.count(row("b").origin)
    seen.count(Origin("a.yaml", 3))
    seen.count_sources([Source("table a", 10), Source("table b", 20)])
    seen.count_sources([Source("table c", 30), Source("cohort a", 40)])
    assert list(seen.by_table().items()) == [("a", (1, 10)), ("b", (2, 1))]
    assert seen.total == 3
    assert "c" not in seen._rows
