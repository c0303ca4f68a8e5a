"""Every command's exit code, and which one wins where several apply."""

import pytest
from silent_server import silenced

FREE = {"u1": {"Plan": "Free", "Points": 1}}
GOLD = {"u1": {"Plan": "Gold", "Points": 2}}


def _crowd(plan, *, count=12):
    return {f"u{n:02}": {"Plan": plan} for n in range(count)}


def test_a_plan_without_changes_is_0_even_when_detailed(desk):
    desk.begun(FREE)
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_changes_are_2_only_when_detailed(desk):
    desk.people(FREE)
    assert desk.run("plan").code == 0
    assert desk.run("plan", "--detailed-exitcode").code == 2


def test_a_blocked_plan_is_6_even_when_detailed(desk):
    desk.project("policy: {limits: {create: 0}}")
    desk.people(FREE)
    assert desk.run("plan").code == 6
    assert desk.run("plan", "--detailed-exitcode").code == 6


def test_errors_of_the_project_come_before_policy(desk):
    desk.project("policy: {limits: {create: 0}}")
    desk.people({"u1": {"phone": "+14155551234"}})
    assert desk.run("plan", "--detailed-exitcode").code == 1


def test_usage_comes_before_errors_of_the_project(desk):
    desk.people({"u1": {"phone": "+14155551234"}})
    assert desk.run("plan", "--accept", "nothing=1").code == 64
    assert desk.run("plan", "--env", "nowhere").code == 64


def test_a_state_of_another_account_is_1_for_plan_and_apply(desk):
    desk.begun(FREE)
    file = desk.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("TEST-1", "TEST-2"))
    assert desk.run("plan").code == 1
    assert desk.run("apply", "--auto-approve").code == 1


def test_a_shown_plan_is_0_though_it_is_blocked(desk):
    desk.project("policy: {limits: {create: 0}}")
    desk.people(FREE)
    assert desk.run("plan", "--out", "p.plan").code == 6
    shown = desk.json("show", "p.plan")
    assert shown["exit_code"] == 0
    assert [rule["rule"] for rule in shown["blocked"]] == ["limits.create"]


def test_validate_is_1_for_errors_and_for_warnings_only_when_strict(desk):
    desk.people({"Ann": {"Plan": "Free"}, "ann": {"Plan": "Free"}})
    assert desk.run("validate").code == 0
    assert desk.run("validate", "--strict").code == 1
    desk.people({"u1": {"phone": "+14155551234"}})
    assert desk.run("validate").code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["plam"],
        ["plan", "--nothing"],
        ["plan", "one", "two"],
        ["plan", "--format", "html5"],
        ["plan", "--target", "identity=nobody"],
        ["plan", "--target", "people=u1"],
        ["plan", "nowhere"],
        ["apply", "--auto-approve", "--accept", "all=1"],
        ["apply"],
        ["explain"],
        ["explain", "nobody"],
        ["import", "space"],
        ["schema", "state"],
        ["state", "forgot"],
        ["state", "show", "nobody"],
        ["state", "forget", "--auto-approve"],
        ["state", "doubt", "u1"],
        ["sandbox", "--fault", "none"],
    ],
    ids=" ".join,
)
def test_what_means_nothing_is_64_and_changes_nothing(desk, words):
    desk.begun(FREE)
    before = desk.files()
    ended = desk.run(*words)
    assert ended.code == 64
    assert ended.err.startswith("error: ")
    assert ended.out == ""
    assert desk.files() == before


def test_an_apply_that_is_acknowledged_is_0(desk):
    desk.people(FREE)
    assert desk.apply().code == 0


def test_a_rejected_profile_is_3(desk):
    desk.people(FREE)
    desk.sandbox.script("reject")
    assert desk.apply().code == 3


def test_an_unknown_outcome_is_3(desk):
    desk.begun(FREE)
    desk.people(GOLD)
    desk.sandbox.script("none", "lost")
    assert desk.apply().code == 3


@pytest.mark.parametrize("fault", ["unauthorised", "forbidden"])
def test_refused_credentials_are_1_on_the_first_call_and_3_later(desk, fault):
    desk.begun(FREE)
    desk.people(GOLD)
    desk.sandbox.script(fault)
    before = desk.state()
    assert desk.apply().code == 1
    assert desk.state() == before
    desk.sandbox.script("none", fault)
    ended = desk.json("apply", "--auto-approve")
    assert ended["exit_code"] == 3
    assert ended["stopped"] == "unauthorised"


def test_a_server_that_is_not_there_is_1_and_leaves_the_state(desk):
    desk.begun(FREE)
    before = desk.state()
    desk.people(GOLD)
    with silenced(desk.sandbox):
        ended = desk.json("apply", "--auto-approve")
    assert ended["exit_code"] == 1
    assert ended["error"]["code"] == "unreachable"
    assert desk.state() == before


def test_an_unreadable_plan_comes_before_a_broken_project(desk):
    desk.people(FREE)
    desk.ok("plan", "--out", "p.plan")
    plan = desk.folder / "p.plan"
    plan.write_bytes(plan.read_bytes().replace(b"Free", b"Fred"))
    desk.write("ctsync.yaml", "version: 2\n")
    assert desk.run("apply", "p.plan", "--auto-approve").code == 4
    assert desk.run("apply", "no.plan", "--auto-approve").code == 4


def test_a_locked_state_comes_before_a_stale_plan(desk, other_run):
    desk.begun(FREE)
    desk.people(GOLD)
    desk.ok("plan", "--out", "p.plan")
    assert desk.apply().code == 0
    with other_run():
        assert desk.run("apply", "p.plan", "--auto-approve").code == 5
    assert desk.run("apply", "p.plan", "--auto-approve").code == 4


def test_a_stale_plan_comes_before_policy(desk):
    desk.begun(_crowd("Free"))
    desk.people(_crowd("Gold"))
    assert desk.run("plan", "--out", "p.plan").code == 6
    desk.people({"u99": {"Plan": "Free"}, **_crowd("Free")})
    assert desk.apply().code == 0
    assert desk.run("apply", "p.plan", "--auto-approve").code == 4


def test_a_stale_plan_is_4_though_todays_files_are_broken(desk):
    desk.begun(FREE)
    desk.people(GOLD)
    desk.ok("plan", "--out", "p.plan", "--target", "identity=u1")
    desk.people({"u2": {"Plan": "Free"}, **FREE})
    assert desk.apply().code == 0
    desk.people({"u1": {"phone": "+14155551234"}})
    assert desk.run("apply", "p.plan", "--auto-approve").code == 4


def test_a_first_run_is_judged_last(desk, other_run):
    desk.people({"u1": {"phone": "+14155551234"}})
    assert desk.run("apply", "--auto-approve").code == 1
    desk.people(FREE)
    wrong = f"sha256:{'0' * 64}"
    assert desk.run("apply", "--expect-digest", wrong).code == 4
    with other_run():
        assert desk.run("apply", "--auto-approve").code == 5
    assert desk.run("apply", "--auto-approve").code == 6
