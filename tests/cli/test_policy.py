"""What a plan may do is limited; only what was meant is lifted."""

import pytest


def _crowd(count, **attributes):
    return {f"u{n:02}": {"Plan": "Free", **attributes} for n in range(count)}


def _blocked(plan):
    return [(rule["rule"], rule["actual"], rule["accept"]) for rule in plan["blocked"]]


def test_a_blocked_plan_is_shown_and_saved_and_cannot_be_applied(desk):
    desk.project("policy: {limits: {create: 2}}")
    desk.people(_crowd(3))
    plan = desk.json("plan", "--out", "p.plan")
    assert plan["exit_code"] == 6
    assert plan["blocked"] == [
        {
            "rule": "limits.create",
            "limit": "2",
            "actual": 3,
            "accept": "--accept create=3",
        }
    ]
    assert len(plan["changes"]) == 3
    text = desk.run("show", "p.plan").out
    assert "BLOCKED" in text
    assert "--accept create=3" in text
    for words in (["p.plan"], []):
        ended = desk.json("apply", *words, "--auto-approve", "--first-run")
        assert ended["exit_code"] == 6
        assert "--accept create=3" in ended["error"]["message"]
    digest = plan["digest"]
    ended = desk.run("apply", "p.plan", "--expect-digest", digest, "--first-run")
    assert ended.code == 6
    assert desk.calls == 0


def test_a_blocked_plan_stays_blocked_though_the_limits_were_raised(desk):
    desk.project("policy: {limits: {create: 2}}")
    desk.people(_crowd(3))
    desk.run("plan", "--out", "p.plan")
    desk.project()
    assert desk.run("apply", "p.plan", "--auto-approve", "--first-run").code == 6


def test_accepting_sets_that_limit_and_lifts_no_other(desk):
    desk.project("policy: {limits: {create: 2}}")
    desk.people(_crowd(3, **{"MSG-email": True}))
    assert _blocked(desk.plan()) == [
        ("limits.create", 3, "--accept create=3"),
        ("limits.opt_in", 3, "--accept opt_in=3"),
    ]
    assert _blocked(desk.plan("--accept", "create=3")) == [
        ("limits.opt_in", 3, "--accept opt_in=3")
    ]
    assert _blocked(desk.plan("--accept", "create=2", "--accept", "opt_in=3")) == [
        ("limits.create", 3, "--accept create=3")
    ]
    plan = desk.plan("--accept", "create=3", "--accept", "opt_in=3")
    assert plan["blocked"] == []
    assert plan["accepted"] == {"create": 3, "opt_in": 3}


def test_what_a_plan_accepted_holds_when_it_is_applied(desk):
    desk.project("policy: {limits: {create: 2}}")
    desk.people(_crowd(3, **{"MSG-email": True}))
    accept = ["--accept", "create=3", "--accept", "opt_in=3"]
    desk.ok("plan", *accept, "--out", "p.plan")
    desk.project("policy: {limits: {create: 1}}")
    desk.ok("apply", "p.plan", "--auto-approve", "--first-run")


def test_accepting_goes_with_planning_not_with_a_saved_plan(desk):
    desk.people(_crowd(3))
    desk.ok("plan", "--out", "p.plan")
    for option in (["--accept", "create=3"], ["--target", "identity=u01"]):
        ended = desk.run("apply", "p.plan", "--auto-approve", "--first-run", *option)
        assert ended.code == 64
    ended = desk.run("apply", "--auto-approve", "--first-run", "--accept", "create=3")
    assert ended.code == 0


@pytest.mark.parametrize("word", ["create", "create=", "create=-1", "create=3%", "x=1"])
def test_an_accept_without_a_number_is_usage(desk, word):
    desk.people(_crowd(3))
    assert desk.run("plan", "--accept", word).code == 64


def test_apply_judges_by_the_limits_of_today(desk):
    desk.begun(_crowd(3))
    desk.people(_crowd(3, Points=1))
    desk.ok("plan", "--out", "p.plan")
    desk.project("policy: {limits: {update: 2}}")
    calls = desk.calls
    ended = desk.json("apply", "p.plan", "--auto-approve")
    assert ended["exit_code"] == 6
    assert "limits.update is 2" in ended["error"]["message"]
    assert desk.calls == calls


@pytest.mark.parametrize(("changed", "code"), [(3, 0), (4, 6)])
def test_a_percentage_blocks_above_its_share_of_the_entries(desk, changed, code):
    desk.begun(_crowd(10))
    edits = {f"u{n:02}": {"Plan": "Gold"} for n in range(changed)}
    desk.people({**_crowd(10), **edits})
    assert desk.run("plan").code == code


def test_a_percentage_says_nothing_below_ten_entries(desk):
    desk.begun(_crowd(9))
    desk.people(_crowd(9, Points=1))
    assert desk.run("plan").code == 0


def test_removals_and_opt_ins_are_counted_by_profile(desk):
    desk.begun(_crowd(12, Name="Ann", Gender="F", Tags=["a"]))
    lost = {"Plan": "Free", "Name": None, "Gender": None, "Tags": []}
    desk.people({**_crowd(12, Name="Ann", Gender="F", Tags=["a"]), "u00": lost})
    plan = desk.plan()
    assert plan["summary"]["profiles"]["remove"] == 1
    assert _blocked(plan) == [("limits.remove", 1, "--accept remove=1")]


