"""Limits: what they count, where percentages apply, and what lifts them."""

import pytest

from ctsync.model.entry import KnownValue
from ctsync.model.policy import DEFAULT_LIMITS, JUDGED, Limit, Policy, parse_limit
from ctsync.plan.policy import Counts, check_limits, exception_notes


def judged(*, accepted=None, limits=None, accept=None, **counts):
    policy = Policy(limits={**DEFAULT_LIMITS, **(limits or {})}, accept=accept or {})
    return {
        rule.rule: (rule.limit, rule.actual, rule.accept)
        for rule in check_limits(Counts(**counts), policy, accepted or {})
    }


BEYOND = {
    "create": 1001, "update": 412, "remove": 99, "opt_in": 3, "skip": 20, "vanish": 30,
}  # fmt: skip


def beyond(name, count):
    """A plan of a thousand entries, at a count of what one limit is about."""
    if name == "skip":
        return {"skips": {"crm": (count, 100), "shop": (1, 100)}}
    if name == "vanish":
        return {"vanished": {"crm": (count, 100), "shop": (9, 100)}}
    return {name: count}


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_an_exception_lifts_its_limit_for_exactly_its_count(name, off):
    count = BEYOND[name]
    accept = {name: count + off}
    found = judged(entries=1000, accept=accept, **beyond(name, count))
    assert (found == {}) is (off == 0)
    (note,) = exception_notes(
        Counts(entries=1000, **beyond(name, count)), Policy(accept=accept)
    )
    assert note.code == ("CT407" if off else "CT406")
    assert f"{count:,}" in note.message


@pytest.mark.parametrize("name", JUDGED)
def test_an_exception_lifts_no_other_limit(name):
    everything = {
        key: value
        for each in JUDGED
        for key, value in beyond(each, BEYOND[each]).items()
    }
    found = judged(entries=1000, accept={name: BEYOND[name]}, **everything)
    assert found.keys() == {f"limits.{other}" for other in JUDGED if other != name}


def test_an_exception_that_nothing_needs_is_no_news():
    policy = Policy(accept={"update": 3})
    assert not [*exception_notes(Counts(entries=1000, update=3), policy)]


def test_what_is_locked_has_no_exception():
    assert "locked" in judged(entries=100, locked=2, accept=BEYOND)


@pytest.mark.parametrize(
    ("entries", "update", "blocks"),
    [
        (9, 9, False),
        (10, 3, False),
        (10, 4, True),
        (1000, 300, False),
        (1000, 301, True),
        (1001, 300, False),
        (1001, 301, True),
        (11, 3, False),
        (11, 4, True),
        (13, 3, False),
        (13, 4, True),
        (14, 4, False),
    ],
)
def test_a_percentage_blocks_beyond_it_and_from_ten_entries_up(entries, update, blocks):
    assert bool(judged(entries=entries, update=update)) is blocks


