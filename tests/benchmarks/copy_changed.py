"""What one writes by hand: `python copy_changed.py BEFORE AFTER OUT`.

One COPY of the rows that are not as they were, as lines of JSON in the order of the
key; BEFORE is `-` where every row is new. It knows no plan: nobody is told what changed
in a row, and every cell is taken as it stands.
"""

from __future__ import annotations

import sys

import duckdb
from exporting import COLUMNS, KEY

before, after, out = sys.argv[1:]
rows = f"SELECT * FROM '{after}'"
if before != "-":
    differs = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in COLUMNS)
    rows = (
        f"SELECT a.* FROM '{after}' a LEFT JOIN '{before}' b ON a.{KEY} = b.{KEY} "
        f"WHERE b.{KEY} IS NULL OR {differs}"
    )
done = duckdb.execute(
    f"COPY ({rows} ORDER BY {KEY}) TO '{out}' (FORMAT json)"
).fetchone()
sys.stdout.write(f"{done[0] if done else 0} rows\n")
