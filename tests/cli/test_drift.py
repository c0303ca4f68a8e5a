"""`drift` and `refresh` as their users meet them."""

import json

import pytest

JACK = {
    "Name": "Jack",
    "Phone": "+14155551234",
    "Plan": "Gold",
    "Points": 5,
    "Tags": ["Shoes", "Bags"],
    "MSG-sms": False,
}
FORMATS = ("text", "json", "jsonl", "markdown", "html")


@pytest.fixture
def drifted(desk):
    """Two profiles, of which one was edited and one removed by somebody else."""
    desk.begun({"jack": JACK, "ann@example.com": {"Plan": "Free"}, "u3": {"Plan": "A"}})
    edit = {"Plan": "Silver", "Name": "John", "Tags": ["shoes", "Hats"], "Points": 9}
    desk.sandbox.platform.edit("identity", "jack", edit)
    desk.sandbox.platform.forget("identity", "ann@example.com")
    return desk


def test_what_was_just_applied_has_not_drifted(desk):
    desk.begun({"jack": JACK})
    ended = desk.ok("drift", "--detailed-exitcode")
    assert "No drift. 1 profile is as the state knows it." in ended.out
    assert "Write-only, not compared: MSG-sms (1)" in ended.out


def test_drift_changes_nothing(drifted):
    before, calls = drifted.files(), drifted.calls
    drifted.ok("drift")
    assert drifted.files() == before
    assert drifted.calls == calls + 3


def test_drift_is_told_per_profile_and_attribute(drifted):
    document = drifted.json("drift")
    jack = next(p for p in document["profiles"] if p["key"] == {"identity": "jack"})
    shown = {d["attribute"]: (d["before"], d["after"]) for d in jack["differences"]}
    assert shown == {
        "Name": ({"masked": True}, {"masked": True}),
        "Plan": ("Gold", "Silver"),
        "Points": (5, 9),
        "Tags": (["Bags", "Shoes"], ["Hats", "Shoes"]),
    }
    assert document["by_attribute"] == {"Name": 1, "Plan": 1, "Points": 1, "Tags": 1}
    assert document["drift"] is True
    assert document["summary"]["profiles"] == {
        "known": 3, "chosen": 3, "read": 3, "same": 1, "drifted": 1, "gone": 1,
        "failed": 0, "unaskable": 0,
    }  # fmt: skip


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_exit_code_is_of_the_same_decision_in_every_format(drifted, format_name):
    words = ("drift", "--detailed-exitcode", "--format", format_name)
    assert drifted.run(*words).code == 2
    assert drifted.run(*words, "u3").code == 0


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_format_shows_what_is_personal(drifted, format_name):
    out = drifted.ok("drift", "--format", format_name).out
    for secret in ("John", "Jack", "ann@example.com", "4155551234"):
        assert secret not in out


def test_reveal_shows_it(drifted):
    assert '"Jack" -> "John"' in drifted.ok("drift", "--reveal").out


def test_jsonl_has_a_profile_a_line_and_the_document_last(drifted):
    *profiles, document = map(
        json.loads, drifted.ok("drift", "--format", "jsonl").out.splitlines()
    )
    assert [profile["found"] for profile in profiles] == ["gone", "found"]
    assert "profiles" not in document
    assert document["format"] == "ctsync.drift/1"


def test_keys_and_samples_choose_whom_to_read(drifted):
    calls = drifted.calls
    assert drifted.json("drift", "u3")["summary"]["profiles"]["chosen"] == 1
    document = drifted.json("drift", "--sample", 2)
    assert document["summary"]["profiles"]["chosen"] == 2
    assert document["sample"] is True
    assert drifted.calls == calls + 3


def test_a_key_that_the_state_does_not_know_is_refused(drifted):
    ended = drifted.run("drift", "nobody")
    assert ended.code == 64
    assert "import api" in ended.err


def test_keys_and_a_sample_exclude_each_other(drifted):
    assert drifted.run("drift", "u3", "--sample", 1).code == 64


def test_merged_identities_are_warned_about(desk, serve_distorted):
    serve_distorted("merged")
    desk.begun({"jack": JACK})
    assert desk.json("drift")["diagnostic_totals"] == {"CT701": 1}


def test_values_that_are_stored_as_something_else_are_warned_about(
    desk, serve_distorted
):
    serve_distorted("numeric-text")
    desk.begun({"jack": {"Zip": "00123"}})
    document = desk.json("drift")
    assert document["drift"] is False
    assert document["diagnostic_totals"] == {"CT704": 1}


def test_an_attribute_that_nobody_has_is_told_to_be_dropped(desk, serve_distorted):
    serve_distorted(drops=["Plan"])
    desk.begun({name: {"Plan": "Gold", "City": "Pune"} for name in ("a", "b", "c")})
    document = desk.json("drift")
    (finding,) = document["diagnostics"]
    assert (finding["code"], finding["attribute"]) == ("CT707", "Plan")


