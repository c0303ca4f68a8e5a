"""`plan --refresh`: the only plan that looks at the platform."""

import pytest

JACK = {"Plan": "Gold", "Points": 5, "Tags": ["a", "b"]}


@pytest.fixture
def drifted(desk):
    desk.begun({"jack": JACK, "ann": {"Plan": "Free"}})
    desk.sandbox.platform.edit("identity", "jack", {"Points": 9, "Plan": "Silver"})
    return desk


def test_drift_is_corrected_and_the_state_stays_as_it_is(drifted):
    before = drifted.state()
    assert drifted.plan()["changes"] == []
    document = drifted.plan("--refresh", "--out", "p.plan")
    assert document["refreshed"] == {"read": 2, "drifted": 1, "gone": 0, "failed": 0}
    (change,) = document["changes"]
    shown = {
        o["attribute"]: (o["operator"], o["operand"]) for o in change["operations"]
    }
    assert shown == {"Points": ("$decr", 4), "Plan": ("set", "Gold")}
    assert drifted.state() == before
    assert drifted.apply("p.plan").code == 0
    assert drifted.platform("jack") == JACK
    assert drifted.json("drift")["drift"] is False


def test_it_says_so_in_every_rendering(drifted):
    for form in ("text", "markdown", "html"):
        out = drifted.ok("plan", "--refresh", "--format", form).out
        assert "REFRESHED: 2 profiles read from the platform first" in out
    assert "REFRESHED" not in drifted.ok("plan").out


def test_only_targeted_profiles_are_read(drifted):
    calls = drifted.calls
    drifted.ok("plan", "--refresh", "--target", "identity=ann")
    assert drifted.calls == calls + 1


def test_a_plan_without_refresh_asks_nobody(drifted, monkeypatch):
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    calls = drifted.calls
    drifted.ok("plan")
    assert drifted.calls == calls


def test_a_profile_that_is_gone_is_created(drifted):
    drifted.sandbox.platform.forget("identity", "ann")
    document = drifted.plan("--refresh", "--target", "identity=ann")
    assert [change["action"] for change in document["changes"]] == ["create"]


def test_no_fingerprint_is_kept_of_what_only_the_memory_knows(drifted):
    """The platform has what the spec wants by chance; the state must not claim it."""
    drifted.people(
        {"jack": {**JACK, "Plan": "Silver", "Points": 9}, "ann": {"Plan": "B"}}
    )
    drifted.ok("plan", "--refresh", "--out", "p.plan")
    assert drifted.apply("p.plan").code == 0
    drifted.ok("refresh", "--auto-approve")
    assert drifted.plan()["changes"] == []
    drifted.people({"jack": JACK, "ann": {"Plan": "B"}})
    assert drifted.apply().code == 0
    assert drifted.platform("jack") == JACK


def test_a_refreshed_plan_is_not_gone_on_with(drifted):
    """Its counters moved from what was read, which the state does not know."""
    drifted.ok("plan", "--refresh", "--out", "p.plan")
    drifted.sandbox.script(*["unavailable"] * 20)
    assert drifted.apply("p.plan").code == 3
    drifted.sandbox._queue._script.clear()
    ended = drifted.apply("p.plan")
    assert ended.code == 4
    assert "plan --refresh" in ended.err
    drifted.ok("plan", "--refresh", "--out", "q.plan")
    assert drifted.apply("q.plan").code == 0
    assert drifted.platform("jack")["Points"] == 5


def test_a_plan_is_refused_where_the_platform_has_moved_since(drifted):
    drifted.ok("plan", "--refresh", "--out", "p.plan")
    drifted.sandbox.platform.edit("identity", "jack", {"Points": 50})
    before = drifted.platform("jack")
    assert drifted.apply("p.plan").code == 4
    assert drifted.platform("jack") == before


def test_a_saved_plan_creates_who_is_gone(drifted):
    drifted.sandbox.platform.forget("identity", "ann")
    drifted.ok("plan", "--refresh", "--out", "p.plan")
    assert drifted.apply("p.plan").code == 0
    assert drifted.platform("ann") == {"Plan": "Free"}


def test_all_that_was_read_is_planned_by_however_many_drifted(desk):
    """What a read showed is looked up twice at a time: neither takes from the other."""
    people = {f"u{n:03}": {"Plan": "Free", "Points": 5} for n in range(700)}
    desk.project("policy: {limits: {update: 100%}}")
    desk.begun(people)
    desk.ok("state", "doubt", "--all", "--auto-approve")
    desk.people({name: {"Plan": "Gold", "Points": 7} for name in people})
    for name in people:
        desk.sandbox.platform.edit("identity", name, {"Points": 6})
    plan = desk.plan("--refresh", "--all")
    assert len(plan["changes"]) == 700
    for change in plan["changes"]:
        plan_of, points = change["operations"]
        assert (plan_of["before"], plan_of["prior"]) == ("Free", "known")
        assert (points["operator"], points["operand"], points["before"]) == (
            "$incr", 1, 6,
        )  # fmt: skip


def test_every_engine_keeps_no_fingerprint_of_what_was_read(drifted):
    drifted.people(
        {"jack": {**JACK, "Plan": "Silver", "Points": 9}, "ann": {"Plan": "B"}}
    )
    said = []
    for engine in ("memory", "duckdb"):
        drifted.ok("plan", "--refresh", "--engine", engine, "--out", engine)
        _, *lines, _, _ = (drifted.folder / engine).read_bytes().splitlines()
        said.append(lines)
    assert said[0] == said[1]
    assert b"jack" not in b"".join(said[0])
