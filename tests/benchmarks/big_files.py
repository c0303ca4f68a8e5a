"""One export in every form: `python big_files.py FOLDER COUNT`.

A row has ten columns and about 290 bytes as CSV, so that 3,700,000 rows are a gigabyte.
Every value comes from MD5 of the row's number, so each run writes the same rows. A
process of its own: memory of a benchmark would count as memory of what it measures.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

PARTS = 4
FORMS: Mapping[str, str] = {
    "rows.csv": "FORMAT csv",
    "rows.csv.gz": "FORMAT csv, COMPRESSION gzip",
    "rows.csv.zst": "FORMAT csv, COMPRESSION zstd",
    "rows.jsonl": "FORMAT json",
    "rows.jsonl.gz": "FORMAT json, COMPRESSION gzip",
    "rows.parquet": "FORMAT parquet, COMPRESSION zstd",
}
_ROWS = """
SELECT i AS customer_id, (i % 100)::VARCHAR AS segment, hash[1:12] AS name,
    concat(hash[13:24], '@example.com') AS email, hash AS address,
    md5(concat('b', i)) AS note, md5(concat('c', i)) AS company,
    md5(concat('d', i)) AS referrer, concat(md5(concat('e', i)), ' ', hash) AS remark,
    (i * 7919 % 100000) / 100 AS score
FROM (SELECT i, md5(i::VARCHAR) AS hash FROM range({first}, {last}) AS counted(i))"""


def main(folder: Path, count: int) -> None:
    """Write each form once, and one of them in parts too."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GiB'")

        def write(name: str, how: str, first: int, last: int) -> None:
            rows = _ROWS.format(first=first, last=last)
            connection.execute(f"COPY ({rows}) TO '{folder / name}' ({how})")

        for name, how in FORMS.items():
            write(name, how, 0, count)
        for part in range(PARTS):
            first, last = (count * n // PARTS for n in (part, part + 1))
            write(f"part{part}.csv.gz", FORMS["rows.csv.gz"], first, last)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
