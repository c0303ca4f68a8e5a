"""`apply --engine spark` has a large fold done where the plan can be made, too."""

import json
from contextlib import contextmanager

import pytest
from state_homes import FolderHome

from ctsync.apply import fold_elsewhere
from ctsync.engines import spark_workers
from ctsync.errors import CtsyncError

COUNT = 6


@pytest.fixture
def large(desk, monkeypatch):
    """A project with a state in a folder, to which six profiles are many."""
    monkeypatch.setattr(fold_elsewhere, "WORTH_PROFILES", COUNT)
    monkeypatch.setattr(fold_elsewhere, "SLICE_LINES", 2)
    desk.move_to(FolderHome(desk.folder))
    desk.crowd(COUNT)
    return desk


def base(desk):
    manifest = desk.folder / desk.home.words / "manifest.json"
    return json.loads(manifest.read_text())["base"]


@pytest.mark.parametrize("is_saved", [True, False], ids=["saved", "project"])
def test_what_was_sent_is_folded_in_executors(large, is_saved):
    saved = ("p.plan",) if is_saved else ()
    if is_saved:
        large.ok("plan", "--out", "p.plan")
    words = ("--first-run", "--engine", "spark", "-v")
    ended = large.run("apply", *saved, "--auto-approve", *words)
    assert ended.code == 0, ended.said
    assert "by itself" not in ended.err
    assert len(base(large)) == COUNT // 2
    assert large.plan()["changes"] == []
    large.ok("verify")


def test_a_cluster_that_fails_is_told_and_costs_nothing_else(large, monkeypatch):
    @contextmanager
    def lost():
        raise CtsyncError("Spark could not do its part: no worker", code="engine")
        yield

    monkeypatch.setattr(spark_workers, "open_session", lost)
    words = ("--first-run", "--engine", "spark", "-v")
    ended = large.run("apply", "--auto-approve", *words)
    assert ended.code == 0, ended.said
    words = "Spark could not do its part: no worker, so this machine folds by itself"
    assert words in ended.err
    assert isinstance(base(large), dict)
    assert large.plan()["changes"] == []


def test_another_engine_has_nobody_to_fold(large, monkeypatch):
    monkeypatch.setattr(spark_workers, "open_session", None)
    assert large.apply("--engine", "duckdb", "-v").code == 0
    assert isinstance(base(large), dict)
