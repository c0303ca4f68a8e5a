"""A scheduled look at the platform: one issue while it finds anything."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from ctsync.sandbox import Sandbox

BOT = "github-actions[bot]"
PASSCODE = "CANARY-PASSCODE-7f3a"
ISSUE_TOKEN = "CANARY-ISSUE-TOKEN-55"
TEMPLATE = Path(__file__).parents[2] / "ctsync/templates/gitlab-ci.yml"
PROJECT = """\
version: 1
name: crm
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
profiles:
  - identity: ann@example.com
    attributes: {{Name: Ann Secret, Plan: Gold}}
  - identity: u2
    attributes: {{Plan: Gold}}
"""


class Account:
    """A platform to which a project was applied."""

    def __init__(self, runner, platform):
        self._platform = platform
        runner.project(PROJECT.format(url=platform.url))
        plan = str(runner.folder / "first.plan")
        made = runner.action("plan", plan_file=plan, comment="false")
        assert made.code == 0, made.said
        ended = runner.action("apply", plan_file=plan, first_run="true")
        assert ended.code == 0, ended.said

    def edit(self, plan="Silver"):
        edit = {"Plan": plan, "Name": "</pre>\n/close\n@everyone"}
        self._platform.platform.edit("identity", "ann@example.com", edit)

    def mend(self):
        edit = {"Plan": "Gold", "Name": "Ann Secret"}
        self._platform.platform.edit("identity", "ann@example.com", edit)


@pytest.fixture
def account(runner):
    with Sandbox(account_id="TEST-1", passcode=PASSCODE) as platform:
        yield Account(runner, platform)


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it(
    runner, github, account
):
    ended = runner.action("drift")
    assert (ended.code, github.issues) == (0, []), ended.said
    assert ended.outputs["has-drift"] == "false"
    account.edit()
    ended = runner.action("drift")
    assert ended.code == 0, ended.said
    assert (ended.outputs["has-drift"], ended.outputs["exit-code"]) == ("true", "2")
    (issue,) = github.open_issues
    assert issue["title"] == "ctsync: Drift (crm)"
    assert issue["body"].startswith("<!-- ctsync:drift project=crm env=- -->\n")
    account.edit("Bronze")
    assert runner.action("drift").code == 0
    assert len(github.issues) == 1
    assert "Bronze" in issue["body"]
    account.mend()
    assert runner.action("drift").code == 0
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert "No drift" in issue["body"]
    account.edit()
    assert runner.action("drift").code == 0
    assert [each["state"] for each in github.issues] == ["closed", "open"]


def test_an_issue_shows_nothing_that_is_personal_or_secret(runner, github, account):
    account.edit()
    ended = runner.action("drift")
    (issue,) = github.issues
    for secret in ("ann@example.com", "Ann Secret", "everyone", "CANARY"):
        assert secret not in issue["body"] + issue["title"] + ended.said


def test_verify_has_an_issue_of_its_own(runner, github, account):
    account.edit()
    assert runner.action("drift").code == 0
    ended = runner.action("verify")
    assert ended.code == 0, ended.said
    drift, verify = github.open_issues
    assert verify["title"] == "ctsync: Acknowledged values are missing (crm)"
    assert "1 of 3 acknowledged values" in verify["body"]
    account.mend()
    assert runner.action("verify").code == 0
    assert (drift["state"], verify["state"]) == ("open", "closed")


def test_a_sample_closes_no_issue(runner, github, account):
    account.edit()
    assert runner.action("drift").code == 0
    account.mend()
    assert runner.action("drift", sample="2").code == 0
    assert len(github.open_issues) == 1


def test_a_read_that_failed_leaves_the_issue_alone(runner, github, account):
    account.edit()
    assert runner.action("drift").code == 0
    writes = len(github.writes)
    account._platform.stop()
    ended = runner.action("drift")
    account._platform.start()
    assert ended.code == 1
    assert "has-drift" not in ended.outputs
    assert len(github.writes) == writes


def test_strangers_and_pull_requests_with_the_marker_are_not_ours(
    runner, github, account
):
    account.edit()
    body = "<!-- ctsync:drift project=crm env=- -->"
    github.add_issue("mallory", body=body)
    github.add_issue(BOT, body=body, pull_request={})
    github.add_issue(BOT, body=body.replace("crm", "other"))
    assert runner.action("drift").code == 0
    assert [issue["body"] for issue in github.issues[:2]] == [body, body]
    assert len(github.open_issues) == 4


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_drift_of_which_nobody_is_told_fails_the_step(runner, github, account, method):
    account.edit()
    github.statuses[method] = 403
    ended = runner.action("drift")
    assert ended.code == 1
    assert any("issues: write" in line for line in ended.commands)


def test_without_the_issue_the_summary_says_it(runner, github, account):
    account.edit()
    ended = runner.action("drift", issue="false")
    assert (ended.code, github.issues) == (0, [])
    assert "### ctsync: Drift" in ended.summary


def test_a_pull_request_from_a_fork_reads_nothing(runner, account):
    runner.pull_request(fork=True)
    assert runner.action("drift").code == 64


# --- GitLab


class GitLab(BaseHTTPRequestHandler):
    """The part of GitLab's REST API that the job needs, as its public docs say."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        assert query["state"] == ["opened"]
        found = [
            issue
            for issue in self.server.issues
            if issue["state"] == "opened" and "ctsync" in issue["labels"]
        ]
        start = 100 * (int(query["page"][0]) - 1)
        self._answer(found[start : start + 100])

    def do_POST(self):
        number = len(self.server.issues) + 1
        self.server.issues.append({"iid": number, "state": "opened"} | self._body())
        self._answer(self.server.issues[-1])

    def do_PUT(self):
        issue = self.server.issues[int(self.path.rpartition("/")[2]) - 1]
        said = self._body()
        if said.pop("state_event", None) == "close":
            issue["state"] = "closed"
        issue |= said
        self._answer(issue)

    def _body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, document):
        self.server.tokens.add(self.headers["PRIVATE-TOKEN"])
        assert self.path.startswith("/api/v4/projects/17/issues")
        text = json.dumps(document).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def gitlab():
    with ThreadingHTTPServer(("127.0.0.1", 0), GitLab) as server:
        server.issues, server.tokens, server.status = [], set(), 200
        serve = threading.Thread(target=server.serve_forever, args=(0.01,))
        serve.start()
        yield server
        server.shutdown()
        serve.join()


