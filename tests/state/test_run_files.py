"""Records of runs in a folder, and what happens to them."""

import gzip

import pytest

from ctsync.errors import StateError
from ctsync.state import open_store, run_files


@pytest.fixture
def store(tmp_path):
    made = open_store("state.jsonl", folder=tmp_path)
    made.append_run({"run": "r1"}, [{"n": number} for number in range(50)], keep=9)
    return made


@pytest.fixture
def file(store, tmp_path):
    (path,) = (tmp_path / "state.jsonl.runs").iterdir()
    return path


def test_a_record_that_is_cut_anywhere_is_named(store, file):
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(StateError) as caught:
            [list(run.changes()) for run in store.runs()]
        assert caught.value.code == "history_damaged"
        assert file.name in caught.value.message


def test_a_damaged_record_does_not_keep_the_next_from_being_written(store, file):
    file.write_bytes(b"torn")
    store.append_run({"run": "r2"}, keep=1)
    assert [run.record for run in store.runs()] == [{"run": "r2"}]


def test_the_last_runs_are_kept_and_the_same_run_stands_once(store, file):
    assert file.name == "00000001.jsonl.gz"
    for run in ("r2", "r3", "r3"):
        store.append_run({"run": run}, [{"n": run}], keep=2)
    assert [run.record["run"] for run in store.runs()] == ["r3", "r2"]
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["00000002.jsonl.gz", "00000003.jsonl.gz"]


def test_who_keeps_no_runs_writes_none_and_drops_the_others(store, file, tmp_path):
    store.append_run({"run": "r2"}, keep=0)
    assert list(store.runs()) == []
    assert not file.exists()
    fresh = open_store("fresh.jsonl", folder=tmp_path)
    fresh.append_run({"run": "r1"}, keep=0)
    assert not (tmp_path / "fresh.jsonl.runs").exists()


def test_a_run_that_somebody_removed_meanwhile_is_no_trouble(store, file, monkeypatch):
    listed = run_files._files(file.parent)
    monkeypatch.setattr(run_files, "_files", lambda _: listed)
    file.unlink()
    store.append_run({"run": "r2"}, keep=0)
    assert list(file.parent.iterdir()) == []


def test_records_of_runs_are_for_their_owner_alone(store, file):
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_no_record_of_a_run_is_damage(store, file):
    for line in (b"[]\n", b"{}\n", b'"run"\n'):
        file.write_bytes(gzip.compress(line))
        with pytest.raises(StateError) as caught:
            list(store.runs())
        assert caught.value.code == "history_damaged"


def test_what_a_killed_write_left_is_replaced(store, file):
    (file.parent / "00000002.jsonl.gz.tmp").write_bytes(b"half")
    store.append_run({"run": "r2"}, keep=9)
    assert [run.record["run"] for run in store.runs()] == ["r2", "r1"]
    assert len(list(file.parent.iterdir())) == 2


@pytest.mark.parametrize("at_once", [1, 12, 13, 14, 30, 1000])
def test_a_run_comes_back_however_much_of_it_is_packed_at_once(
    store, monkeypatch, at_once
):
    monkeypatch.setattr(run_files, "_AT_ONCE", at_once)  # the record has 13 bytes
    for changes in ([], [{"n": number} for number in range(9)]):
        store.append_run({"run": "r2"}, changes, keep=1)
        (run,) = store.runs()
        assert (run.record, list(run.changes())) == ({"run": "r2"}, changes)
