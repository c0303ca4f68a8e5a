"""Tables in a bucket give the plan of the same tables in files, by every engine."""

import json

import obstore
import pytest

from ctsync.cli.app import run
from ctsync.discovery import names_in

BUCKET = "plain"
PROJECT = """\
version: 1
account: {{id: A1, region: in1}}
state: state.jsonl
policy: {{limits: {{create: 100%, update: 100%}}}}
tables:
  people:
    file: "{here}/people-*.csv"
    key: {{identity: id}}
    duplicates: last
    columns: {{plan: Plan}}
  seats:
    file: "{here}/seats.parquet"
    key: {{identity: id}}
    columns: {{seat: Seat}}
cohorts:
  vip:
    members: {{file: "{here}/vip.jsonl.gz", key: {{identity: id}}}}
    attributes: {{Tier: VIP}}
"""


def files():
    import gzip
    import io

    import pyarrow as pa
    from pyarrow import parquet

    sheet = io.BytesIO()
    ids = [f"u{n}" for n in range(0, 60, 7)]
    parquet.write_table(pa.table({"id": ids, "seat": [*range(len(ids))]}), sheet)
    vip = "".join(json.dumps({"id": f"u{n}"}) + "\n" for n in range(0, 60, 5))
    return {
        "people-1.csv": b"id,plan\n" + b"".join(b"u%d,Gold\n" % n for n in range(40)),
        "people-2.csv": b"id,plan\n"
        + b"".join(b"u%d,Free\n" % n for n in range(30, 60)),
        "seats.parquet": sheet.getvalue(),
        "vip.jsonl.gz": gzip.compress(vip.encode()),
    }


@pytest.fixture
def place(tmp_path, monkeypatch, object_server):
    """The same files in a folder and in a bucket of their own."""
    monkeypatch.chdir(tmp_path)
    store = object_server.store(BUCKET, f"tables/{tmp_path.name}")
    (tmp_path / "in").mkdir()
    for name, data in files().items():
        (tmp_path / "in" / name).write_bytes(data)
        obstore.put(store, name, data)
    return f"s3://{BUCKET}/tables/{tmp_path.name}"


def planned(folder, here, engine, *words):
    (folder / "ctsync.yaml").write_text(PROJECT.format(here=here))
    name = f"{engine}.plan"
    assert run(["plan", "--engine", engine, "--out", name, *words]) == 0
    return (folder / name).read_bytes()


def test_every_engine_gives_the_plan_of_the_files(tmp_path, place):
    """But for the names, and for what says which spec it was."""
    plans = {
        engine: planned(tmp_path, place, engine, "--data-root", place)
        for engine in names_in("ctsync.engines")
        if engine in {"memory", "duckdb", "spark"}
    }
    assert len(plans) == 3
    assert len({*plans.values()}) == 1
    here = planned(tmp_path, "in", "memory").splitlines()
    there = plans["memory"].replace(f"{place}/".encode(), b"in/").splitlines()
    assert there[1:61] == here[1:61]
    assert b'"change"' in here[60]


@pytest.mark.parametrize("engine", ["memory", "duckdb", "spark"])
def test_an_object_that_changes_in_the_middle_is_told(
    tmp_path, place, engine, object_server, monkeypatch, capsys
):
    from ctsync.sources import table_rows

    judge = table_rows.TableRows.judge

    def late(self, loaded, twins):
        judge(self, loaded, twins)
        store = object_server.store(BUCKET, f"tables/{tmp_path.name}")
        obstore.put(store, "people-2.csv", b"id,plan\nu99,Gold\n")

    monkeypatch.setattr(table_rows.TableRows, "judge", late)
    (tmp_path / "ctsync.yaml").write_text(PROJECT.format(here=place))
    assert run(["plan", "--engine", engine, "--data-root", place]) == 1
    said = capsys.readouterr().err
    assert f"{place}/people-2.csv: error CT619 changed while it was read" in said
    assert f"{place}/people-1.csv: error" not in said


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wr0ng-secret", "the credentials do not allow it"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "it does not answer as it should"),
    ],
)
def test_what_a_server_refuses_is_told_without_what_it_was_given(
    tmp_path, place, monkeypatch, capsys, variable, value, said
):
    monkeypatch.setattr("ctsync.object_client.RETRY_SECONDS", 1)
    monkeypatch.setenv(variable, value)
    (tmp_path / "ctsync.yaml").write_text(PROJECT.format(here=place))
    assert run(["plan", "--data-root", place]) == 1
    found = capsys.readouterr()
    assert said in found.err
    assert value not in found.err + found.out


def test_a_bucket_that_is_not_there_is_told(tmp_path, place, capsys):
    (tmp_path / "ctsync.yaml").write_text(PROJECT.format(here="s3://gone/in"))
    assert run(["plan", "--data-root", "s3://gone"]) == 1
    said = capsys.readouterr().err
    assert "s3://gone/in" in said
    assert "CT61" in said


def test_credentials_stand_in_no_plan_and_no_log(
    tmp_path, place, object_server, capsys
):
    plan = planned(tmp_path, place, "duckdb", "--data-root", place, "-vv")
    said = capsys.readouterr()
    for value in object_server.variables().values():
        assert value.encode() not in plan
        assert value not in said.err + said.out
