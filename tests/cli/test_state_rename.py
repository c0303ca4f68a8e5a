"""A profile whose id changed at its source keeps what is known of it."""

import json

import pytest


@pytest.fixture
def renamed(desk):
    """u1 is known; its source calls it v1 now, with five points more."""
    desk.begun({"u1": {"Plan": "Free", "Points": 10, "Tags": ["a"]}})
    desk.people({"v1": {"Plan": "Free", "Points": 15, "Tags": ["a"]}})
    return desk


def _serial(desk):
    return json.loads(desk.state().splitlines()[0])["serial"]


def test_the_new_key_is_compared_with_what_was_known_of_the_old(renamed):
    calls = renamed.calls
    renamed.ok("state", "rename", "u1", "v1", "--auto-approve")
    (change,) = renamed.plan()["changes"]
    assert (change["key"], change["action"]) == ({"identity": "v1"}, "update")
    (operation,) = change["operations"]
    assert (operation["operator"], operation["operand"]) == ("$incr", 5)
    assert (_serial(renamed), renamed.calls) == (2, calls)


def test_a_key_may_change_its_type(renamed):
    renamed.ok("state", "rename", "u1", "objectId=abc", "--auto-approve")
    (entry,) = renamed.json("state", "list")["entries"]
    assert entry["key"] == {"objectId": "abc"}
    renamed.ok("state", "rename", "objectId=abc", "u1", "--auto-approve")
    assert renamed.run("state", "show", "u1").code == 0


def test_it_asks_and_can_be_tried(renamed):
    before = renamed.files()
    words = ("state", "rename", "u1", "v1")
    assert renamed.run(*words).code == 64
    assert renamed.answer("no", *words).code == 1
    tried = renamed.json(*words, "--dry-run")
    assert (tried["written"], tried["profiles"], tried["serial"]) == (False, 1, 1)
    assert renamed.files() == before
    assert "rename profile u1 to v1" in renamed.answer("yes", *words).said


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("nobody", "v1", "does not know nobody"),
        ("u1", "u1", "two keys"),
        ("u1", "", "two keys"),
        ("u1", "u9", "knows u9 already"),
    ],
)
def test_what_cannot_be_renamed_is_usage(desk, before, after, why):
    desk.begun({"u1": {"Plan": "Free"}, "u9": {"Plan": "Free"}})
    files = desk.files()
    ended = desk.run("state", "rename", before, after, "--auto-approve")
    assert (ended.code, desk.files()) == (64, files)
    assert why in ended.err


def test_no_key_is_shown_that_an_output_hides(desk):
    desk.begun({"ann@example.com": {"Plan": "Free"}})
    ended = desk.ok(
        "state", "rename", "ann@example.com", "+4915155555555", "--auto-approve"
    )
    assert "ann@" not in ended.said
    assert "+49" not in ended.said


def test_a_state_that_another_run_holds_is_not_renamed_in(renamed, other_run):
    with other_run():
        assert renamed.run("state", "rename", "u1", "v1", "--auto-approve").code == 5
    assert _serial(renamed) == 1


def test_a_state_of_another_account_is_not_renamed_in(renamed):
    file = renamed.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("TEST-1", "TEST-2"))
    ended = renamed.run("state", "rename", "u1", "v1", "--auto-approve")
    assert (ended.code, _serial(renamed)) == (1, 1)


def test_a_plan_left_open_does_not_go_on_over_it(desk):
    desk.people({"u1": {"Plan": "Gold"}, "u2": {"Plan": "Gold"}})
    desk.run("plan", "--out", "p.plan")
    desk.sandbox.script(*["lost"] * 9)
    assert desk.run("apply", "p.plan", "--auto-approve", "--first-run").code == 3
    desk.ok("state", "rename", "u1", "v1", "--auto-approve")
    assert desk.run("apply", "p.plan", "--auto-approve").code == 4
