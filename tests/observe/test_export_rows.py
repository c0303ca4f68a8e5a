"""Rows of exports, whose cells mean the same on every machine."""

import csv
import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.errors import UsageError
from ctsync.observe.exports.export_rows import ExportFile


def rows_of(export):
    """The rows of an export, of whose cells nothing is told in SQL."""
    for batch in export.batches(lambda _: None, whole=True):
        yield from map(batch.row, range(len(batch)))


NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Asia/Kolkata"])
def _machine_in(request, monkeypatch):
    """Set the time zone of the machine."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_machine_in")
@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_moment_without_a_zone_is_in_the_projects_and_never_the_machines(
    tmp_path, unit
):
    cells = {
        "identity": ["u1", "u2"],
        "bare": pa.array([NOON.replace(tzinfo=None), None], pa.timestamp(unit)),
        "zoned": pa.array([NOON, None], pa.timestamp(unit, "UTC")),
    }
    path = tmp_path / "e.parquet"
    parquet.write_table(pa.table(cells), path)
    export = ExportFile(path, timezone=ZoneInfo("Europe/Paris"))
    first, second = rows_of(export)
    seen = export.seen(first).attributes
    assert seen["zoned"].value == f"$D_{int(NOON.timestamp())}"
    assert seen["bare"].value == f"$D_{int(NOON.timestamp()) - 2 * 3600}"
    assert not export.seen(second).attributes


@pytest.mark.parametrize("is_text", [False, True])
def test_a_day_begins_at_midnight_in_the_projects_zone_where_it_is_no_text(
    tmp_path, is_text
):
    """As tables read it: a plan after the import has nothing to assign."""
    path = tmp_path / "e.parquet"
    cells = {"identity": ["u1", "u2"], "born": pa.array([date(1999, 12, 31), None])}
    parquet.write_table(pa.table(cells), path)
    zone = ZoneInfo("Asia/Kolkata")
    export = ExportFile(path, None, zone, lambda name: is_text and name == "born")
    first, second = rows_of(export)
    born = export.seen(first).attributes["born"].value
    assert born == ("1999-12-31" if is_text else "$D_946578600")
    assert not export.seen(second).attributes


@pytest.mark.parametrize(("zone", "ahead"), [(None, 3600), ("UTC", 0)])
def test_a_part_of_a_second_is_of_the_same_moment(tmp_path, zone, ahead):
    path = tmp_path / "e.parquet"
    moment = datetime(2026, 1, 1, 0, 0, 5, 250_000)  # noqa: DTZ001 - the column tells
    seen = pa.array([moment], pa.timestamp("us", zone))
    parquet.write_table(pa.table({"identity": ["u1"], "seen": seen}), path)
    export = ExportFile(path, timezone=ZoneInfo("Europe/Paris"))
    (row,) = rows_of(export)
    seconds = 1_767_225_605 - ahead
    assert export.seen(row).attributes["seen"].value == f"$D_{seconds}"


def test_a_part_of_a_second_before_1970_does_not_come_later(tmp_path):
    path = tmp_path / "e.parquet"
    moment = datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)
    parquet.write_table(pa.table({"identity": ["u1"], "seen": [moment]}), path)
    (row,) = rows_of(ExportFile(path))
    assert ExportFile(path).seen(row).attributes["seen"].value == "$D_-2"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (pa.array([Decimal("1.50")]), 1.5),
        (pa.array([0.1], pa.float32()), 0.1),
        (pa.array([[date(2020, 1, 2)]]), ("2020-01-02",)),
        (pa.array([[1, 2]]), ("1", "2")),
        (pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
    ],
)
def test_a_cell_is_read_as_a_table_reads_it(tmp_path, cell, value):
    path = tmp_path / "e.parquet"
    parquet.write_table(pa.table({"identity": ["u1"], "is": cell}), path)
    (row,) = rows_of(ExportFile(path))
    assert ExportFile(path).seen(row).attributes["is"].value == value


@pytest.mark.parametrize(
    "cell",
    [
        pa.array([b"\xff\x00"]),
        pa.array([[b"\xff\x00"]]),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.array([{"a": 1}]),
        pa.array([float("nan")]),
        pa.array([float("nan")], pa.float32()),
        pa.array([float("inf")]),
        pa.array([-float("inf")]),
        pa.array([[float("nan")]]),
        pa.array([2**23], pa.date32()),
        pa.array([-(2**23)], pa.date32()),
        pa.array([2**58], pa.timestamp("us")),
        pa.array([-(2**58)], pa.timestamp("us", "UTC")),
    ],
)
def test_a_cell_that_is_no_value_is_nothing_that_could_be_compared(tmp_path, cell):
    """A day beyond the years of a calendar is none, either."""
    path = tmp_path / "e.parquet"
    parquet.write_table(pa.table({"identity": ["u1"], "is": cell}), path)
    (row,) = rows_of(ExportFile(path))
    assert ExportFile(path).seen(row).attributes["is"].is_odd


@pytest.mark.parametrize("name", ["id", 'a"b', "a'b", "a/b~c", "$.x", "a*", "[0]", "é"])
@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_the_column_of_the_key_may_have_any_name(tmp_path, name, ending):
    path = tmp_path / f"e.{ending}"
    path.write_text(f"{json.dumps({name: 'u1', 'Plan': 'Gold'})}\n")
    if ending == "csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([[name, "Plan"], ["u1", "Gold"]])
    export = ExportFile(path, ("identity", name))
    (batch,) = export.batches(lambda _: None, whole=True)
    assert (len(batch), batch.key(0).id) == (1, "u1")
    assert [*export.seen(batch.row(0)).attributes] == ["plan"]


def test_a_column_may_be_called_as_a_query_calls_its_own(tmp_path):
    path = tmp_path / "e.parquet"
    names = ("kind", "id", "row", "line", "shape", "said", "c1", "k0")
    table = pa.table({"identity": ["u2", "u1"], **{n: ["a", "b"] for n in names}})
    parquet.write_table(table, path)
    assert [*rows_of(ExportFile(path))] == [
        {"identity": "u1", **dict.fromkeys(names, "b")},
        {"identity": "u2", **dict.fromkeys(names, "a")},
    ]


@pytest.mark.parametrize("name", ["identity", "Identity", "objectID", "Object Id"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_key_is_found_however_its_name_is_spelled(tmp_path, name, form):
    path = tmp_path / f"e.{form}"
    line = json.dumps({name: "u1", "Plan": "Gold"})
    path.write_text(f"{name},Plan\nu1,Gold\n" if form == "csv" else f"{line}\n")
    (batch,) = ExportFile(path).batches(lambda _: None, whole=True)
    assert batch.key(0).id == "u1"
    assert batch.key(0).type.casefold() == name.replace(" ", "").casefold()


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("e.jsonl", '{"id": "u1"}\n', None),
        ("e.jsonl", '{"identity": "u1"}\n', ("identity", "Kunde")),
        ("e.json", '[{"identity": "u1"}, {"identity": "u2"}]', None),
        ("e.csv", "identity,Plan\n,Gold\n", None),
    ],
)
def test_a_file_of_which_no_row_says_whose_it_is_is_refused(tmp_path, name, text, key):
    """Else nothing would be taken in, and nobody told why."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=r"no row of .* says whose it is"):
        [*rows_of(ExportFile(path, key))]


@pytest.mark.parametrize("name", ["e.jsonl", "e.csv"])
def test_a_file_without_rows_says_nothing_of_anybody(tmp_path, name):
    path = tmp_path / name
    path.write_text("identity,Plan\n" if name == "e.csv" else "")
    assert [*rows_of(ExportFile(path))] == []
