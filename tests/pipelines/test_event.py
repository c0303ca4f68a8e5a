"""Strangers' files never run beside secrets, whatever the event calls itself."""

import pytest


def _said(runner):
    ended = runner.script("event.py")
    assert ended.code == 0, ended.said
    return ended.out


def test_a_branch_of_the_repository_is_trusted(runner):
    runner.pull_request()
    assert _said(runner) == f"trusted 7 {'a' * 40}\n"


def test_a_fork_has_no_secrets(runner):
    runner.pull_request(fork=True)
    assert _said(runner) == f"fork 7 {'a' * 40}\n"


def test_a_deleted_fork_is_a_fork(runner):
    runner.pull_request(head={"sha": "a" * 40, "repo": None})
    assert _said(runner).startswith("fork ")


def test_dependabot_has_no_secrets_either(runner):
    runner.pull_request()
    runner.variables["GITHUB_ACTOR"] = "dependabot[bot]"
    assert _said(runner).startswith("fork ")


@pytest.mark.parametrize("event", ["pull_request_target", "pull_request_review"])
def test_a_fork_beside_secrets_is_refused(runner, event):
    runner.pull_request(event, fork=True)
    assert _said(runner).startswith("refused ")


def test_a_branch_of_ones_own_may_use_any_event(runner):
    runner.pull_request("pull_request_target")
    assert _said(runner).startswith("trusted ")


@pytest.mark.parametrize(
    ("head", "trust"),
    [({"id": 1}, "trusted"), ({"id": 2}, "refused"), (None, "refused")],
)
def test_a_workflow_that_follows_a_fork_is_refused(runner, head, trust):
    run = {"head_repository": head}
    runner.event("workflow_run", {"workflow_run": run, "repository": {"id": 1}})
    assert _said(runner) == f"{trust} - -\n"


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_other_events_have_no_pull_request(runner, event):
    runner.event(event, {"ref": "refs/heads/main"})
    assert _said(runner) == "trusted - -\n"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        {"pull_request": {}},
        {"pull_request": {"number": "7; ls", "head": {"sha": "a" * 40}}},
        {"pull_request": {"number": True, "head": {"sha": "a" * 40}}},
        {"pull_request": {"number": 7, "head": {"sha": "$(ls)", "repo": None}}},
        {"pull_request": {"number": 7, "head": {"sha": "a" * 40, "repo": {"id": 1}}}},
    ],
)
def test_a_pull_request_that_cannot_be_read_stops_the_step(runner, payload):
    runner.event("pull_request", payload)
    ended = runner.script("event.py")
    assert (ended.code, ended.out) == (1, "")


def test_a_payload_that_is_gone_stops_the_step(runner):
    runner.event("pull_request", {})
    runner.files["GITHUB_EVENT_PATH"].unlink()
    assert runner.script("event.py").code == 1
