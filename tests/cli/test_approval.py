"""Who may say yes, and to what: prompt, digest, first run."""

import pytest

FREE = {"u1": {"Plan": "Free"}}
WRONG = f"sha256:{'0' * 64}"


@pytest.fixture
def reviewed(desk):
    """A saved plan on a state that exists; give desk and digest."""
    desk.begun(FREE)
    desk.people({"u1": {"Plan": "Gold"}})
    plan = desk.json("plan", "--out", "p.plan")
    return desk, plan["digest"]


def test_apply_shows_as_much_of_its_plan_as_is_asked_for(desk):
    desk.people({f"u{n:02}": {"Plan": "Free"} for n in range(60)})
    for options, shown in (((), 50), (("--all",), 60), (("--summary",), 0)):
        words = ("apply", "--dry-run", "--first-run", *options)
        assert desk.ok(*words).out.count("identity u") == shown
    desk.project("policy: {limits: {create: 1}}")
    words = ("apply", "--auto-approve", "--first-run", "--summary")
    blocked = desk.run(*words)
    assert blocked.code == 6
    assert "PLAN BLOCKED" in blocked.err
    assert "identity u" not in blocked.err


def test_without_a_terminal_nothing_is_asked_and_nothing_sent(reviewed):
    desk, _ = reviewed
    calls = desk.calls
    ended = desk.run("apply", "p.plan")
    assert ended.code == 64
    assert ended.err == (
        "error: there is no terminal to ask on\n"
        "  run it on a terminal, or approve what was reviewed with --expect-digest "
        'DIGEST, which "ctsync show p.plan" prints\n'
    )
    assert desk.calls == calls


def test_the_prompt_names_environment_account_region_and_counts(desk):
    desk.project(f"""\
        environments:
          stage:
            account: {{id: TEST-1, region: eu1, endpoint: "{desk.sandbox.url}"}}
            state: stage.jsonl
        """)
    desk.people(FREE)
    ended = desk.answer("no", "apply", "--env", "stage")
    for word in ("environment stage", "account TEST-1", "region eu1", "1 to create"):
        assert word in ended.err
    assert "FIRST RUN" in ended.err
    assert ended.code == 1
    assert desk.calls == 0


@pytest.mark.parametrize("typed", ["no", "y", "Yes", "YES", "", "yes please"])
def test_the_prompt_takes_yes_and_nothing_else(reviewed, typed):
    desk, _ = reviewed
    before, calls = desk.state(), desk.calls
    ended = desk.answer(typed, "apply")
    assert ended.code == 1
    assert "nothing was sent" in ended.err
    assert (desk.state(), desk.calls) == (before, calls)


def test_yes_at_the_prompt_approves_a_first_run_too(desk):
    desk.people(FREE)
    assert desk.answer("yes", "apply").code == 0
    assert desk.platform("u1") == {"Plan": "Free"}


def test_the_digest_that_was_reviewed_approves(reviewed):
    desk, digest = reviewed
    assert desk.run("apply", "p.plan", "--expect-digest", digest).code == 0
    assert desk.platform("u1") == {"Plan": "Gold"}


def test_the_digest_approves_a_plan_made_anew_with_the_same_effect(reviewed):
    desk, digest = reviewed
    assert desk.run("apply", "--expect-digest", digest).code == 0


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "0" * 64, WRONG[:-1], WRONG + "0", WRONG.upper(), "x"]
)
def test_what_is_no_digest_is_usage(reviewed, digest):
    desk, _ = reviewed
    calls = desk.calls
    assert desk.run("apply", "p.plan", "--expect-digest", digest).code == 64
    assert desk.run("apply", "p.plan", f"--expect-digest={digest}").code == 64
    assert desk.calls == calls


def test_another_digest_refuses_the_plan(reviewed):
    desk, digest = reviewed
    calls = desk.calls
    error = desk.json("apply", "p.plan", "--expect-digest", WRONG)["error"]
    assert error["code"] == "plan_digest"
    assert digest in error["message"]
    assert desk.run("apply", "--expect-digest", WRONG).code == 4
    assert desk.calls == calls


def test_another_digest_refuses_an_empty_plan_too(desk):
    desk.begun(FREE)
    assert desk.run("apply", "--expect-digest", WRONG).code == 4
    empty = desk.plan()["digest"]
    assert desk.run("apply", "--expect-digest", empty).code == 0


