"""A large journal is folded by workers; no state depends on their being alive."""

import errno
import os
import pickle
import shutil
import signal
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from msgspec.structs import replace

from ctsync.apply.folding import fold_elsewhere, range_fold
from ctsync.apply.folding.history import run_in
from ctsync.apply.recover import recover
from ctsync.engines import own_processes
from ctsync.engines.own_processes import run_in_processes
from ctsync.engines.spark_workers import run_on_executors
from ctsync.errors import CtsyncError, Interrupted, StateError
from ctsync.model.workers import Workers
from ctsync.state import open_store
from ctsync.state.base import RunRecord
from ctsync.state.manifest import Compaction
from ctsync.state.parquet_store import ParquetStore, _Writing
from ctsync.state.range_writing import RangeTerms

PEOPLE = [f"u{number}" for number in range(9)]


@pytest.fixture
def world(world, monkeypatch, tmp_path):
    """A world with a state in a folder, of which each few changes are worth workers."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setattr(fold_elsewhere, "SLICE_LINES", 2)
    in_folder = property(lambda self: open_store("state/", folder=self.folder))
    monkeypatch.setattr(type(world), "store", in_folder)
    return world


@contextmanager
def here(task, pieces):
    yield ((piece, task(piece)) for piece in pieces)


def workers(run):
    """To whom as many changes as there are people are enough."""
    return Workers(run, here, worth=len(PEOPLE), pieces=64)


def plans(world, value):
    return {each: (world.string("Plan", value),) for each in PEOPLE}


def said(world):
    found = {id_: e.attributes["plan"].value for id_, e in world.entries().items()}
    assert world.store.journal() is None
    assert [*(world.folder / "scratch").iterdir()] == []
    return found


def files(world):
    """The data files, once nobody reads those of the version before."""
    world.store.discard_journal()
    return sorted(path.name for path in (world.folder / "state").glob("*.parquet"))


def never(*_):
    pytest.fail("nobody is to be asked")


@pytest.mark.parametrize("run", [run_on_executors, run_in_processes])
def test_workers_write_a_file_each_and_the_sender_names_them(world, run):
    assert world.bring(plans(world, "Gold"), workers=workers(run)).error is None
    assert len(files(world)) == 5
    assert said(world) == dict.fromkeys(PEOPLE, "Gold")
    header = world.store.read().header
    assert (header.serial, header.entries, header.last_plan.open) == (1, 9, False)
    for path in (world.folder / "state").glob("*.parquet"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_there_are_only_so_many_files(world, monkeypatch):
    """All of a state are open while it is read, and segments stand side by side."""
    monkeypatch.setattr(fold_elsewhere, "SLICE_LINES", 1)
    monkeypatch.setattr(fold_elsewhere, "MOST_SLICES", {"base": 4, "segment": 2})
    world.bring(plans(world, "Gold"), workers=workers(run_on_executors))
    assert len(files(world)) == 3  # of nine lines, three each
    in_segments = Compaction(small_rows=0, share=0)
    monkeypatch.setattr("ctsync.state.parquet_store.Compaction", lambda: in_segments)
    world.bring(plans(world, "Free"), workers=workers(run_on_executors))
    assert len(files(world)) == 3 + 2
    assert said(world) == dict.fromkeys(PEOPLE, "Free")


def test_fewer_than_are_worth_it_are_folded_here(world):
    few = dict([*plans(world, "Gold").items()][:-1])
    assert world.bring(few, workers=workers(never)).error is None
    assert [*said(world)] == PEOPLE[:-1]


def test_a_store_that_has_no_such_files_folds_as_ever(world, monkeypatch):
    in_lines = property(lambda self: open_store("state.jsonl", folder=self.folder))
    monkeypatch.setattr(type(world), "store", in_lines)
    assert world.bring(plans(world, "Gold"), workers=workers(never)).error is None
    assert said(world) == dict.fromkeys(PEOPLE, "Gold")


def dies(*_):
    raise ConnectionError("u1@example.com is gone")


def refuses(*_):
    raise CtsyncError("Spark could not do its part: no master")


def stops(_):
    os.kill(os.getpid(), signal.SIGSTOP)


def is_stopped(_, pieces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own_processes, "_PATIENCE", 0.2)
        return run_in_processes(stops, pieces)


def dies_half_way(task, pieces):
    run_on_executors(task, pieces[:2])
    raise TimeoutError


def leaves_one_out(task, pieces):
    return run_on_executors(task, pieces)[:-1]


def sees_no_slice(task, pieces):
    for path in Path(tempfile.gettempdir()).glob("*/slice-*"):
        path.unlink()
    return run_on_executors(task, pieces)


def sees_the_beginning_of_slices(task, pieces):
    for path in Path(tempfile.gettempdir()).glob("*/slice-????"):
        path.write_bytes(path.read_bytes()[:-1])
    return run_on_executors(task, pieces)


def sees_no_fates(task, pieces):
    for path in Path(tempfile.gettempdir()).glob("*/*.fates"):
        path.write_bytes(b"")
    return run_on_executors(task, pieces)


def sees_no_state(task, pieces):
    elsewhere = Path(tempfile.gettempdir(), "elsewhere")
    done = run_on_executors(replace(task, terms=RangeTerms(str(elsewhere))), pieces)
    assert not elsewhere.exists()
    return done


def is_another_version(task, pieces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(range_fold, "__version__", "0.0.0")
        return run_on_executors(task, pieces)


def has_other_kinds(task, pieces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(range_fold, "KINDS", {})
        return run_on_executors(task, pieces)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (dies, "workers gave up"),
        (refuses, "Spark could not do its part: no master"),
        (is_stopped, "a process ended early, or was stopped"),
        (dies_half_way, "workers gave up"),
        (leaves_one_out, "some keys are in no range, or in several"),
        (sees_no_slice, "workers could not fold a range"),
        (sees_the_beginning_of_slices, "workers could not fold a range"),
        (sees_no_state, "workers could not fold a range"),
        (sees_no_fates, "workers could not fold a range"),
        (is_another_version, "workers have another version"),
        (has_other_kinds, "workers have another version of ctsync, or other kinds"),
    ],
)
def test_whatever_workers_do_the_sender_folds(world, run, words, caplog):
    world.bring(plans(world, "Free"))
    caplog.set_level("INFO", "ctsync")
    assert world.bring(plans(world, "Gold"), workers=workers(run)).error is None
    assert said(world) == dict.fromkeys(PEOPLE, "Gold")
    assert files(world) == ["ctsync-base-2.parquet"]
    assert words in caplog.text
    assert "so this machine folds by itself" in caplog.text
    assert "example.com" not in caplog.text


@pytest.mark.parametrize("is_known", [False, True])
def test_what_workers_wrote_in_vain_takes_no_room_of_what_is_written(
    world, monkeypatch, is_known
):
    """Else a disk that has room for a state would be full of what nobody names."""
    if is_known:
        world.bring(plans(world, "Free"))
    named, amend, found = files(world), ParquetStore.amend, []

    def noted(store, header, edits):
        found.extend(path.name for path in store.path.glob("*.parquet"))
        return amend(store, header, edits)

    monkeypatch.setattr(ParquetStore, "amend", noted)
    result = world.bring(plans(world, "Gold"), workers=workers(leaves_one_out))
    assert result.error is None
    assert found == named
    assert said(world) == dict.fromkeys(PEOPLE, "Gold")


def test_no_room_for_slices_is_no_reason_not_to_fold(world, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fold_elsewhere, "cut_journal", full)
    assert world.bring(plans(world, "Gold"), workers=workers(never)).error is None
    assert said(world) == dict.fromkeys(PEOPLE, "Gold")


def test_a_second_signal_leaves_the_journal_to_the_next_run(world):
    def stops(*_):
        raise Interrupted("stopped at once", signal_number=15)

    assert (
        world.bring(plans(world, "Gold"), workers=workers(stops)).error.exit_code == 143
    )
    assert world.store.journal() is not None
    recover(world.store)
    assert said(world) == dict.fromkeys(PEOPLE, "Gold")


def test_a_sender_killed_before_it_publishes_leaves_it_to_the_next_run(
    world, monkeypatch
):
    """All files of executors lie there then, and no manifest names them."""
    world.bring(plans(world, "Free"))

    def as_killed(task, pieces):
        done = run_on_executors(task, pieces)
        shutil.copytree(world.folder / "state", world.folder / "left")
        return done

    world.bring(plans(world, "Gold"), workers=workers(as_killed))
    left = open_store("left/", folder=world.folder)
    assert {e.attributes["plan"].value for e in left.read().entries()} == {"Free"}
    assert len([*left.path.glob("*.parquet")]) > 5
    write, found = _Writing.parquet_file, []

    def noted(writing, kind, tables):
        found.extend(path.name for path in left.path.glob("*.parquet"))
        return write(writing, kind, tables)

    monkeypatch.setattr(_Writing, "parquet_file", noted)
    assert recover(left).header == world.store.read().header
    assert found == ["ctsync-base-1.parquet"]  # the others take no room any more
    left.discard_journal()
    assert [path.name for path in left.path.glob("*.parquet")] == [
        "ctsync-base-2.parquet"
    ]


def kept(world):
    """How many profiles each run that is kept tells of, the last run first."""
    return [len([*run.changes()]) for run in world.store.runs()]


@pytest.mark.parametrize("run", [run_on_executors, leaves_one_out, dies])
def test_the_record_of_a_run_lies_there_before_the_state_that_comes_of_it(
    world, monkeypatch, run
):
    publish, found = _Writing.publish, []

    def noted(writing, manifest):
        found.append(kept(world))
        return publish(writing, manifest)

    monkeypatch.setattr(_Writing, "publish", noted)
    world.bring(plans(world, "Free"), workers=workers(run))
    world.bring(plans(world, "Gold"), workers=workers(run))
    assert found == [[9], [9, 9]]
    assert kept(world) == [9, 9]


def test_a_state_whose_record_cannot_be_kept_is_not_published(world, monkeypatch):
    world.bring(plans(world, "Free"))
    named = files(world)

    def full(*_, **__):
        raise StateError("no room", code="state_unwritable")

    with monkeypatch.context() as patch:
        patch.setattr(ParquetStore, "append_run", full)
        patch.setattr(ParquetStore, "amend", never)
        run = workers(run_on_executors)
        assert world.bring(plans(world, "Gold"), workers=run).error.message == "no room"
    assert world.store.journal() is not None
    assert [p.name for p in (world.folder / "state").glob("*.parquet")] == named
    recover(world.store)
    assert (said(world), kept(world)) == (dict.fromkeys(PEOPLE, "Gold"), [9, 9])


def test_a_second_signal_waits_for_no_record(world, monkeypatch):
    begun = Event()

    def endless(*found, **as_text):
        told = run_in(*found, **as_text)
        return RunRecord(told.record, lambda: (begun.set() or {} for _ in count()))

    def stops(*_):
        assert begun.wait(10)
        raise Interrupted("stopped at once", signal_number=15)

    with monkeypatch.context() as patch:
        patch.setattr("ctsync.apply.folding.history.run_in", endless)
        result = world.bring(plans(world, "Gold"), workers=workers(stops))
    assert (result.error.exit_code, kept(world)) == (143, [])
    recover(world.store)
    assert (said(world), kept(world)) == (dict.fromkeys(PEOPLE, "Gold"), [9])


def test_what_may_have_been_published_is_not_folded_twice(world, monkeypatch):
    def fails(*_):
        raise StateError("no answer", code="state_unwritable")

    monkeypatch.setattr(_Writing, "publish", fails)
    monkeypatch.setattr("ctsync.state.parquet_store.ParquetStore.amend", never)
    result = world.bring(plans(world, "Gold"), workers=workers(run_on_executors))
    assert result.error.message == "no answer"
    monkeypatch.undo()


def test_nothing_of_the_account_travels(world):
    seen = []

    def looked_at(task, pieces):
        scratch = Path(tempfile.gettempdir())
        seen.extend([pickle.dumps(task), *pieces])
        seen.extend(path.read_bytes() for path in scratch.glob("*/slice-*"))
        assert all(p.stat().st_mode & 0o077 == 0 for p in scratch.glob("**/*"))
        return run_on_executors(task, pieces)

    world.bring(plans(world, "Free"))
    assert world.bring(plans(world, "Gold"), workers=workers(looked_at)).error is None
    text = b"\n".join(seen)
    assert b"Gold" in text
    assert world.account.id.encode() not in text
    assert world.account.endpoint.encode() not in text
    lineage = world.store.read().header.lineage
    assert lineage.encode() not in text