def test_repeating_an_opt_in_that_was_acknowledged_is_none(desk):
    desk.people(_crowd(2, **{"MSG-sms": True}))
    accept = ["--accept", "opt_in=2"]
    desk.ok("apply", "--auto-approve", "--first-run", *accept)
    desk.people(_crowd(2, Points=1, **{"MSG-sms": True}))
    plan = desk.plan()
    assert plan["blocked"] == []
    assert plan["summary"]["opt_in"] == 0


def test_a_locked_value_blocks_and_nothing_accepts_it(desk):
    desk.write("catalog.yaml", "catalog: {Code: {type: string, write: locked}}")
    desk.begun({"u1": {"Code": "A"}})
    desk.people({"u1": {"Code": "B"}})
    plan = desk.plan()
    assert plan["exit_code"] == 6
    assert [rule["rule"] for rule in plan["blocked"]] == ["locked"]
    assert plan["blocked"][0]["accept"] is None


def test_too_many_rejections_stop_an_apply(desk):
    desk.project("""\
        upload: {records_per_call: 1, concurrency: 1}
        policy: {limits: {reject: 1, create: 100}}
        """)
    desk.people(_crowd(6))
    desk.sandbox.script("reject", "reject")
    ended = desk.json("apply", "--auto-approve", "--first-run")
    assert ended["exit_code"] == 3
    assert ended["stopped"] == "reject_limit"
    assert ended["counts"]["rejected"] == 2
    assert ended["counts"]["not_sent"] >= 1


EDITS = {
    "create": lambda crowd: {**crowd, "n1": {"Plan": "Free"}, "n2": {"Plan": "Free"}},
    "update": lambda crowd: {**crowd, "u00": {"Plan": "A"}, "u01": {"Plan": "B"}},
    "remove": lambda crowd: {
        **crowd,
        "u00": {**crowd["u00"], "Gender": None},
        "u01": {**crowd["u01"], "Gender": None},
    },
    "opt_in": lambda crowd: {
        **crowd,
        "u00": {**crowd["u00"], "MSG-sms": True},
        "u01": {**crowd["u01"], "MSG-dndEmail": False},
    },
}
LIMITS = [
    *((name, "2", False) for name in EDITS),
    *((name, "1", True) for name in EDITS),
    *((name, "10%", False) for name in EDITS),  # 2 of 20
    *((name, "9%", True) for name in EDITS),
]


@pytest.mark.parametrize(("name", "limit", "blocks"), LIMITS)
def test_every_limit_holds_by_number_and_percent_and_accepts_enough(
    desk, name, limit, blocks
):
    crowd = _crowd(20, Gender="F")
    desk.begun(crowd)
    limits = {"update": 50, "remove": 50, "opt_in": 50, name: limit}
    told = ", ".join(f"{key}: {value}" for key, value in limits.items())
    desk.project(f"policy: {{limits: {{{told}}}}}")
    desk.people(EDITS[name](crowd))
    plan = desk.plan()
    accept = f"--accept {name}=2"
    wanted = [(f"limits.{name}", 2, accept)] if blocks else []
    assert _blocked(plan) == wanted
    assert plan["exit_code"] == (6 if blocks else 0)
    assert _blocked(desk.plan("--accept", f"{name}=1")) == [
        (f"limits.{name}", 2, accept)
    ], "one too few is not enough"
    assert _blocked(desk.plan("--accept", f"{name}=2")) == []


@pytest.fixture
def blocked(desk):
    desk.project("policy: {limits: {create: 2}}")
    desk.people(_crowd(3))
    assert desk.run("plan").code == 6
    return desk


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_blocked_plan_shows_the_line_that_lets_it_pass_by_review(blocked, form):
    said = blocked.run("plan", "--format", form).out
    assert "policy: {accept: {create: 3}}" in said


def test_a_reviewed_exception_lets_just_that_plan_pass(blocked):
    blocked.project("policy: {limits: {create: 2}, accept: {create: 3}}")
    plan = blocked.plan("--out", "p.plan")
    assert (plan["exit_code"], plan["blocked"], plan["accepted"]) == (0, [], {})
    assert plan["diagnostic_totals"] == {"CT406": 1}
    blocked.people(_crowd(4))
    grown = blocked.plan()
    assert (grown["exit_code"], grown["diagnostic_totals"]) == (6, {"CT407": 1})
    blocked.people(_crowd(3))
    assert blocked.ok("apply", "p.plan", "--auto-approve", "--first-run")
    after = blocked.plan()
    assert (after["exit_code"], after["diagnostic_totals"]) == (0, {"CT407": 1})


def test_an_exception_that_was_taken_back_holds_for_no_saved_plan(blocked):
    blocked.project("policy: {limits: {create: 2}, accept: {create: 3}}")
    blocked.ok("plan", "--out", "p.plan")
    blocked.project("policy: {limits: {create: 2}}")
    ended = blocked.run("apply", "p.plan", "--auto-approve", "--first-run")
    assert (ended.code, blocked.calls) == (6, 0)


def test_an_exception_is_of_a_limit_that_a_plan_is_held_against(desk):
    for word in ("reject: 3", "update: 30%", "nothing: 3", "update: 0"):
        desk.project(f"policy: {{accept: {{{word}}}}}")
        assert desk.run("validate").code == 1, word
