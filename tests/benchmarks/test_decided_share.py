"""Of an export as systems write them, in whatever form, columns decide nearly all."""

import re
import sys
from pathlib import Path

import pytest

from ctsync.cli.app import run
from ctsync.engines import duckdb_decision

sys.path.insert(0, str(Path(__file__).parent))
import exporting
from listing import write_listing

COUNT = 600
LEAST = 0.95
FORMS = ("parquet", "jsonl", "csv")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of eight attributes, a sixteenth of them without a phone number."""
    folder = tmp_path_factory.mktemp("exports")
    exporting.write_exports(folder, COUNT, exporting.SHAPES["changed"], FORMS)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_nearly_all_rows_of_an_export_are_decided_in_columns(
    form: str,
    exports: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", 0)
    monkeypatch.setenv("CTSYNC_DATA_ROOTS", str(exports))
    project = write_listing(exports / form, exports / f"before.{form}", "changed")
    monkeypatch.chdir(project)
    assert run(["plan", "-v", "--engine", "duckdb"]) == 0
    assert decided(caplog) >= LEAST * COUNT
    assert run(["import", "spec", "--auto-approve"]) == 0
    write_listing(project, exports / f"after.{form}", "changed")
    caplog.clear()
    assert run(["plan", "-v", "--engine", "duckdb"]) == 0
    assert decided(caplog) >= LEAST * COUNT


def test_so_are_nearly_all_that_stand_in_two_tables(
    exports: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", 0)
    monkeypatch.setenv("CTSYNC_DATA_ROOTS", str(exports))
    before, after = exports / "before.parquet", exports / "after.parquet"
    project = write_listing(exports / "two", before, "changed", beside=after)
    monkeypatch.chdir(project)
    assert run(["plan", "-v", "--engine", "duckdb"]) == 0
    assert decided(caplog) >= LEAST * COUNT


def decided(caplog: pytest.LogCaptureFixture) -> int:
    """How many profiles were decided in columns, as the plan says itself."""
    said = re.search(r"([0-9]+) profiles were decided in columns", caplog.text)
    assert said is not None
    return int(said[1])
