"""Keys that may stand once: executors find the others, and one machine is not asked."""

import pytest

from ctsync.cli.app import run
from ctsync.engines import duckdb, spark, spark_search

PROJECT = """\
version: 1
account: {id: A1, region: in1}
state: state.jsonl
tables:
  a-people:
    file: people-*.csv
    key: {identity: id}
    columns: {plan: Plan}
  b-seats:
    file: seats.csv
    key: {identity: id}
    columns: {seat: Seat}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Two tables in three files, in many ranges of keys."""
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", 9)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ctsync.yaml").write_text(PROJECT)
    write(tmp_path, "people-1.csv", "plan", range(40))
    write(tmp_path, "people-2.csv", "plan", range(40, 60))
    write(tmp_path, "seats.csv", "seat", range(0, 60, 3))
    return tmp_path


@pytest.fixture
def asked(monkeypatch):
    """Whether one machine was asked."""
    met, find = [], duckdb.find

    def noted(*words):
        met.append(words)
        return find(*words)

    monkeypatch.setattr(spark.duckdb, "find", noted)
    return met


def write(folder, name, column, numbers):
    rows = "".join(f"u{n},x{n}\n" for n in numbers)
    (folder / name).write_text(f"id,{column}\n{rows}")


def said(capsys, engine):
    code = run(["plan", "--engine", engine])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_where_each_key_stands_once_one_machine_is_not_asked(asked, capsys):
    found = said(capsys, "spark")
    assert asked == []
    assert found == said(capsys, "duckdb")


@pytest.mark.parametrize(
    ("twins", "count"), [([3], "1 error"), ([*range(5, 45)], "21 errors")]
)
def test_what_stands_twice_is_told_without_it(folder, asked, capsys, twins, count):
    """The same rows, in the same order and as many, however ranges part them."""
    write(folder, "people-2.csv", "plan", [*range(40, 60), *twins])
    code, _, err = found = said(capsys, "spark")
    assert asked == []
    assert (code, count in err) == (1, True)
    assert found == said(capsys, "duckdb") == said(capsys, "memory")


def test_of_several_tables_the_one_is_told_that_one_machine_meets(
    folder, asked, capsys
):
    write(folder, "people-2.csv", "plan", [40, 41, 40])
    write(folder, "seats.csv", "seat", [1, 2, 1])
    found = said(capsys, "spark")
    assert len(asked) == 1
    assert found == said(capsys, "duckdb")
