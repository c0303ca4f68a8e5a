"""Choosing a part of a plan: what is meant, what is said about it, what is kept."""

import pytest


@pytest.fixture
def declared(desk):
    desk.project("""\
        cohorts:
          vip: {members: [u1, u2], attributes: {Tier: VIP}}
        """)
    desk.people({f"u{n}": {"Plan": "Free", "Points": 1} for n in range(4)})
    return desk


def _keys(plan):
    return [change["key"]["identity"] for change in plan["changes"]]


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["--target", "identity=u1"], ["u1"]),
        (["--target", "identity=u1", "--target", "identity=u3"], ["u1", "u3"]),
        (["--target", "identity=u*", "--exclude", "identity=u3"], ["u0", "u1", "u2"]),
        (["--target", "identity=u1", "--exclude", "identity=u1"], []),
        (["--target", "cohort=vip"], ["u1", "u2"]),
        (["--target", "cohort=vip", "--target", "identity=u[03]"], []),
        (["--target", "cohort=vip", "--target", "identity=u[01]"], ["u1"]),
        (["--exclude", "cohort=vip"], ["u0", "u3"]),
        (["--target", "file=people.yaml"], ["u0", "u1", "u2", "u3"]),
        (["--target", "action=create"], ["u0", "u1", "u2", "u3"]),
        (["--target", "action=update"], []),
        (["--target", "attribute=Tier"], ["u1", "u2"]),
    ],
    ids=lambda value: " ".join(value).replace("--", ""),
)
def test_several_of_one_kind_mean_any_and_several_kinds_all(declared, words, chosen):
    plan = declared.plan(*words)
    assert _keys(plan) == chosen
    text = declared.ok("plan", *words).out
    assert f"PARTIAL: {len(chosen)} of 4 changes" in text


def test_a_part_of_a_change_is_chosen_by_attribute(declared):
    plan = declared.plan("--target", "attribute=P*", "--exclude", "attribute=Points")
    names = {op["attribute"] for c in plan["changes"] for op in c["operations"]}
    assert names == {"Plan"}


@pytest.mark.parametrize(
    ("selector", "nearest"),
    [
        ("identity=u12", "u1"),
        ("attribute=Pnts", "Points"),
        ("cohort=vipp", "vip"),
        ("file=peopel.yaml", "people.yaml"),
        ("action=creat", "create"),
    ],
)
@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_no_match_is_usage_and_names_the_nearest(declared, option, selector, nearest):
    ended = declared.run("plan", option, selector)
    assert ended.code == 64
    assert selector in ended.err
    assert nearest in ended.err


def test_what_is_left_out_is_planned_the_next_time(declared):
    ended = declared.run("apply", "--auto-approve", "--first-run", "--target",
                         "attribute=Plan")  # fmt: skip
    assert ended.code == 0
    assert "PARTIAL: 4 of 4 changes" in ended.out
    plan = declared.plan()
    names = {op["attribute"] for c in plan["changes"] for op in c["operations"]}
    assert names == {"Points", "Tier"}
    assert declared.apply().code == 0
    assert declared.plan()["changes"] == []


def test_a_part_counts_only_its_own_changes_for_policy(declared):
    declared.project("policy: {limits: {create: 1}}")
    assert declared.run("plan").code == 6
    assert declared.run("plan", "--target", "identity=u1").code == 0


def test_a_saved_part_says_so_when_it_is_shown_and_applied(declared):
    declared.ok("plan", "--target", "identity=u1", "--out", "p.plan")
    assert "PARTIAL: 1 of 4 changes" in declared.ok("show", "p.plan").out
    plan = declared.json("show", "p.plan")
    assert plan["targets"] == ["identity=u1"]
    ended = declared.run("apply", "p.plan", "--auto-approve", "--first-run")
    assert "PARTIAL: 1 of 4 changes" in ended.out
    assert ended.code == 0


def test_profiles_that_are_left_out_are_not_called_unchanged(declared):
    assert declared.apply().code == 0
    declared.people({f"u{n}": {"Plan": "Gold", "Points": 1} for n in range(4)})
    plan = declared.plan("--target", "identity=u1")
    assert plan["summary"]["profiles"]["unchanged"] == 0


def test_a_part_of_a_saved_plan_is_shown(declared):
    declared.ok("plan", "--out", "p.plan")
    plan = declared.json("show", "p.plan", "--target", "identity=u2")
    assert _keys(plan) == ["u2"]
    text = declared.ok("show", "p.plan", "--target", "identity=u2").out
    assert "PARTIAL: 1 of 4 changes" in text
    assert declared.run("show", "p.plan", "--target", "identity=u9").code == 64


def test_summary_and_all_choose_how_much_is_shown(desk):
    desk.crowd(60)
    text = desk.ok("plan").out
    assert text.count("  + identity") == 50
    assert "10 more" in text
    assert desk.ok("plan", "--all").out.count("  + identity") == 60
    assert desk.ok("plan", "--summary").out.count("  + identity") == 0
    assert "changes" not in desk.plan("--summary")
    assert len(desk.plan()["changes"]) == 60


def test_a_saved_plan_shows_who_leaves_a_cohort_and_is_declared_elsewhere(desk):
    """What `plan --target cohort=` chooses, `show --target cohort=` shows."""
    cohort = "cohorts: {{vip: {{members: [{}], attributes: {{Tier: V}}}}}}"
    desk.project(cohort.format("u1, u2"))
    desk.begun({f"u{n}": {"Plan": "Free"} for n in range(4)})
    desk.project(cohort.format("u2"))
    desk.people({f"u{n}": {"Plan": "Gold"} for n in range(4)})
    chosen = ("--target", "cohort=vip")
    assert _keys(desk.plan(*chosen)) == ["u1", "u2"]
    desk.ok("plan", "--out", "all.plan")
    assert _keys(desk.json("show", "all.plan", *chosen)) == ["u1", "u2"]
    desk.ok("plan", "--out", "part.plan", *chosen)
    assert _keys(desk.json("show", "part.plan", *chosen)) == ["u1", "u2"]
