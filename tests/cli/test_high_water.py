"""A state that went back is noticed before a counter moves."""

import json
import stat

import pytest


@pytest.fixture
def marked(desk, monkeypatch, tmp_path):
    """A project that was applied twice, a mark apart, and the first state kept."""
    monkeypatch.setenv("CTSYNC_HIGH_WATER", str(tmp_path / "mark.json"))
    desk.begun({"u1": {"Points": 1}})
    (desk.folder / "earlier").write_bytes(desk.state())
    desk.people({"u1": {"Points": 5}})
    assert desk.apply().code == 0
    return desk


def restore(desk):
    (desk.folder / "state.jsonl").write_bytes((desk.folder / "earlier").read_bytes())


def test_the_mark_follows_the_state_and_is_private(marked, tmp_path):
    mark = tmp_path / "mark.json"
    header = json.loads(marked.state().splitlines()[0])
    names = ("lineage", "serial", "digest")
    assert json.loads(mark.read_text()) == {name: header[name] for name in names}
    assert stat.S_IMODE(mark.stat().st_mode) == 0o600
    marked.ok("state", "doubt", "u1", "--auto-approve")
    assert json.loads(mark.read_text())["serial"] == 3
    assert marked.apply().code == 0


def test_a_restored_state_moves_no_counter(marked):
    restore(marked)
    calls = marked.calls
    ended = marked.json("apply", "--auto-approve")
    assert ended["error"]["code"] == "state_went_back"
    assert (ended["exit_code"], marked.calls) == (1, calls)
    assert marked.run("state", "forget", "u1", "--auto-approve").code == 1


def test_a_state_that_is_lost_is_no_first_run(marked):
    (marked.folder / "state.jsonl").unlink()
    assert marked.run("apply", "--auto-approve", "--first-run").code == 1
    marked.ok("import", "spec", "--auto-approve")
    assert marked.apply().code == 0
    assert marked.platform("u1")["Points"] == 5


def test_a_restored_state_that_is_doubted_goes_on_without_counting(marked):
    restore(marked)
    marked.ok("state", "doubt", "--all", "--auto-approve")
    assert json.loads(marked.state().splitlines()[0])["serial"] == 3
    assert marked.apply().code == 0
    assert marked.platform("u1")["Points"] == 5


def test_another_truth_of_the_same_serial_is_refused(marked):
    text = marked.state()
    restore(marked)
    del_mark = marked.folder.parent / "mark.json"
    mark = del_mark.read_text()
    del_mark.unlink()
    marked.people({"u1": {"Points": 9}})
    assert marked.apply().code == 0
    del_mark.write_text(mark)
    assert marked.state() != text
    assert marked.run("apply", "--auto-approve").code == 1


def test_reading_and_the_sandbox_know_no_mark(marked):
    restore(marked)
    marked.ok("plan")
    marked.ok("state", "list")
    marked.ok("apply", "--sandbox", "--auto-approve")


def test_a_mark_that_cannot_be_read_or_named_is_an_error(marked, monkeypatch, tmp_path):
    (tmp_path / "mark.json").write_text("nonsense")
    assert marked.run("apply", "--auto-approve").code == 1
    monkeypatch.setenv("CTSYNC_HIGH_WATER", "https://example.com/mark")
    assert marked.run("apply", "--auto-approve").code == 64


def test_doctor_tells_of_the_mark(marked, monkeypatch):
    def found():
        checks = marked.json("doctor", "--offline")["checks"]
        return next(each for each in checks if each["check"] == "high_water")

    assert found()["status"] == "ok"
    restore(marked)
    assert found()["status"] == "error"
    monkeypatch.delenv("CTSYNC_HIGH_WATER")
    assert found()["status"] == "skipped"
    assert "CTSYNC_HIGH_WATER" in found()["hint"]
