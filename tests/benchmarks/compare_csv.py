"""datacompy on two CSV files: `python compare_csv.py LIBRARY KEY BEFORE AFTER OUT`.

Runs in datacompy's own environment, writes the rows that differ, says how many.
"""

import importlib
import sys

library, key, before, after, out = sys.argv[1:]
frames = importlib.import_module(library)
datacompy = importlib.import_module("datacompy")
compare = getattr(datacompy, f"{library.capitalize()}Compare")
found = compare(frames.read_csv(before), frames.read_csv(after), join_columns=key)
rows = found.all_mismatch()
if library == "polars":
    rows.write_csv(out)
else:
    rows.to_csv(out, index=False)
sys.stdout.write(f"{len(rows)} rows\n")
