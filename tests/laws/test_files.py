"""Law 7 over files: both engines make the same plan of them, in the memory they have.

Kinds of files by packings, parts, sizes and encodings, as pandas, polars, pyarrow,
DuckDB and plain Python write them. Nothing is lifted: each engine gets its own limit.
"""

import csv
import gzip
import io
import json
from datetime import date
from itertools import product
from random import Random

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.engines import built_in
from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
timezone: Asia/Kolkata
policy: {limits: {create: 1000000}}
catalog: {Points: {type: counter}, Renewal: {type: date}, Tags: {type: list}}
tables:
  t:
    file: "rows*"
    key: {identity: id}
    columns: {city: City}
"""
CITIES = ["Pune", "São Paulo", "Zürich", 'the "old" town', "a,b", "", "x"]


def plan_of(folder, engine):
    project = load_project(folder)
    findings, chosen = project.findings, built_in()[engine]
    planner = Planner(
        project, ProjectSources(project), Mask("0"), findings=findings, engine=chosen
    )
    file = scratch_file()
    with make_plan(planner, HEAD, (), file) as plan:
        file.seek(0)
        return plan.foot.summary, file.read()


def agreed(folder):
    """Plan with both engines; give what they agree on, or the codes that refuse it."""
    told = []
    for engine in built_in():
        try:
            told.append(plan_of(folder, engine))
        except SpecError as error:
            told.append(([str(f) for f in error.findings], error.findings.totals))
    assert told[0] == told[1]
    return told[0]


def created(folder):
    summary, _ = agreed(folder)
    assert isinstance(summary, dict), summary
    return summary["profiles"]["create"]


def write(folder, name, data, *, extra="", project=PROJECT):
    (folder / "ctsync.yaml").write_text(project + extra)
    (folder / name).write_bytes(data)


def csv_text(rows, names=("id", "city"), **how):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", **how)
    writer.writerows([names, *rows])
    return text.getvalue()


def json_text(rows, names=("id", "city")):
    return "".join(json.dumps(dict(zip(names, r, strict=True))) + "\n" for r in rows)


def parquet_bytes(rows, names=("id", "city")):
    sink = io.BytesIO()
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def arrow_bytes(rows, names=("id", "city")):
    sink = io.BytesIO()
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    table = pa.table(columns)
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=50_000)
    return sink.getvalue()


def packed(data, packing):
    if packing == ".gz":
        return gzip.compress(data, 1)
    return pa.compress(data, "zstd", asbytes=True) if packing else data


def data_of(form, rows):
    if form in COLUMNAR:
        return COLUMNAR[form](rows)
    if form == "tsv":
        return csv_text(rows, delimiter="\t").encode()
    return (csv_text(rows) if form == "csv" else json_text(rows)).encode()


COLUMNAR = {"arrow": arrow_bytes, "parquet": parquet_bytes}


FORMS = [
    *product(["csv", "jsonl", "tsv"], ["", ".gz", ".zst"]),
    *product(["arrow", "parquet"], [""]),
]


@pytest.mark.parametrize(("form", "packing"), FORMS)
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_few_rows_in_any_number_of_parts(form, packing, parts, tmp_path):
    for part in range(parts):
        rows = [(f"u{part}-{n}", CITIES[n]) for n in range(4)]
        name = f"rows{part}.{form}{packing}"
        write(tmp_path, name, packed(data_of(form, rows), packing))
    assert created(tmp_path) == 4 * parts


@pytest.mark.parametrize(("form", "packing"), FORMS)
def test_many_rows_in_several_parts(form, packing, tmp_path):
    """Many buffers a part, unpacked, and one row that counts."""
    filler = [(f"u{n}", "z" * 390) for n in range(60_000)]
    extra = "    where: \"city = 'Pune'\"\n"
    for part in range(3):
        name = f"rows{part}.{form}{packing}"
        data = packed(data_of(form, [*filler, (f"last{part}", "Pune")]), packing)
        write(tmp_path, name, data, extra=extra)
    assert created(tmp_path) == 3


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]


@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_in_every_encoding_and_with_every_separator(
    encoding, packing, separator, tmp_path
):
    rows = [(f"u{n}", city, "two\nlines") for n, city in enumerate(CITIES)]
    text = csv_text(rows, ("id", "city", "note"), delimiter=separator)
    data = text.encode(encoding)
    said = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    words = json.dumps({"separator": separator, "encoding": said})
    write(
        tmp_path,
        f"rows.csv{packing}",
        packed(data, packing),
        extra=f"    csv: {words}\n",
    )
    summary, text = agreed(tmp_path)
    assert summary["profiles"]["create"] == len(CITIES) - 1
    assert "São Paulo".encode() in text


def frame_files(folder, frame):
    """Write one frame as pandas and polars do, and as DuckDB rewrites that."""
    frame.to_parquet(folder / "pandas.parquet")
    frame.to_csv(folder / "pandas.csv", index=False)
    frame.to_json(folder / "pandas.jsonl", orient="records", lines=True)
    frame.to_csv(folder / "pandas.tsv", index=False, sep="\t")
    frame.to_feather(folder / "pandas.feather")
    other = pl.read_parquet(folder / "pandas.parquet")
    other.write_parquet(folder / "polars.parquet")
    other.write_csv(folder / "polars.csv")
    other.write_ndjson(folder / "polars.jsonl")
    other.write_csv(folder / "polars.tsv", separator="\t")
    other.write_ipc(folder / "polars.feather")
    other.write_ipc_stream(folder / "polars.arrows")
    with duckdb.connect() as connection:
        source = f"'{folder / 'pandas.parquet'}'"
        ways = {"parquet": "", "csv": "", "jsonl": "(FORMAT json)"}
        ways["tsv"] = "(FORMAT csv, DELIMITER '\t')"
        for form, how in ways.items():
            to = f"'{folder / 'duckdb'}.{form}' {how}"
            connection.execute(f"COPY (FROM {source}) TO {to}")


WRITTEN = [
    *product(["pandas", "polars", "duckdb"], ["parquet", "csv", "jsonl", "tsv"]),
    *product(["pandas", "polars"], ["feather"]),
    ("polars", "arrows"),
]


@pytest.mark.parametrize(("writer", "form"), WRITTEN)
def test_every_writer_says_the_same_of_a_plain_frame(writer, form, tmp_path):
    (tmp_path / "made").mkdir()
    frame_files(
        tmp_path / "made",
        pd.DataFrame(
            {
                "id": ["u1", "u2", "u3"],
                "city": ["Pune", None, "São Paulo"],
                "points": pd.array([9007199254740991, None, 7], dtype="Int64"),
                "nothing": [None, None, None],
            }
        ),
    )
    project = PROJECT.replace(
        "{city: City}", "{city: City, points: Points, nothing: Zip}"
    )
    data = (tmp_path / "made" / f"{writer}.{form}").read_bytes()
    write(tmp_path, f"rows.{form}", data, project=project)
    summary, text = agreed(tmp_path)
    assert summary["operations"]["set"] == 4
    assert b"9007199254740991" in text


def test_a_sheet_that_was_saved_as_csv_by_way_of_openpyxl(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [("id", "city", "points"), (1189549, "Zürich", 12.5), (7, None, 3)]:
        book.active.append(row)
    rows = [list(row) for row in book.active.iter_rows(values_only=True)]
    text = csv_text(
        [
            [str(c).replace(".", ",") if c is not None else "" for c in r]
            for r in rows[1:]
        ],
        rows[0],
        delimiter=";",
    )
    project = PROJECT.replace("{city: City}", "{city: City, points: Score}")
    project = project.replace("Points: {type: counter}", "Score: {type: number}")
    extra = '    csv: {separator: ";", encoding: cp1252, decimal: ","}\n'
    data = text.encode("cp1252")
    write(tmp_path, "rows.csv", data, project=project, extra=extra)
    summary, text = agreed(tmp_path)
    assert (summary["operations"]["set"], b"12.5" in text) == (3, True)


SKIPS = [
    '    compute: {Score: "CAST(points AS INTEGER)"}\n',
    '    compute: {key: "id || CAST(points AS INTEGER)"}\n',
    '    where: "CAST(points AS INTEGER) < 9"\n',
]


@pytest.mark.parametrize("form", ["arrow", "csv", "jsonl", "parquet", "tsv"])
@pytest.mark.parametrize("expression", SKIPS)
def test_a_row_on_which_an_expression_fails_is_skipped(form, expression, tmp_path):
    rows = [("u1", "Pune", "5"), ("u2", "x", "five"), ("u3", "y", None)]
    separator = "\t" if form == "tsv" else ","
    data = {**COLUMNAR, "jsonl": lambda *a: json_text(*a).encode()}
    make = data.get(form, lambda *a: csv_text(*a, delimiter=separator).encode())
    write(
        tmp_path,
        f"rows.{form}",
        make(rows, ("id", "city", "points")),
        extra="    invalid: skip\n" + expression,
    )
    # A NULL is no failure: u3 has nothing computed, no key, or is not kept.
    summary, text = agreed(tmp_path)
    is_key = "key" in expression
    assert summary["profiles"]["skipped"] == (2 if is_key else 1)
    assert summary["profiles"]["create"] == (2 if "Score" in expression else 1)
    assert b'"u2' not in text


VALUES = {
    "string": CITIES,
    "number": [5, -1, 0, 9007199254740991, None],
    "counter": [5, 0, 7, None],
    "boolean": [True, False, None],
    "date": [date(2027, 3, 31), date(1990, 2, 20), None],
    "list": [["a", "b"], ["c"], [], None],
}
FLOATS = [1.5, -0.25, 1e21, 0.1, None]


def drawn(chance):
    """Names of columns, the kind of each, and rows of such values."""
    names = ["id", *chance.sample(["city", "City", "a b", "é", "x"], 3)]
    kinds = [chance.choice([*VALUES, "string"]) for _ in names[1:]]
    values = [
        FLOATS if k == "number" and chance.random() < 0.5 else VALUES[k] for k in kinds
    ]
    count = chance.choice([0, 1, 2, 7, 60])
    keys = chance.sample(range(1000), count)
    rows = [(f"u{k}", *(chance.choice(each) for each in values)) for k in keys]
    return names, kinds, rows


def as_text(value):
    """A cell as CSV has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value)