def test_the_two_approvals_exclude_each_other(reviewed):
    desk, digest = reviewed
    ended = desk.run("apply", "p.plan", "--auto-approve", "--expect-digest", digest)
    assert ended.code == 64


def test_an_edit_after_the_review_is_not_approved(reviewed):
    desk, digest = reviewed
    desk.people({"u1": {"Plan": "Platinum"}})
    assert desk.run("apply", "--expect-digest", digest).code == 4
    assert desk.platform("u1") == {"Plan": "Free"}


def test_a_first_run_says_so_and_needs_its_flag(desk):
    desk.people(FREE)
    assert "FIRST RUN" in desk.ok("plan").out
    ended = desk.run("apply", "--auto-approve")
    assert ended.code == 6
    assert "--first-run" in ended.err
    assert desk.calls == 0
    digest = desk.plan()["digest"]
    assert desk.run("apply", "--expect-digest", digest).code == 6
    assert desk.run("apply", "--expect-digest", digest, "--first-run").code == 0


def test_the_first_run_flag_with_a_snapshot_is_usage(reviewed):
    desk, _ = reviewed
    for what in ([], ["p.plan"]):
        ended = desk.run("apply", *what, "--auto-approve", "--first-run")
        assert ended.code == 64


def test_percentages_do_not_apply_to_a_first_run_but_numbers_do(desk):
    desk.crowd(20)
    assert desk.run("plan").code == 0
    desk.project("policy: {limits: {create: 19}}")
    assert desk.run("plan").code == 6


def test_a_first_run_that_is_continued_needs_no_flag(desk):
    desk.project("upload: {records_per_call: 1, concurrency: 1}")
    desk.people({f"u{n}": {"Plan": "Free"} for n in range(3)})
    desk.ok("plan", "--out", "p.plan")
    desk.sandbox.script("none", "unauthorised")
    assert desk.run("apply", "p.plan", "--auto-approve", "--first-run").code == 3
    assert desk.run("apply", "p.plan", "--auto-approve").code == 0
    assert [desk.platform(f"u{n}") for n in range(3)] == [{"Plan": "Free"}] * 3


def test_the_sandbox_needs_no_first_run_and_no_passcode(desk, monkeypatch):
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    desk.people(FREE)
    ended = desk.run("apply", "--sandbox", "--auto-approve")
    assert ended.code == 0
    assert "SANDBOX" in ended.out
    assert desk.calls == 0
    assert not (desk.folder / "state.jsonl").exists()
    assert (desk.folder / ".ctsync/sandbox/state.jsonl").exists()


def test_nothing_to_do_is_not_asked_about(desk):
    desk.begun(FREE)
    ended = desk.answer("", "apply")
    assert ended.code == 0
    assert "Only 'yes'" not in ended.err


def test_the_prompt_names_the_host_and_who_gets_messages(desk):
    desk.project("policy: {limits: {opt_in: 5}}\n")
    desk.people({"u1": {"MSG-email": True}, "u2": {"Plan": "Free"}})
    asked = desk.answer("no", "apply").err
    host = desk.sandbox.url.removeprefix("http://")
    assert f"host {host}" in asked.replace("\n  ", " ")
    assert asked.index("OPT-IN: 1 profile") < asked.index("2 to create")


def test_the_prompt_says_how_far_a_plan_that_goes_on_has_come(desk):
    desk.project("upload: {records_per_call: 1, concurrency: 1}")
    desk.people({f"u{n}": {"Plan": "Free"} for n in range(3)})
    desk.ok("plan", "--out", "p.plan")
    desk.sandbox.script("none", "unauthorised")
    assert desk.run("apply", "p.plan", "--auto-approve", "--first-run").code == 3
    asked = desk.answer("no", "apply", "p.plan").err
    assert "continuing: 1 of 3 changes done" in asked
    assert "continuing" not in desk.answer("no", "apply").err


def test_what_is_locked_is_named_and_no_option_is_offered_for_it(desk):
    desk.begun({"u1": {"Code": "X"}})
    desk.write("locked.yaml", "catalog: {Code: {type: string, write: locked}}\n")
    desk.people({"u1": {"Code": "Y"}})
    refused = desk.run("apply", "--auto-approve")
    assert refused.code == 6
    _, said = refused.err.split("error: ")
    assert "locked: 1 change of locked values: Code" in said
    assert "write: in the catalog" in said
    assert "--accept" not in said
