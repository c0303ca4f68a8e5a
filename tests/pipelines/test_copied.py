"""What `ctsync init` writes for GitHub runs as written, in another repository."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
INIT = ("init", "crm", "--account-id", "TEST-1", "--region", "in1", "--ci", "github")


@pytest.fixture
def begun(runner):
    """A repository in which a project was begun, in a folder of its own."""
    (runner.folder / ".git").mkdir()
    subprocess.run(
        [sys.executable, "-m", "ctsync", *INIT],
        cwd=runner.folder,
        env=runner.environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        check=True,
    )
    return runner


def _steps(runner, event):
    """Give the action's steps of the jobs that an event starts, with their inputs."""
    path = runner.folder / ".github/workflows/ctsync.yml"
    workflow = yaml.safe_load(path.read_text())
    for name, job in workflow["jobs"].items():
        if (name == "plan") == (event == "pull_request") and name in {
            "plan",
            "preview",
        }:
            for step in job["steps"]:
                is_ours = step.get("uses", "").startswith("./")
                if is_ours and step["with"]["command"] != "install":
                    yield step


def _play(runner, step):
    """Run a step as the runner does; what it takes from the run is left empty."""
    action = runner.folder / step["uses"]
    known = yaml.safe_load((action / "action.yml").read_text())["inputs"]
    given = {name: str(spec.get("default", "")) for name, spec in known.items()}
    given |= {name: str(value) for name, value in step["with"].items()}
    named = {
        f"CTSYNC_ACTION_{name.upper().replace('-', '_')}": value
        for name, value in given.items()
        if "${{" not in value
    }
    return runner.script(str(action / "run.sh"), **named)


def test_a_pull_request_is_validated_and_planned(begun, github):
    begun.pull_request()
    steps = [*_steps(begun, "pull_request")]
    assert [step["with"]["command"] for step in steps] == ["validate", "plan"]
    for step in steps:
        ended = _play(begun, step)
        assert ended.code == 0, ended.said
    (body,) = github.bodies
    assert body.startswith("<!-- ctsync:plan project=crm env=- digest=sha256:")


def test_a_push_is_planned_in_the_summary(begun):
    (step,) = _steps(begun, "push")
    ended = _play(begun, step)
    assert ended.code == 0, ended.said
    assert ended.outputs["has-changes"] == "true"
    assert "FIRST RUN" in ended.summary
