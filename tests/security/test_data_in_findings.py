"""What is wrong with a data file is told without what stands in it.

Findings go to logs and to pull requests, and who reads those need not be one who may
see the export: without its header, its first line is the first customer.
"""

import gzip
import io
import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

CANARY = "canary-77aa"
FORMATS = ["text", "json", "github"]
COLUMNS = (
    "columns: {a: Plan, b: {attribute: Day, format: '%Y'}, c: {attribute: Points}}"
)
PROJECT = """\
version: 1
account: {id: A1, region: in1}
state: state.jsonl
catalog: {Plan: {type: string, enum: [Gold]}, Day: {type: date}, Points: {type: number}}
tables:
  t:
    file: 'FILE'
    key: {identity: id}
    COLUMNS
""".replace("COLUMNS", COLUMNS)


def table(columns):
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def words(*cells):
    return pa.array([*cells])


KIND = words(CANARY).dictionary_encode()
WRONG = {
    "no header": ("x.csv", f"{CANARY},{CANARY}1,2,3\nu1,x,y,z\n"),
    "one column": ("x.csv", f"{CANARY};{CANARY};x\nu1;x;y\n"),
    "a header nearly right": ("x.csv", f"id,a,b,{CANARY}\nu1,x,y,z\n"),
    "a column twice": ("x.csv", f"{CANARY},{CANARY},id,a,b,c\n1,2,3,4,5,6\n"),
    "an open quote": ("x.csv", f'id,a,b,c\nu1,"{CANARY},2,3\n'),
    "a quote within": ("x.csv", f'id,a,b,c\nu1,"a"{CANARY},2,3\n'),
    "cells too many": ("x.csv", f"id,a,b,c\nu1,{CANARY},2,3,4,5\n"),
    "no UTF-8": ("x.csv", f"id,a,b,c\nu1,{CANARY},\xff,3\n".encode("latin-1")),
    "NUL": ("x.csv", f"id,a,b,c\nu1,{CANARY}\0,2,3\n"),
    "other line endings": ("x.csv", f"id,a,b,c\r\nu1,{CANARY},2,3\nu2,a,b,c\r\n"),
    "values of other types": (
        "x.csv",
        f"id,a,b,c\nu1,{CANARY},{CANARY},{CANARY}\n",
    ),
    "an id that is none": ("x.csv", f"id,a,b,c\n{CANARY}\x01,Gold,2001,1\n"),
    "an id twice": ("x.csv", f"id,a,b,c\n{CANARY},Gold,2001,1\n" * 2),
    "no gzip": ("x.csv.gz", f"{CANARY}"),
    "gzip cut off": ("x.csv.gz", gzip.compress(f"id,a\n{CANARY},1\n".encode())[:-9]),
    "no JSON": ("x.jsonl", f'{{"id": "u1", "a": {CANARY}}}\n'),
    "a JSON escape": ("x.jsonl", f'{{"id": "u1", "a": "\\{CANARY}"}}\n'),
    "a JSON list": ("x.jsonl", f'["{CANARY}"]\n'),
    "JSON without columns": ("x.jsonl", f'{{"{CANARY}": 1}}\n'),
    "JSON keys twice": ("x.jsonl", f'{{"id":"u1","{CANARY}":1,"{CANARY}":2}}\n'),
    "JSON values": (
        "x.jsonl",
        f'{{"id":"u1","a":"{CANARY}","b":{{"{CANARY}":1}},"c":["{CANARY}"]}}\n',
    ),
    "deep JSON": ("x.jsonl", '{"id":' + f'["{CANARY}",' * 2000 + "\n"),
    "no Parquet": ("x.parquet", CANARY),
    "other Parquet columns": ("x.parquet", table({CANARY: words("x")})),
    "Parquet of other types": (
        "x.parquet",
        table(
            {"id": words({CANARY: 1}), "a": words("x"), "b": words("x"), "c": KIND}
        ),
    ),
    "Parquet values": (
        "x.parquet",
        table({n: words(f"{n}{CANARY}") for n in ("id", "a", "b", "c")}),
    ),
    "Parquet lists of words": (
        "x.parquet",
        table({
            "id": words("u1"), "a": words("x"), "b": words("2001"),
            "c": pa.array([[{CANARY: 1}]]),
        }),
    ),
    "Parquet cut off": ("x.parquet", table({CANARY: words(CANARY)})[:-12]),
    "YAML of a table": ("x.yaml", f"id,a\n{CANARY}: [{CANARY}\n"),
}  # fmt: skip