@pytest.fixture
def look(runner, gitlab, account):
    """Run the job as it stands in the template."""

    def run(**variables):
        script = "\n".join(yaml.safe_load(TEMPLATE.read_text())["look"]["script"])
        tools = f"{runner.temp}/ctsync-action/bin:{runner.variables['PATH']}"
        path = runner.write("look.sh", script)
        known = {
            "CI_API_V4_URL": f"http://127.0.0.1:{gitlab.server_port}/api/v4",
            "CI_PROJECT_ID": "17",
            "CTSYNC_ISSUE_TOKEN": ISSUE_TOKEN,
            "CTSYNC_LOOK": "drift",
            "CTSYNC_PROJECT": ".",
            "PATH": tools,
        }
        return runner.run(["sh", "-e", str(path)], **{**known, **variables})

    return run


def test_gitlab_keeps_one_issue_too(gitlab, account, look):
    assert look().returncode == 0
    assert gitlab.issues == []
    account.edit()
    done = look()
    assert done.returncode == 2, done.stderr
    account.edit("Bronze")
    assert look().returncode == 2
    (issue,) = gitlab.issues
    assert issue["title"] == "ctsync drift (crm, -)"
    assert issue["confidential"] is True
    assert "Bronze" in issue["description"]
    for secret in ("ann@example.com", "Ann Secret", "CANARY"):
        assert secret not in issue["description"] + done.stdout + done.stderr
    account.mend()
    assert look(CTSYNC_SAMPLE="1").returncode == 0
    assert issue["state"] == "opened"
    assert look().returncode == 0
    assert issue["state"] == "closed"
    assert gitlab.tokens == {ISSUE_TOKEN}


def test_gitlab_finds_its_issue_behind_many_others(gitlab, account, look):
    other = {"state": "opened", "labels": "ctsync", "description": None}
    gitlab.issues += [{"iid": n + 1, **other} for n in range(150)]
    account.edit()
    assert look().returncode == 2
    assert look(CTSYNC_LOOK="verify").returncode == 2
    assert look().returncode == 2
    assert len(gitlab.issues) == 152


def test_gitlab_says_what_an_issue_lacks(gitlab, account, look):
    account.edit()
    assert "CTSYNC_ISSUE_TOKEN" in look(CTSYNC_ISSUE_TOKEN="").stderr
    gitlab.status = 403
    refused = look()
    assert refused.returncode == 1
    assert "scope api" in refused.stderr
    assert look(CI_API_V4_URL="http://gitlab.example/api/v4").returncode == 1
    assert look(CTSYNC_LOOK="plan").returncode == 64
