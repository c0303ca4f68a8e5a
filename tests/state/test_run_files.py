"""Records of runs in a folder, and what happens to them."""

import pytest

from ctsync.errors import StateError
from ctsync.state import open_store


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


def test_what_a_killed_write_left_is_replaced(store, file):
    (file.parent / "00000002.jsonl.gz.tmp").write_bytes(b"half")
    store.append_run({"run": "r2"}, keep=9)
    assert [run.record["run"] for run in store.runs()] == ["r2", "r1"]
    assert len(list(file.parent.iterdir())) == 2
