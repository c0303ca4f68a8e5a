"""Rows of exports, whose cells mean the same on every machine."""

import time
from datetime import UTC, datetime
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
