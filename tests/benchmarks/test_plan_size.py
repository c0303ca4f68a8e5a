"""What a plan and its journal take for each profile, which may not grow unnoticed."""

import sys
from pathlib import Path

import pytest

from ctsync.cli.app import run
from ctsync.plan.document.plan_file import open_plan
from ctsync.state.journal_writing import create_journal

sys.path.insert(0, str(Path(__file__).parent))
import exporting
from listing import write_listing

COUNT = 2_000
NEW_BYTES, CHANGED_BYTES = 496, 176  # of a line, with 22 for the name of the file
NEW_NOTED, CHANGED_NOTED = 112, 195  # in the journal, where a large plan is packed
BOTH_BYTES = 600  # of a new profile in both together


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project over rows of eight attributes, 220 bytes each as CSV."""
    exporting.write_exports(tmp_path, COUNT, exporting.SHAPES["changed"], ["parquet"])
    monkeypatch.chdir(write_listing(tmp_path, tmp_path / "before.parquet", "changed"))
    return tmp_path


def bytes_of_lines(*words: str) -> tuple[float, float]:
    """Bytes a change in a saved plan, and in the journal of its apply."""
    assert run([*words, "--out", "a.plan"]) == 0
    with open_plan(Path("a.plan")) as plan:
        assert plan.foot.changes == COUNT
        journal = create_journal(Path("journal"), {}, "journal")
        before = Path("journal").stat().st_size
        journal.append_plan(plan.pieces())
        journal.close()
        size = sum(map(len, plan.pieces()))
    grown = Path("journal").stat().st_size - before
    Path("journal").unlink()
    return size / COUNT, grown / COUNT


def test_no_line_of_a_plan_grows(project: Path) -> None:
    new, noted = bytes_of_lines("plan")
    assert NEW_BYTES * 0.9 < new <= NEW_BYTES
    assert NEW_NOTED * 0.8 < noted <= NEW_NOTED
    assert new + noted <= BOTH_BYTES
    assert run(["import", "spec", "--auto-approve"]) == 0
    write_listing(project, project / "after.parquet", "changed")
    changed, noted = bytes_of_lines("plan")
    assert CHANGED_BYTES * 0.8 < changed <= CHANGED_BYTES
    assert noted <= CHANGED_NOTED
