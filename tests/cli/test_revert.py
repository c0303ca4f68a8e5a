"""Undoing a run: its inverse is a plan like any other, and says what it cannot undo."""

import pytest

BEFORE = {
    "u1": {"Plan": "Free", "Points": 10, "Tags": ["a", "b"], "Name": "Ann"},
    "u2": {"Plan": "Free", "Tags": {"include": ["x"]}, "MSG-email": True},
}
AFTER = {
    "u1": {"Plan": "Gold", "Points": 17, "Tags": ["b", "c"], "Name": None},
    "u2": {"Plan": "Free", "Tags": {"include": ["x", "y"]}, "MSG-email": False},
}


@pytest.fixture
def right(desk):
    """A project before its last run was a mistake."""
    return begin(desk)


@pytest.fixture
def housed_right(housed):
    """The same, with the state in each home there is."""
    return begin(housed)


def begin(desk):
    desk.project("policy: {limits: {opt_in: 9}}")
    desk.begun(BEFORE)
    return desk


@pytest.fixture
def wrong(right):
    """A project of which the last run was a mistake."""
    right.people(AFTER)
    assert right.apply().code == 0
    return right


def operations(plan):
    return {
        (change["key"]["identity"], op["attribute"]): (op["operator"], op["operand"])
        for change in plan["changes"]
        for op in change["operations"]
    }


def stays(plan):
    return {
        (d["key"]["identity"], d["attribute"]): d["message"]
        for d in plan["diagnostics"]
        if d["code"] == "CT408"
    }


def platform(desk):
    """What the platform holds; the order of a list means nothing."""
    return {
        name: {
            key: sorted(value) if isinstance(value, list) else value
            for key, value in desk.platform(name).items()
        }
        for name in BEFORE
    }


def attributes(desk):
    return {
        entry["key"]["identity"]: {
            known["attribute"]: known["value"] if known["kind"] != "list" else
            (known["present"], known["ours"])
            for known in desk.json("state", "show", entry["key"]["identity"])["entry"][
                "attributes"]
        }
        for entry in desk.json("state", "list")["entries"]
    }  # fmt: skip


def test_a_revert_brings_platform_and_state_back_but_for_what_it_lists(housed_right):
    right = housed_right
    held, known = platform(right), attributes(right)
    right.people(AFTER)
    assert right.apply().code == 0
    plan = right.plan("--revert", "last", "--out", "back.plan")
    assert plan["exit_code"] == 0
    assert stays(plan).keys() == {("u2", "MSG-email")}
    right.ok("apply", "back.plan", "--auto-approve")
    known["u2"]["MSG-email"] = False
    assert attributes(right) == known
    assert platform(right) == held


def test_operators_are_swapped_deltas_negated_and_values_set_back(wrong):
    plan = wrong.plan("--revert", "last")
    found = operations(plan)
    assert found["u1", "Plan"] == ("set", "Free")
    assert found["u1", "Points"] == ("$decr", 7)
    assert found["u1", "Name"] == ("set", {"masked": True})
    assert found["u2", "Tags"] == ("$remove", ["y"])
    assert ("u2", "MSG-email") not in found
    assert "opt in" in stays(plan)["u2", "MSG-email"]
    assert plan["revert"] == wrong.json("state", "history")["runs"][0]["run"]
    text = wrong.ok("plan", "--revert", "last").out
    assert f"REVERT of run {plan['revert']}" in text


def test_what_changed_since_stays(wrong):
    run = wrong.json("state", "history")["runs"][0]["run"]
    wrong.people({**AFTER, "u1": {**AFTER["u1"], "Plan": "Silver"}})
    assert wrong.apply().code == 0
    plan = wrong.plan("--revert", run[:8])
    assert "changed since" in stays(plan)["u1", "Plan"]
    assert ("u1", "Plan") not in operations(plan)
    assert operations(plan)["u1", "Points"] == ("$decr", 7)


def test_created_profiles_stay(right):
    right.people({**BEFORE, "u3": {"Plan": "Gold"}})
    assert right.apply().code == 0
    plan = right.plan("--revert", "last")
    assert plan["changes"] == []
    assert stays(plan)["u3", None].startswith("the profile is not set back: ")
    assert "created" in stays(plan)["u3", None]
    assert (
        plan["summary"]["profiles"]["entries"],
        plan["summary"]["profiles"]["unchanged"],
    ) == (3, 3)


def test_a_revert_that_undoes_nothing_says_so(right):
    right.people({**BEFORE, "u3": {"Plan": "Gold"}})
    assert right.apply().code == 0
    for form in ("text", "github", "html"):
        said = right.ok("plan", "--revert", "last", "--format", form).out
        assert "Nothing of that run is left that can be undone" in said
        assert "as declared" not in said


