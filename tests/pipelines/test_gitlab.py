"""The scripts of GitLab's template, run as they stand there."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

TEMPLATE = Path(__file__).parents[2] / "ctsync/templates/gitlab-ci.yml"


@pytest.fixture
def job(runner):
    def run(name, source="merge_request_event", project="."):
        script = "\n".join(yaml.safe_load(TEMPLATE.read_text())[name]["script"])
        path = f"{runner.temp}/ctsync-action/bin:{runner.variables['PATH']}"
        variables = {"CI_PIPELINE_SOURCE": source, "CTSYNC_PROJECT": project}
        return subprocess.run(
            ["sh", "-e", "-c", script],
            cwd=runner.folder,
            env=runner.environment(PATH=path, **variables),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def plan(job):
    return lambda *words, **names: job("plan", *words, **names)


def _left(runner):
    return {path.name for path in runner.folder.iterdir() if path.is_file()}


def test_the_widget_gets_its_counts_and_apply_its_digest(runner, plan, digest_in):
    runner.project(folder="crm")
    done = plan(project="crm")
    assert done.returncode == 0, done.stderr
    counts = json.loads((runner.folder / "tfplan.json").read_text())
    assert counts == {"create": 1, "update": 0, "delete": 0}
    report = (runner.folder / "ctsync-plan.md").read_text()
    variables = (runner.folder / "ctsync.env").read_text()
    assert variables == f"CTSYNC_DIGEST={digest_in(report)}\n"
    assert _left(runner) == {"tfplan.json", "ctsync-plan.md", "ctsync.env"}


def test_a_schedule_says_that_changes_are_pending(runner, plan):
    runner.project()
    assert plan("schedule").returncode == 2
    runner.write(
        "ctsync.yaml", "version: 1\naccount: {id: A-1, region: in1}\nstate: s.jsonl"
    )
    assert plan("schedule").returncode == 0


def test_a_blocked_plan_fails_with_its_reports(runner, plan):
    runner.project()
    with (runner.folder / "ctsync.yaml").open("a") as file:
        file.write("policy: {limits: {create: 0}}\n")
    assert plan().returncode == 6
    assert "tfplan.json" in _left(runner)


def test_findings_name_their_files_as_the_repository_does(runner, job):
    runner.project(folder="crm")
    assert job("validate", project="crm").returncode == 0
    assert json.loads((runner.folder / "ctsync-quality.json").read_text()) == []
    runner.write("crm/people.yaml", "profiles:\n  - identity: u2\n    attribute: {}\n")
    done = job("validate", project="crm")
    assert done.returncode == 1
    assert "people.yaml:3:5: error CT102" in done.stdout
    (issue,) = json.loads((runner.folder / "ctsync-quality.json").read_text())
    assert issue["check_name"] == "CT102"
    assert issue["location"] == {"path": "crm/people.yaml", "lines": {"begin": 3}}


def test_a_broken_project_leaves_no_reports(runner, plan):
    runner.write("ctsync.yaml", "version: 2\n")
    assert plan().returncode == 1
    assert _left(runner) == {"ctsync.yaml"}
