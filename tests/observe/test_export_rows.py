"""Rows of exports, whose cells mean the same on every machine."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.observe.export_rows import ExportFile

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
    (_, first), (_, second) = export.rows()
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
    (_, first), (_, second) = export.rows()
    born = export.seen(first).attributes["born"].value
    assert born == ("1999-12-31" if is_text else "$D_946578600")
    assert not export.seen(second).attributes


def test_a_part_of_a_second_before_1970_does_not_come_later(tmp_path):
    path = tmp_path / "e.parquet"
    moment = datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)
    parquet.write_table(pa.table({"identity": ["u1"], "seen": [moment]}), path)
    ((_, row),) = ExportFile(path).rows()
    assert ExportFile(path).seen(row).attributes["seen"].value == "$D_-2"
