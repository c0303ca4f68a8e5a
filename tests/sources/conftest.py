"""Projects with files of rows, in every form that ctsync reads."""

import csv
import gzip
import io
import json

import pytest

from ctsync.duckdb_connection import open_connection
from ctsync.errors import SpecError
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

BASE = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"


def csv_bytes(names, rows, *, ending="\r\n", quoting=csv.QUOTE_MINIMAL, separator=","):
    text = io.StringIO(newline="")
    how = {"lineterminator": ending, "quoting": quoting, "delimiter": separator}
    writer = csv.writer(text, **how)
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def json_bytes(names, rows):
    lines = (json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def parquet_bytes(names, rows):
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*rows, strict=True)) or [[] for _ in names]
    table = pa.table(
        {n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)}
    )
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def tsv_bytes(names, rows, **how):
    return csv_bytes(names, rows, separator="\t", **how)


def arrow_bytes(names, rows):
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [[] for _ in names]
    table = pa.table(
        {n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)}
    )
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=7_000)
    return sink.getvalue()


MAKERS = {
    "arrow": arrow_bytes,
    "csv": csv_bytes,
    "jsonl": json_bytes,
    "parquet": parquet_bytes,
    "tsv": tsv_bytes,
}


def packed(data, packing):
    if packing == ".gz":
        return gzip.compress(data)
    if packing == ".zst":
        import pyarrow as pa

        return pa.compress(data, "zstd", asbytes=True)
    return data


class Folder:
    """A project folder, written piece by piece."""

    def __init__(self, root):
        self.root = root

    def write(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def load(self, tables="", **more):
        (self.root / "ctsync.yaml").write_text(BASE + tables)
        project = load_project(self.root, **more)
        assert project.findings.count("error") == 0, list(project.findings)
        return project

    def contributions(self, tables="", **more):
        return list(ProjectSources(self.load(tables, **more)).contributions())

    def words(self, tables=""):
        """Give what each row says, by key."""
        found = self.contributions(tables)
        return {c.key.id: dict(c.read()) for c in found}

    def findings(self, tables="", **more):
        """Give the findings with which reading ends."""
        project = self.load(tables, **more)
        with pytest.raises(SpecError) as caught:
            list(ProjectSources(project).contributions())
        return [finding.as_text() for finding in caught.value.findings]


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def connection():
    with open_connection() as connection:
        yield connection


@pytest.fixture(params=MAKERS)
def form(request):
    """A kind of file, and how its bytes are made of texts."""
    return request.param, MAKERS[request.param]


@pytest.fixture
def make():
    """What makes the bytes of files."""
    return {**MAKERS, "packed": packed}


@pytest.fixture(scope="session")
def make_in():
    """The same for many examples of one test."""
    return {**MAKERS, "packed": packed}


@pytest.fixture(scope="session")
def folder_in():
    """What makes a project of a folder."""
    return Folder
