"""Pipelines run as written wherever the state lives, and hold no long-lived key."""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from object_server import BUCKET

from ctsync.cli.init.project_templates import PIPELINES, pipeline_text
from ctsync.cli.pipeline_homes import HOMES
from ctsync.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
RULES = """\
extends: default
rules:
  comments: {min-spaces-from-content: 1}
  document-start: disable
  line-length: {max: 120}
  truthy: {check-keys: false}
"""
SCHEMAS = {
    "github": ["vendor.github-workflows"],
    "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}
WRITTEN = [(c, s) for c in PIPELINES for s in HOMES]
CLOUDS = ("s3", "gs", "az")
NUMBERS = itertools.count()


def written(ci, state):
    return pipeline_text(PIPELINES[ci], ".", state)


@pytest.mark.parametrize(("ci", "state"), WRITTEN)
def test_what_is_written_passes_the_services_schema_and_the_linters(
    tool, shellcheck, run_blocks, tmp_path, ci, state
):
    path = tmp_path / "pipeline.yml"
    path.write_text(written(ci, state))
    linted = [tool("yamllint"), "--strict", "-d", RULES, str(path)]
    schema = [tool("check-jsonschema"), "--builtin-schema", *SCHEMAS[ci], str(path)]
    for words in (linted, schema):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    shell = "bash" if ci == "github" else "sh"
    for text in run_blocks(yaml.safe_load(path.read_text())):
        shellcheck(shell, text)


@pytest.mark.parametrize(("ci", "state"), WRITTEN)
def test_nothing_is_left_to_replace_and_no_key_is_asked_for(ci, state):
    text = written(ci, state)
    assert not re.search(r"@[A-Z_]+( \w+)?@", text)
    asked = set(re.findall(r"secrets\.(\w+)", text))
    assert asked <= {"STATE_URL", "CLEVERTAP_PASSCODE"}
    assert not re.search("SECRET_ACCESS_KEY|credentials_json|client-secret", text)


@pytest.mark.parametrize("state", HOMES)
def test_every_action_is_a_commit(state):
    jobs = yaml.safe_load(written("github", state))["jobs"].values()
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    others = [name for name in used if not name.startswith("./")]
    assert others
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", name) for name in others)


@pytest.mark.parametrize("state", HOMES)
def test_jobs_sign_in_before_they_touch_the_state_and_only_where_they_must(state):
    jobs = yaml.safe_load(written("github", state))["jobs"]
    for name, job in jobs.items():
        signs = [n for n, step in enumerate(job["steps"]) if "Sign in" in str(step)]
        assert len(signs) == (state in CLOUDS)
        assert ("id-token" in job["permissions"]) is (state in CLOUDS)
        for sign in signs:
            role = "APPLY" if name == "apply" else "PLAN"
            assert f"_{role}_" in str(job["steps"][sign])
            is_forkless = "head.repo" in job["steps"][sign].get("if", "")
            assert is_forkless is (name == "plan")
            touching = [n for n, s in enumerate(job["steps"]) if "STATE_URL" in str(s)]
            installed = [n for n, s in enumerate(job["steps"]) if "install" in str(s)]
            assert max(installed) < sign < min(touching)


@pytest.mark.parametrize("state", CLOUDS)
def test_gitlab_takes_a_token_of_each_job_for_the_role_of_that_job(state):
    jobs = yaml.safe_load(written("gitlab", state))
    for name, role in (("plan", "_PLAN_"), ("apply", "_APPLY_")):
        assert jobs[name]["id_tokens"]["CTSYNC_TOKEN"]["aud"]
        assert role in str(jobs[name]["variables"])
    assert "id_tokens" not in jobs["validate"]


GOOGLE = """
import json, sys, urllib.request

def answer(self, request, timeout=None):
    asked = [request.full_url, json.loads(request.data), dict(request.header_items())]
    with open(%r, "a") as log:
        log.write(json.dumps(asked) + "\\n")
    if %r in request.full_url:
        raise urllib.error.HTTPError(request.full_url, 403, "no", {}, None)
    lent, mine = {"access_token": "LENT"}, {"accessToken": "MINE"}
    said = lent if "sts." in request.full_url else mine
    return __import__("io").BytesIO(json.dumps(said).encode())

import urllib.error
urllib.request.OpenerDirector.open = answer
exec(compile(sys.stdin.read(), "script", "exec"))
"""


@pytest.mark.parametrize("refused", ["nobody", "sts.", "iamcredentials."])
def test_gitlab_exchanges_its_token_for_one_of_google(tmp_path, refused):
    """What stands in for Google notes what it was asked."""
    (block,) = (
        each
        for each in yaml.safe_load(written("gitlab", "gs"))[".ctsync"]["before_script"]
        if "GOOGLE_OAUTH_ACCESS_TOKEN" in each
    )
    log, fake = tmp_path / "asked", tmp_path / "fake.py"
    fake.write_text(GOOGLE % (str(log), refused))
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}"\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", "-eu", "-c", f'{block}\necho "$GOOGLE_OAUTH_ACCESS_TOKEN"'],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin", "CTSYNC_TOKEN": "SIGNED",
            "GOOGLE_PROVIDER": "projects/1/pools/p", "GOOGLE_ACCOUNT": "a@b.example",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    asked = [json.loads(line) for line in log.read_text().splitlines()]
    assert asked[0][0] == "https://sts.googleapis.com/v1/token"
    assert asked[0][1]["subjectToken"] == "SIGNED"
    assert asked[0][1]["audience"] == "//iam.googleapis.com/projects/1/pools/p"
    if refused != "nobody":
        assert done.returncode != 0
        assert "answered 403" in done.stderr
        assert "SIGNED" not in done.stdout + done.stderr
        return
    assert (done.returncode, done.stdout) == (0, "MINE\n"), done.stderr
    url, body, headers = asked[1]
    assert url.endswith("/serviceAccounts/a@b.example:generateAccessToken")
    assert body == {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
    assert headers["Authorization"] == "Bearer LENT"


def test_no_other_home_asks_google():
    for state in {*HOMES} - {"gs"}:
        assert "google" not in written("gitlab", state).lower()


@pytest.mark.parametrize("state", CLOUDS)
def test_init_writes_a_project_and_a_pipeline_for_a_bucket(runner, state):
    done = subprocess.run(
        [sys.executable, "-m", "ctsync", "init", "crm", "--account-id", "TEST-1",
         "--region", "in1", "--ci", "github", "--state", state],
        cwd=runner.folder,
        env=runner.environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    project = yaml.safe_load((runner.folder / "crm/ctsync.yaml").read_text())
    assert project["state"] == {"url": "${STATE_URL}", "name": "crm"}
    (found,) = runner.folder.rglob("requirements-ctsync.in")
    assert "ctsync[object-store]==" in found.read_text()


# On hosted runners: each job begins with nothing but the checkout


@pytest.fixture(params=["postgresql", "s3"])
def address(request):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_server").url()
    request.getfixturevalue("object_server")
    return f"s3://{BUCKET}/hosted/"


@pytest.fixture
def hosted(runner, address, request, monkeypatch):
    """What a job does, with the variables that lead to the server."""
    with Sandbox(account_id="TEST-1", passcode="CANARY-PASSCODE-7f3a") as platform:
        runner.project(f"""\
version: 1
name: crm
account: {{id: TEST-1, region: in1, endpoint: "{platform.url}"}}
state: {{url: "${{STATE_URL}}", name: crm-{next(NUMBERS)}}}
catalog: {{Points: {{type: counter}}}}
profiles:
  - identity: u1
    attributes: {{Plan: Gold, Points: 3}}
""")
        runner.variables["STATE_URL"] = address
        if address.startswith("s3"):
            server = request.getfixturevalue("object_server")
            runner.variables.update(server.variables())
        runner.platform = platform
        yield runner


def test_a_state_outlives_the_jobs_that_plan_apply_import_and_look(hosted):
    planned = hosted.action("plan")
    assert planned.code == 0, planned.said
    digest = planned.outputs["digest"]
    applied = hosted.action("apply", expect_digest=digest, first_run="true")
    assert applied.code == 0, applied.said
    assert {path.name for path in hosted.folder.iterdir()} == {"ctsync.yaml"}
    again = hosted.action("plan")
    assert (again.code, again.outputs["has-changes"]) == (0, "false")
    looked = hosted.action("state", arguments="show\nu1")
    assert looked.code == 0, looked.said
    assert "Points" in looked.summary
    doubted = hosted.action("state", arguments="doubt\r\n--all\r\n")
    assert doubted.code == 0, doubted.said
    assert "The state is at serial 2" in doubted.summary
    assert hosted.action("plan").outputs["has-changes"] == "true"
    imported = hosted.action("import", arguments="spec\n--dry-run")
    assert imported.code == 0, imported.said
    assert "CANARY" not in imported.said + imported.summary


def test_a_state_that_was_put_back_is_refused_by_the_mark_of_the_pipeline(hosted):
    """The workflow gives the variable to the job that applies."""
    steps = yaml.safe_load(written("github", "s3"))["jobs"]["apply"]["steps"]
    assert "vars.CTSYNC_HIGH_WATER" in steps[-1]["env"]["CTSYNC_HIGH_WATER"]
    digest = hosted.action("plan").outputs["digest"]
    hosted.variables["CTSYNC_HIGH_WATER"] = f"9:sha256:{'0' * 64}"
    applied = hosted.action("apply", expect_digest=digest, first_run="true")
    assert applied.code == 1
    assert "the state went back" in applied.summary
    hosted.variables["CTSYNC_HIGH_WATER"] = ""
    applied = hosted.action("apply", expect_digest=digest, first_run="true")
    assert applied.code == 0, applied.said


def test_words_of_state_and_import_stay_words(runner):
    runner.tool("ctsync", 'for word in "$@"; do echo "[$word]" >&2; done; exit 1')
    ended = runner.action("state", arguments="forget\n$(touch pwned)\n-x; ls")
    assert ended.code == 1
    for word in ("[forget]", "[$(touch pwned)]", "[-x; ls]", "[--auto-approve]"):
        assert word in ended.err
    looked = runner.action("state", arguments="list")
    assert "[--auto-approve]" not in looked.err
    assert runner.action("state").code == 64
    runner.pull_request(fork=True)
    assert runner.action("import", arguments="spec").code == 64


def test_only_an_import_sees_the_passcode_beside_apply(runner):
    runner.tool("ctsync", "env >&2; exit 1")
    assert "CANARY-PASSCODE" not in runner.action("state", arguments="list").said
    assert "CANARY-PASSCODE" in runner.action("import", arguments="api").said