@pytest.fixture
def told(desk):
    """Write a data file beside a project, and give all that findings say of it."""
    (desk.folder / "people.yaml").unlink()

    def tell(name, data, project=PROJECT):
        raw = data if isinstance(data, bytes) else data.encode()
        (desk.folder / name).write_bytes(raw)
        desk.write("ctsync.yaml", project.replace("FILE", name))
        said = []
        for words in [["validate"], ["apply", "--auto-approve", "--first-run"]]:
            for format_name in FORMATS:
                ended = desk.run(*words, "--format", format_name)
                assert ended.crash == ""
                assert ended.code in {1, 64}, ended.said
                said.append(ended.said)
        (desk.folder / name).unlink()
        return "".join(said)

    return tell


@pytest.mark.parametrize("wrong", WRONG)
def test_no_finding_quotes_header_or_cell(told, wrong):
    said = told(*WRONG[wrong])
    assert "CT" in said
    assert CANARY not in said.casefold()


@pytest.mark.parametrize("wrong", [name for name in WRONG if "YAML" not in name])
def test_nor_does_one_of_members(told, wrong):
    members = "cohorts: {c: {members: {file: 'FILE', key: {identity: id}},"
    members += " attributes: {Name: x}}}"
    name, data = WRONG[wrong]
    text = PROJECT.partition("tables:")[0] + members + "\nnonsense: 1\n"
    assert CANARY not in told(name, data, text).casefold()


def test_a_data_file_is_no_spec(told):
    """Unknown keys of a spec are quoted; a row of JSON is YAML too."""
    text = PROJECT.partition("catalog:")[0] + "specs: [FILE]\n"
    said = told("x.jsonl", f'{{"{CANARY}": "{CANARY}"}}\n', text)
    assert '"x.jsonl" is a data file' in said
    assert CANARY not in said


@pytest.mark.parametrize(
    "where", [f"{CANARY} = 1", "A = 'x'", "a + 1", "a::INT = 1", "c"]
)
def test_conditions_tell_nothing_of_columns_that_they_do_not_name(told, where):
    secret = "canary-hidden"
    text = PROJECT + f'    where: "{where}"\n'
    for name, data in {
        "x.csv": f"id,a,b,c,{secret}\nu1,{secret},2,3,4\n",
        "x.parquet": table({
            "id": words("u1"), "a": words({secret: 1}), "b": words("x"),
            "c": words(secret).dictionary_encode(), secret: words("x"),
        }),
    }.items():  # fmt: skip
        assert secret not in told(name, data, text)


def test_a_word_that_three_rows_share_is_told(desk):
    (desk.folder / "people.yaml").unlink()
    rows = [("u1", "Silber"), ("u2", "Bronce"), ("u3", "Silber"), ("u4", "Silber")]
    text = "id,a,b,c\n" + "".join(f"{i},{w},2001,1\n" for i, w in rows)
    desk.write("x.csv", text)
    desk.write("ctsync.yaml", PROJECT.replace("FILE", "x.csv"))
    document = json.loads(desk.run("validate", "--format", "json").out)
    told = {d["row"]: d["message"] for d in document["diagnostics"] if d["row"]}
    assert "Silber" in told[4]
    assert "Bronce" not in str(told)
    assert {*told} == {1, 2, 3, 4}
    assert {str(d["key"]) for d in document["diagnostics"] if d["row"]} == {
        str({"identity": f"x.csv row {row} (line {row + 1})", "masked": True})
        for row in told
    }


def test_a_list_of_one_row_is_not_shared(desk):
    (desk.folder / "people.yaml").unlink()
    desk.write("x.csv", "id,a,b,c\nu1,Silber;Silber;Silber,2001,1\n")
    text = (PROJECT.replace("FILE", "x.csv")).replace(
        "a: Plan", "a: {attribute: Tags, split: ';', map: {x: y}}"
    )
    desk.write("ctsync.yaml", text)
    assert "Silber" not in desk.run("validate").said


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(["x.csv", "x.jsonl", "x.csv.gz", "x.parquet"]),
    st.lists(st.sampled_from([CANARY, ",", '"', "\n", "id,a,b,c\n", "{", ":", "\0"])),
    st.booleans(),
)
def test_whatever_a_file_is_it_is_not_quoted(told, name, parts, has_header):
    text = ("id,a,b,c\n" if has_header else "") + "".join(parts) + f'"{CANARY}'
    assert CANARY not in told(name, text).casefold()
