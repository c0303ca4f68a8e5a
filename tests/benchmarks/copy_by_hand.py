"""What one writes by hand: `python copy_by_hand.py EXPORT OUT` for an SFTP import.

One COPY of an export's lean rows with an operator beside each column, all cells quoted,
in the order of the key. It knows no plan: every row is a change, and every cell is
taken as it stands.
"""

from __future__ import annotations

import sys

import duckdb
from exporting import KEY, SHAPES

export, out = sys.argv[1:]
names = [f"{n}, '$set' AS \"{n}.operation\"" for n in SHAPES["lean"].columns]
done = duckdb.execute(
    f"COPY (SELECT {KEY} AS identity, {', '.join(names)} FROM '{export}' "
    f"ORDER BY {KEY}) TO '{out}' (HEADER, FORCE_QUOTE *)"
).fetchone()
sys.stdout.write(f"{done[0] if done else 0} rows\n")
