"""Exports of a population: `python exporting.py FOLDER COUNT SHAPE FORM...`.

Writes `before` and `after`, as parquet, csv or jsonl, or several. A row is a profile. A
`whole` one has a key and eight attributes of high entropy, about 220 bytes as CSV, and
one in a hundred differs between the two, or each if they are `changed`; a `lean` one
has two attributes, and one in ten thousand differs. Rows are in no order of the key,
and not in the same order. Every value comes from MD5 of the row's number, so each run
writes the same rows. A process of its own: memory of a benchmark would count as memory
of what it measures.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEY = "customer_id"


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a row beside its key, and how many rows there are to a change."""

    columns: tuple[str, ...]
    edited_every: int

    def changed(self, count: int) -> int:
        """Give how many of so many rows differ."""
        return -(-count // self.edited_every)


COLUMNS = (
    "name", "email", "phone", "address", "plan", "renews", "interests", "score",
)  # fmt: skip
SHAPES = {
    "whole": Shape(COLUMNS, 100),
    "lean": Shape(("plan", "score"), 10_000),
    "changed": Shape(COLUMNS, 1),
}

# Numbers in disorder: a stride that no population is a multiple of visits each once.
_STRIDE = 7919
_ROWS = """
WITH numbers AS (SELECT {number} AS number FROM range({count}) AS counted(i)),
bits AS (
  SELECT
    number,
    {edit} AS edit,
    (md5_number_lower('one ' || number) >> 1)::BIGINT AS a,
    (md5_number_upper('one ' || number) >> 1)::BIGINT AS b,
    (md5_number_lower('two ' || number) >> 1)::BIGINT AS c,
    (md5_number_upper('two ' || number) >> 1)::BIGINT AS d
  FROM numbers
),
parts AS (
  SELECT
    *,
    ['Asha', 'Bruno', 'Chiara', 'Dmitri', 'Elif', 'Farah', 'Goran', 'Hana']
      [1 + a % 8] AS first,
    ['Montana', 'Okafor', 'Lindqvist', 'Petrova', 'Castellano', 'Nakamura', 'Iyer',
     'Oyelaran'][1 + (a >> 3) % 8] AS last,
    ['Street', 'Road', 'Avenue', 'Lane'][1 + (a >> 6) % 4] AS way,
    ['Kozhikode', 'Thessaloniki', 'Ouagadougou', 'Valparaíso', 'Gothenburg', 'Mysuru',
     'Antananarivo', 'São Paulo'][1 + (a >> 8) % 8] AS city
  FROM bits
)
SELECT
  format('c{{:04x}}{{:08x}}', a >> 47, (number * 2654435761) % 4294967296)
    AS customer_id,
  first || ' ' || last || format(' {{:04x}}', (a >> 16) % 65536) AS name,
  lower(first) || '.' || lower(last) || format('.{{:010x}}@example.com', b >> 24)
    AS email,
  CASE WHEN b % 16 > 0 THEN format('+91{{:010d}}', c % 10000000000) END AS phone,
  format('{{}} {{:08x}} {{}}, Block {{}}-{{}}, Floor {{}}, {{}} {{:06d}}, India',
    1 + d % 9999, (d >> 14) % 4294967296, way, (b >> 8) % 997,
    (c >> 40) % 97, (b >> 18) % 40, city, (c >> 34) % 1000000) AS address,
  ['Free', 'Silver', 'Gold', 'Platinum']
    [1 + ((a >> 32) + (edit = 1)::INTEGER) % 4] AS plan,
  DATE '2024-01-01' + ((b >> 4) % 2000)::INTEGER AS renews,
  list_sort(['bags-' || (a >> 33) % 500, 'books-' || (b >> 40) % 500,
   'boots-' || (c >> 20) % 500, 'shoes-' || (d >> 46) % 500]) AS interests,
  ((c >> 8) % 10000000 + (edit = 2)::INTEGER) / 1000 AS score
FROM parts
"""
_EDIT = "CASE WHEN number % {every} = 0 THEN 1 + (number // {every}) % 2 ELSE 0 END"
_FORMS = {
    "parquet": ("interests", "FORMAT parquet, COMPRESSION zstd"),
    "csv": ("array_to_string(interests, ';') AS interests", "FORMAT csv, HEADER"),
    "jsonl": ("interests", "FORMAT json"),
}

# What is kept from an earlier run is of no use once the rows are others.
VERSION = hashlib.sha256((_ROWS + _EDIT).encode()).hexdigest()[:8]


def write_exports(folder: Path, count: int, shape: Shape, forms: Sequence[str]) -> None:
    """Write both exports of so many rows in each of the forms."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET memory_limit = '2GB'")
    disorder = f"(i * {_STRIDE} + 17) % {count}"
    edit = _EDIT.format(every=shape.edited_every)
    for name, number, change in (("before", "i", "0"), ("after", disorder, edit)):
        rows = f"({_ROWS.format(number=number, count=count, edit=change)})"
        for form in forms:
            file = folder / f"{name}.{form}"
            interests, words = _FORMS[form]
            columns = (interests if c == "interests" else c for c in shape.columns)
            query = f"SELECT {KEY}, {', '.join(columns)} FROM {rows}"
            connection.execute(f"COPY ({query}) TO '{file}' ({words})")
            rows = f"'{file}'"  # what is written is quick to read


if __name__ == "__main__":
    folder, count, shape, *forms = sys.argv[1:]
    write_exports(Path(folder), int(count), SHAPES[shape], forms)
