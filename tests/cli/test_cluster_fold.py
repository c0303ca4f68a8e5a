"""`apply --engine spark` has a large fold done where the plan can be made, too."""

import json
import os
from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from state_homes import FolderHome

from ctsync import engines
from ctsync.apply.folding import fold_elsewhere
from ctsync.engines import spark_workers
from ctsync.errors import CtsyncError

COUNT = 6


@pytest.fixture
def large(desk, monkeypatch):
    """A project with a state in a folder, to which six profiles are many."""
    real = engines.workers_of

    def workers_of(name):
        found = real(name)
        return None if found is None else replace(found, worth=COUNT)

    monkeypatch.setattr(engines, "workers_of", workers_of)
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


@pytest.mark.parametrize("words", [(), ("--engine", "duckdb")])
def test_without_a_cluster_processes_fold_here(large, monkeypatch, words):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2, 3})
    monkeypatch.setattr(spark_workers, "open_session", None)
    assert large.apply(*words, "-v").code == 0
    assert len(base(large)) == 3
    assert large.plan()["changes"] == []


def test_one_core_folds_by_itself(large, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1})
    assert engines.workers_of("duckdb") is None
    assert large.apply("--engine", "duckdb").code == 0
    assert isinstance(base(large), dict)


@pytest.mark.parametrize("umask", [0o022, 0])
def test_what_several_processes_wrote_is_a_state_as_any(large, monkeypatch, umask):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2, 3})
    usual = os.umask(umask)
    try:
        assert large.apply("-v").code == 0
        large.people({f"v{number}": {"Plan": "Gold"} for number in range(COUNT)})
        assert large.apply("-v").code == 0
        files = [*(large.folder / "state").glob("*.parquet")]
    finally:
        os.umask(usual)
    assert len(base(large)) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert "v1" in large.ok("state", "show", "v1").out
    for words in (("state", "list"), ("state", "history"), ("doctor",), ("verify",)):
        large.ok(*words)
    large.ok("state", "copy", "other/", "--auto-approve")
    assert large.plan()["changes"] == []
