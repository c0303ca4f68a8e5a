"""One bench for each end of a file's name: how rows of texts are written.

A package that adds a format announces the bench of each of its suffixes as an entry
point of the group `ctsync.benches.formats`, named as the suffix without its dot.
"""

import csv
import io
import json
from importlib.metadata import entry_points

import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from ctsync.formats import formats


def separated(separator):
    def written(names, rows):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n", delimiter=separator)
        writer.writerow(names)
        writer.writerows([["" if c is None else c for c in row] for row in rows])
        return text.getvalue().encode()

    return written


def json_lines(names, rows):
    lines = (json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def table_of(names, rows):
    columns = [
        pa.array([row[n] for row in rows], pa.string()) for n in range(len(names))
    ]
    return pa.table(columns, [*names])


def columnar(write):
    def written(names, rows):
        sink = io.BytesIO()
        write(table_of(names, rows), sink)
        return sink.getvalue()

    return written


def batches(new):
    def write(table, sink):
        with new(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=3)

    return write


BENCHES = {
    ".arrow": columnar(batches(pa.ipc.new_file)),
    ".arrows": columnar(batches(pa.ipc.new_stream)),
    ".csv": separated(","),
    ".feather": columnar(feather.write_feather),
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".parquet": columnar(parquet.write_table),
    ".tsv": separated("\t"),
    **{
        f".{point.name}": point.load()
        for point in entry_points(group="ctsync.benches.formats")
    },
}


@pytest.fixture(params=sorted(formats()))
def suffix(request):
    """Each end of a name that means a format."""
    return request.param


@pytest.fixture
def form(suffix):
    return formats()[suffix]


@pytest.fixture
def write(suffix):
    """What makes the bytes of a file of names and rows."""
    assert suffix in BENCHES, f"write a bench for {suffix} in tests/formats/conftest.py"
    return BENCHES[suffix]