def test_id_types_that_cannot_be_read_are_left_out_and_told(desk):
    desk.write("people.yaml", "profiles: [{FBID: '7', attributes: {Plan: A}}]")
    assert desk.apply().code == 0
    document = desk.json("drift")
    assert document["diagnostic_totals"] == {"CT702": 1}
    assert document["requests"] == 0


def test_reads_that_fail_are_told_and_are_an_error(drifted):
    drifted.sandbox.script_reads(*["html"] * 5)
    document = drifted.json("drift", "u3")
    assert document["exit_code"] == 1
    assert document["error"]["code"] == "read_failed"
    assert document["diagnostic_totals"] == {"CT703": 1}


def test_a_throttled_and_shaky_platform_is_read_all_the_same(drifted):
    drifted.sandbox.script_reads("throttle", "lost", "error500", "truncated", "empty")
    assert drifted.json("drift")["summary"]["profiles"]["failed"] == 0


def test_a_redirect_is_not_followed(drifted):
    drifted.sandbox.script_reads("redirect", "redirect")
    assert drifted.json("drift", "u3")["diagnostics"][0]["message"] == "HTTP 302 Found"


@pytest.mark.parametrize("fault", ["unauthorised", "forbidden"])
def test_refused_credentials_name_region_and_token(drifted, fault):
    drifted.sandbox.script_reads(fault)
    ended = drifted.run("drift")
    assert ended.code == 1
    assert "region" in ended.err
    assert "SDK token" in ended.err


def test_without_a_state_there_is_nothing_to_read(desk):
    desk.people({"jack": JACK})
    assert "0 of 0 known profiles read" in desk.ok("drift").out


# --- refresh


def test_a_refresh_writes_what_was_seen_and_the_plan_corrects_it(drifted):
    document = drifted.json("refresh", "--auto-approve")
    assert (document["written"], document["profiles"], document["serial"]) == (
        True, 2, 2,
    )  # fmt: skip
    plan = drifted.plan()
    actions = {c["key"]["identity"]: c["action"] for c in plan["changes"]}
    assert actions == {"people.yaml:17": "create", "jack": "update"}
    jack = next(c for c in plan["changes"] if c["action"] == "update")
    points = next(o for o in jack["operations"] if o["attribute"] == "Points")
    assert (points["operator"], points["operand"]) == ("$decr", 4)
    assert drifted.apply().code == 0
    assert drifted.platform("jack")["Points"] == 5
    assert drifted.json("drift")["drift"] is False


def test_a_refresh_of_nothing_new_leaves_the_state_alone(desk):
    desk.begun({"jack": {"Plan": "Gold"}})
    before = desk.state()
    ended = desk.ok("refresh", "--auto-approve")
    assert "Nothing to write" in ended.out
    assert desk.state() == before


def test_a_refresh_shows_and_asks(drifted):
    before = drifted.state()
    ended = drifted.answer("no", "refresh")
    assert ended.code == 1
    assert '"Gold" -> "Silver"' in ended.out
    assert drifted.state() == before
    assert drifted.answer("yes", "refresh").code == 0
    assert drifted.state() != before


def test_a_refresh_without_a_terminal_needs_approval(drifted):
    assert drifted.run("refresh").code == 64


def test_a_dry_run_writes_nothing(drifted):
    before = drifted.files()
    assert "Would write" in drifted.ok("refresh", "--dry-run").out
    assert drifted.files() == before


def test_a_refresh_waits_for_nobody_else(drifted, other_run):
    with other_run():
        assert drifted.run("refresh", "--auto-approve").code == 5
        assert drifted.run("drift").code == 0


def test_a_refresh_that_could_not_read_all_says_so(drifted):
    drifted.sandbox.script_reads(*["html"] * 15)
    document = drifted.json("refresh", "--auto-approve")
    assert document["exit_code"] == 3
    assert document["diagnostic_totals"] == {"CT703": 3}


def test_what_was_unknown_is_settled_by_a_refresh(desk):
    desk.begun({"jack": JACK})
    desk.sandbox.script("lost", "lost", "lost", "lost", "lost")
    desk.people({"jack": {**JACK, "Points": 8}})
    assert desk.apply().code == 3
    document = desk.json("refresh", "--auto-approve")
    assert document["summary"]["attributes"]["uncertain"] == 1
    assert desk.plan()["changes"] == []
    assert desk.platform("jack")["Points"] == 8


def test_a_profile_that_is_back_is_known_again(drifted):
    drifted.ok("refresh", "--auto-approve")
    drifted.sandbox.platform.edit("identity", "ann@example.com", {"Plan": "Free"})
    document = drifted.json("drift", "ann@example.com")
    assert document["profiles"][0]["found"] == "back"
    drifted.ok("refresh", "--auto-approve")
    assert drifted.json("drift", "ann@example.com")["drift"] is False