def as_json(value):
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("seed", range(60))
def test_engines_agree_on_files_drawn_by_chance(seed, tmp_path):
    """Kinds of files by packings, encodings, types, and what a table says of them."""
    chance = Random(seed)
    names, kinds, rows = drawn(chance)
    # Now and then the catalog wants another kind than the cells are of.
    declared = [k if chance.random() < 0.8 else chance.choice([*VALUES]) for k in kinds]
    catalog = {f"A{n}": {"type": kind} for n, kind in enumerate(declared)}
    columns = {
        name: {"attribute": f"A{n}"} | ({"split": ";"} if kind == "list" else {})
        for n, (name, kind) in enumerate(zip(names[1:], declared, strict=True))
    }
    words = {
        "invalid": chance.choice(["error", "skip"]),
        "duplicates": chance.choice(["error", "last"]),
        "nulls": chance.choice([[], ["x"]]),
        "blank": chance.choice(["keep", "keep", "error"]),
        "allow_empty": True,
    }
    separator = chance.choice([",", ";", "\t"])
    encoding = chance.choice(["utf-8", "utf-16", "cp1252", "latin-1"])
    has_header = chance.random() < 0.8
    dialect = {"separator": separator, "encoding": encoding}
    dialect |= {} if has_header else {"header": names}
    made = chance.choice(["upper({}::VARCHAR)", "CAST({} AS INTEGER)", "{}::VARCHAR"])
    computed = {"B": made.format(f'"{names[1]}"')} if chance.random() < 0.5 else {}
    where = chance.choice([None, f"\"{names[2]}\"::VARCHAR <> 'x'"])
    for part in range(chance.randrange(1, 4)):
        mine = rows[part::3]
        form, packing = chance.choice(FORMS)
        if form in COLUMNAR and not mine:
            form = "csv"
        if form in {"csv", "tsv"}:
            text_rows = [tuple(map(as_text, row)) for row in mine]
            lines = csv_text(text_rows, names, delimiter=separator).split("\n", 1)
            text = "\n".join(lines) if has_header else lines[1]
            if chance.random() < 0.2 and mine:
                text += f"u9{separator}y\n"
            data = text.encode(encoding)
        elif form == "jsonl":
            data = json_text([tuple(map(as_json, row)) for row in mine], names).encode()
            data += b'{"id": "u9"\n' if chance.random() < 0.2 else b""
        else:
            data = COLUMNAR[form](mine, names)
        (tmp_path / f"rows{part}.{form}{packing}").write_bytes(packed(data, packing))
    table = {"file": "rows*", "key": {"identity": "id"}, "columns": columns, **words}
    table |= {"csv": dialect} | ({"compute": computed} if computed else {})
    table |= {"where": where} if where else {}
    head = PROJECT[: PROJECT.index("catalog:")]
    sections = {"catalog": catalog, "tables": {"t": table}}
    (tmp_path / "ctsync.yaml").write_text(
        head
        + "".join(f"{name}: {json.dumps(said)}\n" for name, said in sections.items())
    )
    agreed(tmp_path)
