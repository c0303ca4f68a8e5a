"""The action's commands, with ctsync itself and a stand-in for GitHub."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".github/actions/ctsync/run.sh"
PROJECT = """\
version: 1
name: crm
account: {id: TEST-1, region: in1}
state: state.jsonl
profiles:
  - identity: u1
    attributes: {Plan: Gold}
"""
BLOCKED = PROJECT + "policy: {limits: {create: 0}}\n"
BROKEN = PROJECT.replace("Gold", "''")


@pytest.fixture(autouse=True)
def _project(runner):
    runner.project()


def test_a_valid_project_passes(runner):
    ended = runner.action("validate")
    assert (ended.code, ended.commands) == (0, [])
    assert ended.outputs["exit-code"] == "0"
    assert ended.summary == "### ctsync validate: the project is valid\n\n"


def test_findings_stand_beside_their_lines_of_the_workspace(runner):
    runner.project(BROKEN, "crm:eu/people")
    ended = runner.action("validate", project="crm:eu/people")
    assert ended.code == 1
    (command,) = ended.commands
    assert command.startswith("::error file=crm%3Aeu/people/ctsync.yaml,line=7,")
    assert "crm:eu/people/ctsync.yaml:7:" in ended.summary
    assert ended.outputs["exit-code"] == "1"


def test_a_plan_with_changes_is_a_success_in_one_comment(runner, github, digest_in):
    runner.pull_request()
    ended = runner.action("plan")
    assert (ended.code, ended.commands) == (0, []), ended.said
    assert ended.outputs["has-changes"] == "true"
    assert ended.outputs["exit-code"] == "2"
    (body,) = github.bodies
    assert body.startswith(ended.summary.rstrip())
    assert ended.outputs["digest"] == digest_in(body)
    counts = json.loads(ended.outputs["counts"])
    assert counts["profiles"]["create"] == 1
    document = json.loads(Path(ended.outputs["json-file"]).read_text())
    assert document["digest"] == ended.outputs["digest"]
    assert Path(ended.outputs["plan-file"]).stat().st_mode & 0o077 == 0
    report = Path(ended.outputs["report-file"]).read_text()
    assert report.startswith("<!-- ctsync:plan project=crm env=-")
    runner.action("plan")
    assert len(github.bodies) == 1


def test_a_plan_without_changes_says_so(runner):
    runner.project(PROJECT.replace("profiles", "x-profiles"))
    ended = runner.action("plan")
    assert (ended.code, ended.outputs["exit-code"]) == (0, "0")
    assert ended.outputs["has-changes"] == "false"


def test_a_blocked_plan_fails_after_the_comment(runner, github):
    runner.project(BLOCKED)
    runner.pull_request()
    ended = runner.action("plan")
    assert (ended.code, ended.outputs["exit-code"]) == (6, "6")
    assert ended.outputs["has-changes"] == "true"
    assert "BLOCKED" in github.bodies[0]
    assert "blocked by policy" in ended.commands[-1]


def test_a_plan_that_fails_leaves_no_comment(runner, github):
    runner.project(BROKEN)
    runner.pull_request()
    ended = runner.action("plan")
    assert (ended.code, ended.outputs["exit-code"]) == (1, "1")
    assert "ctsync plan failed (exit code 1)" in ended.summary
    assert "digest" not in ended.outputs
    assert github.requests == []


def test_a_plan_passes_though_github_refuses_the_comment(runner, github):
    github.statuses["GET"] = 403
    runner.pull_request()
    ended = runner.action("plan")
    assert ended.code == 0
    assert ended.commands[-1].startswith("::warning ")
    assert ended.outputs["has-changes"] == "true"


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_without_comment_or_pull_request_github_is_not_asked(runner, github, event):
    if event == "pull_request":
        runner.pull_request()
    comment = "false" if event == "pull_request" else "true"
    assert runner.action("plan", comment=comment).code == 0
    assert github.requests == []


def test_a_fork_is_only_validated(runner, github):
    runner.pull_request(fork=True)
    ended = runner.action("plan", comment="true")
    assert ended.code == 0
    assert "the project is valid" in ended.summary
    assert "plan-file" not in ended.outputs
    assert github.requests == []


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_a_fork_beside_secrets_is_refused(runner, github, command):
    runner.tool("ctsync", "touch pwned")
    runner.pull_request("pull_request_target", fork=True)
    ended = runner.action(command)
    assert (ended.code, ended.outputs["exit-code"]) == (64, "64")
    assert "use pull_request, not pull_request_target" in ended.commands[-1]


def test_a_fork_cannot_apply(runner):
    runner.tool("ctsync", "touch pwned")
    runner.pull_request(fork=True)
    assert runner.action("apply", expect_digest="sha256:" + "1" * 64).code == 64


def test_what_was_planned_is_applied_by_digest(runner):
    digest = runner.action("plan", sandbox="true").outputs["digest"]
    ended = runner.action("apply", sandbox="true", expect_digest=digest)
    assert ended.code == 0, ended.said
    counts = json.loads(ended.outputs["counts"])
    assert counts == {"acknowledged": 1, "rejected": 0, "unknown": 0, "not_sent": 0}
    assert "### Apply: 1 acknowledged, 0 rejected" in ended.summary
    lines = Path(ended.outputs["report-file"]).read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["acknowledged"]


def test_another_digest_sends_nothing(runner):
    ended = runner.action("apply", sandbox="true", expect_digest="sha256:" + "1" * 64)
    assert (ended.code, ended.outputs["exit-code"]) == (4, "4")
    assert "not sha256:1111" in ended.commands[-1]
    assert runner.action("plan", sandbox="true").outputs["has-changes"] == "true"


@pytest.mark.parametrize("name", ["crm", "crm/ctsync.yaml"])
def test_a_saved_plan_is_applied_as_it_is(runner, name):
    runner.project(folder="crm")
    plan = runner.action("plan", project=name, sandbox="true", plan_file="today.plan")
    assert plan.outputs["plan-file"] == "today.plan"
    ended = runner.action("apply", project=name, sandbox="true", plan_file="today.plan")
    assert ended.code == 0, ended.said
    assert json.loads(ended.outputs["counts"])["acknowledged"] == 1
    assert ended.outputs["digest"] == plan.outputs["digest"]


def test_a_saved_plan_of_another_digest_is_refused(runner):
    runner.action("plan", sandbox="true", plan_file="today.plan")
    digest = "sha256:" + "1" * 64
    ended = runner.action(
        "apply", sandbox="true", plan_file="today.plan", expect_digest=digest
    )
    assert (ended.code, ended.outputs["exit-code"]) == (4, "4")


@pytest.mark.parametrize("code", [3, 130, 143])
def test_an_incomplete_apply_fails_the_step_and_says_what_is_left(runner, code):
    digest = "sha256:" + "1" * 64
    profiles = {"create": 9, "update": 0, "release": 0}
    counts = {"acknowledged": 5, "rejected": 2, "unknown": 1, "not_sent": 1}
    plan = {"digest": digest, "summary": {"profiles": profiles}}
    told = {"digest": digest, "counts": counts, "stopped": "canary", "next": "x```y"}
    runner.write("plan.json", json.dumps(plan))
    runner.write("apply.json", json.dumps(told))
    runner.tool(
        "ctsync",
        'case "$1" in plan) cat plan.json; exit 2 ;;'
        f" apply) cat apply.json; exit {code} ;; esac",
    )
    ended = runner.action("apply", expect_digest=digest)
    assert (ended.code, ended.outputs["exit-code"]) == (code, str(code))
    assert json.loads(ended.outputs["counts"]) == counts
    said = "### Apply: 5 acknowledged, 2 rejected, 1 unknown, 1 not sent"
    assert said in ended.summary
    assert "````text\nx```y\n````" in ended.summary


def test_an_output_is_one_line(runner):
    ended = runner.action("plan", sandbox="true", plan_file="a\ndigest=evil")
    assert ended.code != 0
    assert "evil" not in str(ended.outputs.get("digest"))


def test_a_file_that_is_no_plan_is_refused(runner):
    runner.write("today.plan", "{}\n")
    ended = runner.action("apply", plan_file="today.plan")
    assert ended.code in {1, 4}
    assert "ctsync show failed" in ended.summary


def test_what_was_merged_is_applied(runner, github):
    runner.pull_request()
    runner.action("plan", sandbox="true")
    runner.event("push", {})
    github.add_pull()
    ended = runner.action("apply", sandbox="true", expect_digest="merged")
    assert ended.code == 0, ended.said
    assert json.loads(ended.outputs["counts"])["acknowledged"] == 1
    github.pulls.clear()
    again = runner.action("apply", sandbox="true", expect_digest="merged")
    assert (again.code, again.outputs["exit-code"]) == (0, "0")
    assert "nothing to apply" in again.commands[-1]


def test_what_nobody_reviewed_is_not_applied(runner, github):
    github.add_pull()
    ended = runner.action("apply", sandbox="true", expect_digest="merged")
    assert (ended.code, ended.outputs["exit-code"]) == (4, "4")
    assert "wrote no plan on pull request 7" in ended.err


def test_without_an_approval_nothing_is_applied(runner):
    runner.tool("ctsync", "touch pwned")
    ended = runner.action("apply", sandbox="true")
    assert (ended.code, ended.outputs["exit-code"]) == (64, "64")


def test_a_blocked_plan_is_not_applied(runner):
    runner.project(BLOCKED)
    digest = "sha256:" + "1" * 64
    ended = runner.action("apply", sandbox="true", expect_digest=digest)
    assert ended.code == 6
    accepted = runner.action("plan", sandbox="true", accept="create=1\n")
    assert accepted.code == 0
    ended = runner.action(
        "apply",
        sandbox="true",
        accept="create=1",
        expect_digest=accepted.outputs["digest"],
    )
    assert ended.code == 0, ended.said


def test_selectors_and_limits_are_lines(runner):
    runner.tool("ctsync", 'for word in "$@"; do echo "[$word]" >&2; done; exit 64')
    ended = runner.action(
        "plan",
        environment="--sandbox",
        target="  identity=a b*  \n\nattribute=$(touch pwned)\n",
        accept="update=4",
        project="-x; touch pwned",
    )
    words = [line[1:-1] for line in ended.err.splitlines() if line.startswith("[")]
    assert words[:6] == [
        "plan",
        "--no-color",
        "--env=--sandbox",
        "--target=identity=a b*",
        "--target=attribute=$(touch pwned)",
        "--accept=update=4",
    ]
    assert words[-2:] == ["--", "-x; touch pwned"]
    assert ended.code == 64


def test_a_first_run_is_approved_by_its_switch(runner):
    plan = runner.action("plan", plan_file="today.plan")
    real = (runner.temp / "ctsync-action/bin/ctsync").read_text().splitlines()[1]
    show = 'for word in "$@"; do echo "[$word]" >&2; done; exit 5'
    runner.tool("ctsync", f'if [ "$1" = show ]; then {real}; fi\n{show}')
    digest = plan.outputs["digest"]
    inputs = {"plan_file": "today.plan", "expect_digest": digest}
    for first_run in ("false", "true"):
        ended = runner.action("apply", first_run=first_run, **inputs)
        assert ("[--first-run]" in ended.err) is (first_run == "true")
        assert "[-C]\n[.]\n[apply]" in ended.err
        assert "[--auto-approve]" not in ended.err
        assert ended.code == 5


@pytest.mark.parametrize("command", ["", "Plan", "validate; touch pwned", "$(ls)"])
def test_an_unknown_command_is_usage(runner, command):
    assert runner.action(command).code == 64


@pytest.mark.parametrize("value", ["yes", "TRUE", "1"])
def test_a_switch_is_true_or_false(runner, value):
    ended = runner.action("plan", sandbox=value)
    assert ended.code == 64
    assert "neither true nor false: SANDBOX" in ended.commands[-1]


def test_only_an_apply_sees_the_passcode_and_nothing_sees_the_token(runner):
    runner.tool("ctsync", "env >&2; exit 1")
    planned = runner.action("plan")
    assert "CANARY" not in planned.said
    applied = runner.action("apply", expect_digest="merged")
    assert "CANARY-PASSCODE" in applied.said
    assert "CANARY-TOKEN" not in applied.said


def test_what_ctsync_says_gives_the_runner_no_commands(runner):
    said = "::set-output name=digest::evil\\n::error::evil\\n::add-mask::a"
    runner.tool("ctsync", f"printf '{said}' >&2; printf '::error::evil' ; exit 1")
    for command in ("plan", "validate"):
        ended = runner.action(command)
        assert ended.code == 1
        assert "::add-mask::a" in ended.err
        assert not [x for x in ended.commands if "set-output" in x or "mask" in x]


def test_a_command_that_leaves_no_document_fails_the_step(runner):
    runner.tool("ctsync", "exit 137")
    ended = runner.action("plan")
    assert (ended.code, ended.outputs["exit-code"]) == (137, "137")
    assert "ctsync plan ended with exit code 137" in ended.summary


def test_a_cancelled_job_lets_ctsync_finish(runner, tmp_path):
    script = """
    trap 'echo "cut off" >&2; done=yes' TERM
    echo started >&2
    while [ -z "$done" ]; do sleep 0.02; done
    exit 143
    """
    runner.tool("ctsync", script)
    log = tmp_path / "log"
    with (
        log.open("w") as err,
        subprocess.Popen(
            ["bash", str(RUN)],
            cwd=runner.folder,
            env=runner.environment(CTSYNC_ACTION_COMMAND="validate"),
            stderr=err,
            stdout=subprocess.DEVNULL,
        ) as process,
    ):
        while "started" not in log.read_text():
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 143
    assert "cut off" in log.read_text()
