"""A journal that is cut between two lines never has a counter raised twice."""

import pytest

from ctsync.errors import StateError
from ctsync.state.journal_lines import checksum_of
from ctsync.state.journal_mark import JournalMark
from ctsync.state.jsonl_store import JsonlStore


@pytest.fixture
def cut_off(desk, monkeypatch):
    """A run that raised a counter in two calls, and could not fold its journal."""
    desk.project("upload: {records_per_call: 1}")
    desk.begun({"u1": {"Points": 5}, "u2": {"Points": 50}})
    desk.people({"u1": {"Points": 9}, "u2": {"Points": 60}})

    def fail(*_):
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(JsonlStore, "amend", fail)
        assert desk.apply().code != 0
    assert (points(desk, "u1"), points(desk, "u2")) == (9, 60)
    return desk


def points(desk, identity):
    return desk.platform(identity)["Points"]


def put_back(desk, files):
    for name in ("state.jsonl", "state.jsonl.journal", "state.jsonl.sent"):
        path = desk.folder / name
        path.unlink(missing_ok=True)
        if name in files:
            path.write_bytes(files[name])
    for identity, number in (("u1", 9), ("u2", 60)):
        desk.sandbox.platform.edit("identity", identity, {"Points": number})


def killed(files):
    """Give the files of a run that was killed once its last call was answered."""
    lines = files["state.jsonl.journal"].splitlines(keepends=True)
    assert b'"end"' in lines.pop()
    last = max(n for n, line in enumerate(lines) if b'"intent"' in line)
    noted = JournalMark(checksum_of(lines[0]), len(b"".join(lines[: last + 1])))
    journal = b"".join(lines)
    marks = {"state.jsonl.journal": journal, "state.jsonl.sent": noted.as_line()}
    return {**files, **marks}, last


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "killed"])
def test_wherever_a_journal_is_cut_a_counter_is_raised_once(cut_off, ended):
    """What stood there when a call left is missed; lost answers are made up for."""
    desk, files, last = cut_off, cut_off.files(), -1
    if not ended:
        files, last = killed(files)
    lines = files["state.jsonl.journal"].splitlines(keepends=True)
    for count in range(len(lines)):
        cut = {**files, "state.jsonl.journal": b"".join(lines[:count])}
        put_back(desk, cut)
        calls, done = desk.calls, desk.apply()
        if ended or count <= last:
            assert (done.code, desk.calls) == (1, calls)
            assert "state doubt --all" in done.err
        else:
            assert done.code == 0, done.said
        assert (points(desk, "u1"), points(desk, "u2")) == (9, 60), count


def test_what_was_refused_goes_on_after_a_doubt(cut_off):
    desk = cut_off
    (desk.folder / "state.jsonl.journal").unlink()
    for words in (["plan"], ["state", "list"], ["apply", "--auto-approve"]):
        ended = desk.run(*words)
        assert (ended.code, "is gone" in ended.err) == (1, True)
    desk.ok("state", "doubt", "--all", "--auto-approve")
    assert not (desk.folder / "state.jsonl.sent").exists()
    operators = {
        operation["operator"]
        for change in desk.plan()["changes"]
        for operation in change["operations"]
    }
    assert operators == {"set"}
    assert desk.apply().code == 0
    assert (points(desk, "u1"), points(desk, "u2")) == (9, 60)


def test_a_first_run_whose_journal_is_gone_goes_on_after_a_doubt(desk, monkeypatch):
    def fail(*_):
        raise StateError("the disk is full")

    desk.people({"u1": {"Points": 5}})
    with monkeypatch.context() as patch:
        patch.setattr(JsonlStore, "amend", fail)
        patch.setattr(JsonlStore, "replace", fail)
        assert desk.apply().code != 0
    (desk.folder / "state.jsonl.journal").unlink()
    assert desk.run("plan").code == 1
    desk.ok("state", "doubt", "--all", "--auto-approve")
    assert desk.apply().code == 0
    assert points(desk, "u1") == 5