def test_a_revert_reads_no_platform(wrong):
    calls = wrong.calls
    ended = wrong.run("plan", "--revert", "last", "--refresh")
    assert ended.code == 64
    assert "ctsync refresh" in ended.err
    assert wrong.calls == calls


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_a_revert_that_was_cut_off_goes_on_where_it_stopped(housed_right, fault):
    right = housed_right
    held = platform(right)
    right.people(AFTER)
    assert right.apply().code == 0
    right.ok("plan", "--revert", "last", "--out", "back.plan")
    right.sandbox.script("none", *[fault] * 12)
    ended = right.json("apply", "back.plan", "--auto-approve")
    assert ended["exit_code"] == 3
    right.sandbox._queue._script.clear()
    right.ok("apply", "back.plan", "--auto-approve")
    assert right.run("apply", "back.plan", "--auto-approve").code == 4
    assert platform(right) == held


def test_a_revert_passes_policy_like_any_plan(wrong):
    wrong.project("policy: {limits: {update: 1}}")
    plan = wrong.plan("--revert", "last", "--out", "back.plan")
    assert plan["exit_code"] == 6
    assert wrong.run("apply", "back.plan", "--auto-approve").code == 6
    accepted = wrong.plan("--revert", "last", "--accept", "update=2")
    assert accepted["exit_code"] == 0


def test_a_revert_is_approved_by_its_digest_and_applied_once(wrong):
    plan = wrong.plan("--revert", "last", "--out", "back.plan")
    other = f"sha256:{'0' * 64}"
    assert wrong.run("apply", "back.plan", "--expect-digest", other).code == 4
    wrong.ok("apply", "back.plan", "--expect-digest", plan["digest"])
    assert wrong.run("apply", "back.plan", "--auto-approve").code == 4
    assert wrong.platform("u1")["Points"] == 10


def test_a_part_of_a_run_can_be_reverted(wrong):
    plan = wrong.plan("--revert", "last", "--target", "attribute=Points")
    assert operations(plan) == {("u1", "Points"): ("$decr", 7)}
    assert plan["partial"] == {"shown": 1, "of": 2}
    assert (
        plan["summary"]["profiles"]["entries"],
        plan["summary"]["profiles"]["unchanged"],
    ) == (2, 1)
    assert wrong.run("plan", "--revert", "last", "--target", "identity=u9").code == 64


def test_a_revert_of_a_revert_does_it_again(wrong):
    wrong.ok("plan", "--revert", "last", "--out", "back.plan")
    wrong.ok("apply", "back.plan", "--auto-approve")
    wrong.ok("plan", "--revert", "last", "--out", "again.plan")
    wrong.ok("apply", "again.plan", "--auto-approve")
    assert wrong.platform("u1")["Points"] == 17
    assert wrong.platform("u1")["Plan"] == "Gold"


def test_a_locked_value_blocks_a_revert(wrong):
    wrong.write("more.yaml", "catalog: {Plan: {type: string, write: locked}}")
    plan = wrong.plan("--revert", "last")
    assert "locked" in {rule["rule"] for rule in plan["blocked"]}


def test_what_is_written_once_stays(wrong):
    wrong.write("more.yaml", "catalog: {Plan: {type: string, write: once}}")
    plan = wrong.plan("--revert", "last")
    assert "once" in stays(plan)["u1", "Plan"]


@pytest.mark.parametrize("word", ["nothing", ""])
def test_a_run_that_is_not_kept_cannot_be_reverted(wrong, word):
    assert wrong.run("plan", "--revert", word).code == 64


def test_a_run_of_another_state_cannot_be_reverted(wrong):
    (wrong.folder / "state.jsonl").rename(wrong.folder / "former.jsonl")
    wrong.ok("import", "spec", "--auto-approve")
    ended = wrong.run("plan", "--revert", "last")
    assert ended.code == 64
    assert "another state" in ended.err


def test_the_spec_still_wants_what_the_run_did(wrong):
    """Whoever reverts a run reverts its commit too."""
    wrong.ok("plan", "--revert", "last", "--out", "back.plan")
    wrong.ok("apply", "back.plan", "--auto-approve")
    assert operations(wrong.plan())["u1", "Plan"] == ("set", "Gold")
    wrong.people({**BEFORE, "u2": {**BEFORE["u2"], "MSG-email": False}})
    assert wrong.plan()["changes"] == []


def test_the_outcome_of_an_unknown_run_can_be_undone(right):
    right.people({**BEFORE, "u1": {**BEFORE["u1"], "Plan": "Gold"}})
    right.sandbox.script(*["lost"] * 9)
    assert right.apply().code == 3
    plan = right.plan("--revert", "last", "--out", "back.plan")
    assert operations(plan) == {("u1", "Plan"): ("set", "Free")}
    right.sandbox.script("none")
    right.ok("apply", "back.plan", "--auto-approve")
    assert right.platform("u1")["Plan"] == "Free"
