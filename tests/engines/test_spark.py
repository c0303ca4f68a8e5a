"""The engine on a cluster says what it needs, and what it leaves to one machine."""

import pickle
import sys

import pytest

from ctsync import spark_session
from ctsync.engines import spark, spark_reading, spark_search
from ctsync.engines.base import ProfileCounts, Search
from ctsync.engines.key_ranges import ranges_over
from ctsync.engines.spark_reading import PieceReader
from ctsync.errors import CtsyncError
from ctsync.model.row_source import RowPiece


def found_in(*sources):
    return [*spark.ENGINE.find_candidates(Search(row_sources=sources), ProfileCounts())]


def test_without_its_packages_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(CtsyncError) as caught, spark_session.open_session():
        pass
    assert caught.value.code == "engine"
    assert caught.value.hint == "pip install 'ctsync[spark]'"


def test_a_file_that_executors_do_not_see_is_told_with_what_to_do(lab, monkeypatch):
    rows = lab.Rows(1, [("u1", "a")])
    monkeypatch.setattr(rows, "pieces", lambda *_: [RowPiece("", ("/nowhere/t.csv",))])
    with pytest.raises(CtsyncError, match="does not see") as caught:
        found_in(rows)
    assert "TMPDIR" in caught.value.hint


def test_another_version_on_an_executor_is_told(lab, monkeypatch):
    monkeypatch.setattr(spark_reading, "__version__", "0.0.0")
    with pytest.raises(CtsyncError, match="another version"):
        found_in(lab.Rows(1, [("u1", "a")]))


@pytest.mark.parametrize("rows", [[("u1", "a"), ("u1", "b")], [("u1", "a")] * 2])
def test_rows_of_one_key_are_left_to_one_machine(lab, rows, caplog):
    caplog.set_level("INFO", "ctsync")
    assert [c.key.id for c in found_in(lab.Rows(1, rows))] == ["u1"]
    assert "two rows have one key, so one machine looks at all of them" in caplog.text


@pytest.mark.parametrize("place", ["sampling", "reading"])
def test_rows_that_cannot_be_read_are_left_to_one_machine(
    lab, monkeypatch, place, caplog
):
    caplog.set_level("INFO", "ctsync")
    rows = lab.Rows(1, [("u1", "a")])
    query = "SELECT id, digest, file, row, error('no')::VARCHAR[] AS cells FROM "
    if place == "sampling":
        query = query.replace("SELECT id", "SELECT error('no')::VARCHAR AS id")
    piece = RowPiece(query + rows.values(0, 1), ())
    monkeypatch.setattr(rows, "pieces", lambda *_: [piece])
    assert [c.key.id for c in found_in(rows)] == ["u1"]
    assert "some rows cannot be read" in caplog.text


def test_ranges_hold_every_key_once(lab, monkeypatch):
    ids = [f"u{n}" for n in range(100)]
    ranges = ranges_over({"identity": ids, "GPID": []}, every=1, most_keys=10)
    assert len(ranges) == 11
    numbers = ranges.numbers_of("identity", ["", *sorted(ids), "~"])
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 11))
    assert ranges.numbers_of("GPID", ["", "z"]) == [0, 0]


def test_candidates_of_many_ranges_come_in_the_order_of_keys(lab, monkeypatch):
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", 3)
    ids = [f"u{n}" for n in range(40)]
    one = lab.Rows(1, [(each, "a") for each in ids])
    other = lab.Rows(2, [(each, "b") for each in ids[::3]], key_type="GPID")
    keys = [c.key for c in found_in(one, other)]
    assert keys == sorted(keys)
    assert len(keys) == 54


def test_what_executors_do_is_pickled_without_what_a_process_holds():
    ranges = ranges_over({"identity": ["a"]}, every=1, most_keys=9)
    reader = PieceReader((), ranges)
    assert pickle.loads(pickle.dumps(reader)) == reader