def test_no_whole_is_rounded():
    for entries in range(10, 400):
        for update in (30 * entries // 100, 30 * entries // 100 + 1):
            blocks = bool(judged(entries=entries, update=update))
            assert blocks is (100 * update > 30 * entries)


@pytest.mark.parametrize(("entries", "blocks"), [(0, True), (9, True), (5000, True)])
def test_a_number_holds_for_any_count_of_entries(entries, blocks):
    assert bool(judged(entries=entries, create=1001)) is blocks
    assert not judged(entries=entries, create=1000)


def test_a_first_run_lifts_percentages_and_no_numbers():
    counts = {"entries": 50, "update": 50, "remove": 50, "create": 1001, "opt_in": 1}
    assert judged(**counts, first_run=True).keys() == {
        "limits.create", "limits.opt_in",
    }  # fmt: skip
    assert judged(**counts).keys() == {
        "limits.create", "limits.update", "limits.remove", "limits.opt_in",
    }  # fmt: skip


def test_skip_is_of_a_tables_rows_and_holds_on_a_first_run():
    assert not judged(entries=0, skips={"t": (1, 100)}, first_run=True)
    assert judged(entries=0, skips={"t": (2, 100)}, first_run=True) == {
        "limits.skip": ("1%", 2, "--accept skip=2")
    }


def test_a_blocked_rule_says_what_would_lift_it():
    assert judged(entries=1200, update=412) == {
        "limits.update": ("30%", 412, "--accept update=412")
    }


@pytest.mark.parametrize("name", ["create", "update", "remove", "opt_in"])
def test_acceptance_lifts_its_own_limit_and_no_other(name):
    counts = {"create": 2000, "update": 900, "remove": 900, "opt_in": 5}
    blocked = judged(entries=1000, **counts, accepted={name: counts[name]})
    assert blocked.keys() == {f"limits.{each}" for each in counts if each != name}


def test_an_accepted_number_is_the_limit_even_where_it_is_lower():
    assert judged(entries=1000, update=5, accepted={"update": 4}) == {
        "limits.update": ("4", 5, "--accept update=5")
    }


def test_an_accepted_number_holds_where_a_percentage_would_not_apply():
    assert judged(entries=3, update=3, accepted={"update": 2}).keys() == {
        "limits.update"
    }


@pytest.mark.parametrize(
    ("name", "limit", "tables", "blocks"),
    [
        # Of a handful of rows a percentage says nothing, but a number does.
        ("vanish", "10%", {"crm": (9, 9)}, None),
        ("vanish", "10%", {"crm": (2, 10)}, 2),
        ("vanish", "1", {"crm": (2, 3)}, 2),
        # Rows that are skipped are counted from the first on.
        ("skip", "1%", {"crm": (1, 2)}, 1),
        ("skip", "1", {"crm": (2, 2)}, 2),
        # The worst of those beyond is told, not of all.
        ("skip", "10%", {"crm": (9, 100), "shop": (3, 10), "kiosk": (2, 10)}, 3),
        ("vanish", "10%", {"crm": (5, 5), "shop": (3, 20)}, 3),
        ("vanish", "10%", {}, None),
        ("skip", "10%", {}, None),
    ],
)
def test_a_limit_of_tables_is_held_against_each(name, limit, tables, blocks):
    field = {"skip": "skips", "vanish": "vanished"}[name]
    found = judged(entries=1000, limits={name: parse_limit(limit)}, **{field: tables})
    told = None if blocks is None else (limit, blocks, f"--accept {name}={blocks}")
    assert found.get(f"limits.{name}") == told


def test_a_plan_of_nothing_exceeds_nothing():
    nothing = {name: Limit(0) for name in DEFAULT_LIMITS}
    assert judged(entries=1000, limits=nothing) == {}
    assert Counts(1).first_run is False
    assert [Counts(1).of(name) for name in JUDGED] == [0] * len(JUDGED)


def test_exceptions_are_told_by_name():
    policy = Policy(accept={"vanish": 1, "create": 2, "remove": 3})
    told = [note.message.split()[0] for note in exception_notes(Counts(9), policy)]
    assert told == [f"policy.accept.{name}" for name in ("create", "remove", "vanish")]


def test_every_rule_that_forbids_a_plan_is_told():
    blocked = judged(entries=100, create=2000, update=99, opt_in=1, locked=2)
    assert list(blocked) == [
        "limits.create", "limits.update", "limits.opt_in", "locked",
    ]  # fmt: skip
    assert blocked["locked"] == ("0", 2, None)


@pytest.mark.parametrize(
    ("limit", "count", "whole", "exceeded"),
    [
        (Limit(0, is_percent=True), 0, 10, False),
        (Limit(0, is_percent=True), 1, 10, True),
        (Limit(100, is_percent=True), 10, 10, False),
        (Limit(0), 0, 0, False),
        (Limit(0), 1, 0, True),
    ],
)
def test_a_limit_is_exceeded_by_more_than_it_allows(limit, count, whole, exceeded):
    assert limit.is_exceeded(count, whole) is exceeded


# What is counted


def test_opt_ins_are_counted_by_profile_and_in_every_form(project_view, plan):
    project = project_view()
    project.says("u1", {"MSG-email": True, "MSG-sms": True})
    project.says("u2", {"MSG-dndEmail": False, "Email": "a@b"})
    project.says("u3", {"subscriptions.email.Football": True})
    project.says("u4", {"MSG-email": False, "MSG-dndPhone": True})
    project.says("u5", {"subscriptions.email.Football": False})
    planned = plan(project)
    assert planned.summary["opt_in"] == 3
    assert planned.blocked == {"limits.opt_in": 3}
    assert [str(c.key) for c in planned.changes if c.opt_in] == ["u1", "u2", "u3"]


def test_an_opt_in_that_the_snapshot_holds_is_none(project_view, plan, entry):
    words = {"MSG-email": True, "subscriptions.email.Football": True}
    known = entry(attributes=words)
    planned = plan(project_view().says("u1", {**words, "Plan": "Gold"}), known)
    assert planned.sent() == [("Plan", "set", "Gold")]
    assert planned.summary["opt_in"] == 0


def test_an_opt_in_of_unknown_outcome_counts_again(project_view, plan, entry):
    doubtful = KnownValue("MSG-email", "subscription", value=True, certain=False)
    known = entry(attributes={"MSG-email": doubtful})
    planned = plan(project_view().says("u1", {"MSG-email": True}), known)
    assert planned.summary["opt_in"] == 1


def test_an_opt_in_that_was_not_selected_is_not_counted(project_view, plan):
    project = project_view().says("u1", {"MSG-email": True, "Plan": "Gold"})
    planned = plan(project, excludes=["attribute=MSG-*"])
    assert planned.sent() == [("Plan", "set", "Gold")]
    assert planned.summary["opt_in"] == 0
    assert planned.blocked == {}


def test_parting_words_may_opt_in(project_view, plan, entry):
    project = project_view().cohort("vip", leave={"MSG-email": True})
    planned = plan(project, entry(cohorts=("vip",)))
    assert planned.summary["opt_in"] == 1


def test_those_that_lose_a_value_are_counted_once_each(project_view, plan, entry):
    project = project_view().says("u1", {"Name": None, "Tags": ["a"]})
    project.says("u2", {"Plan": "Gold"})
    planned = plan(
        project,
        entry("u1", attributes={"Name": "Jack", "Tags": ["a", "b"]}),
        entry("u2", attributes={"Plan": "Free"}),
    )
    assert planned.profiles["remove"] == 1
    assert planned.profiles["update"] == 2


def test_creations_are_profiles_without_an_entry(project_view, plan, entry):
    project = project_view(limits={"create": "1"})
    for key in ("u1", "u2", "u3"):
        project.says(key, {"Plan": "Gold"})
    planned = plan(project, entry("u1"), entry("u2", gone=True))
    assert planned.blocked == {"limits.create": 2}


def test_a_small_project_is_not_held_to_percentages(project_view, plan, entry, crowd):
    project = project_view().says("u1", {"Plan": "Gold"})
    for number in range(4):
        project.says(f"c0000{number}", {"Plan": "Gold"})
    free = {"Plan": "Free"}
    assert plan(project, *crowd(9, attributes=free)).blocked == {}
    blocked = plan(project, *crowd(10, attributes=free)).blocked
    assert blocked == {"limits.update": 4}


def test_the_summary_adds_up(project_view, plan, entry, crowd, fold):
    project = project_view(catalog={"Points": "counter"})
    unchanged = project_view().says("same", {"Plan": "Gold"})
    (same,) = fold(plan(unchanged))
    project.says("same", {"Plan": "Gold"})
    project.says("still", {"Plan": "Gold"})
    project.says("new", {"Plan": "Gold", "Points": 1})
    project.says("back", {"Plan": "Gold"})
    project.says("moved", {"Plan": "Gold", "Points": 5, "Tags": ["b"]})
    project.says("less", {"Plan": "Gold"})
    entries = [
        same,
        entry("still", attributes={"Plan": "Gold"}),
        entry("back", gone=True),
        entry("away", gone=True),
        entry(
            "moved",
            attributes={
                "Plan": "Free",
                "Points": KnownValue("Points", "counter", 2),
                "Tags": ["a"],
            },
        ),
        entry("less", attributes={"Plan": "Gold", "Team": "a"}),
        *crowd(3, attributes={"Plan": "Gold"}),
    ]
    planned = plan(project, *entries)
    assert planned.profiles == {
        "entries": 7,
        "create": 2,
        "update": 1,
        "release": 1,
        "remove": 1,
        "undeclared": 3,
        "unchanged": 2,
        "skipped": 0,
    }
    counts = planned.profiles
    assert counts["entries"] == sum(
        counts[name] for name in ("update", "release", "unchanged", "undeclared")
    )
    assert planned.summary["operations"] == {
        "set": 4, "$add": 1, "$remove": 1, "$incr": 1, "$decr": 0, "$delete": 0,
    }  # fmt: skip
    assert planned.summary["records"] == 5
    assert planned.summary["calls"] == 3
