"""What the action, the templates and the hook promise by their text alone."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github/actions/ctsync"
WORKFLOW = ROOT / "ctsync/templates/workflow.yml"
GITLAB = ROOT / "ctsync/templates/gitlab-ci.yml"
YAML = (ACTION / "action.yml", WORKFLOW, GITLAB, ROOT / ".pre-commit-hooks.yaml")
OURS = "./.github/actions/ctsync"
RULES = """\
extends: default
rules:
  comments: {min-spaces-from-content: 1}
  document-start: disable
  line-length: {max: 120}
  truthy: {check-keys: false}
"""


def _read(path):
    return yaml.safe_load(path.read_text())


def _triggers(workflow):
    return workflow[True]  # YAML 1.1 reads the key `on` so


def _steps():
    for name, job in _read(WORKFLOW)["jobs"].items():
        for step in job["steps"]:
            yield name, step


def _uses():
    return [step["uses"] for _, step in _steps() if "uses" in step]


@pytest.mark.parametrize("path", [ACTION / "install.sh", ACTION / "run.sh"])
def test_shellcheck_finds_nothing(tool, path):
    done = subprocess.run(
        [tool("shellcheck"), str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", [ACTION / "action.yml", WORKFLOW, GITLAB])
def test_shellcheck_finds_nothing_in_steps(shellcheck, run_blocks, path):
    shell = "sh" if path == GITLAB else "bash"
    blocks = run_blocks(_read(path))
    assert blocks
    for text in blocks:
        shellcheck(shell, text)


@pytest.mark.parametrize("path", YAML)
def test_yamllint_finds_nothing(tool, path):
    done = subprocess.run(
        [tool("yamllint"), "--strict", "-d", RULES, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (WORKFLOW, ["vendor.github-workflows"]),
        (ACTION / "action.yml", ["vendor.github-actions"]),
        (GITLAB, ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_the_services_schemas_hold(tool, path, words):
    done = subprocess.run(
        [tool("check-jsonschema"), "--builtin-schema", *words, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", [ACTION / "action.yml", WORKFLOW])
def test_no_expression_is_part_of_a_script(run_blocks, path):
    assert not [text for text in run_blocks(_read(path)) if "${{" in text]


def test_the_action_runs_no_other_action():
    assert "uses:" not in (ACTION / "action.yml").read_text()


def test_every_action_is_pinned():
    for name in set(_uses()):
        ref = name.partition("@")[2]
        pinned = re.fullmatch(r"[0-9a-f]{40}", ref)
        assert pinned or name == OURS, name


def test_nothing_has_to_be_replaced():
    for path in (WORKFLOW, GITLAB):
        text = path.read_text()
        lines = [
            line for line in text.splitlines() if not line.lstrip().startswith("#")
        ]
        assert not re.search(r"\b(OWNER|COMMIT|TODO)\b|@[A-Z]+@", "\n".join(lines))


def test_every_job_installs_with_hashes_before_it_has_a_secret():
    for job in _read(WORKFLOW)["jobs"].values():
        steps = job["steps"]
        first = next(step for step in steps if step.get("uses") == OURS)
        assert first["with"] == {
            "command": "install",
            "requirements": "${{ env.CTSYNC_REQUIREMENTS }}",
        }
        before = steps[: steps.index(first) + 1]
        assert not any("env" in step or "secrets." in str(step) for step in before)
        assert "env" not in job
        others = [s for s in steps if s.get("uses") == OURS and s is not first]
        assert others
        assert all("version" not in step["with"] for step in others)
    named = {"CTSYNC_REQUIREMENTS": "requirements-ctsync.txt"}
    assert _read(WORKFLOW)["env"] == named
    assert _read(GITLAB)["variables"].items() >= named.items()


def test_gitlab_installs_with_hashes_and_without_the_variables_of_the_job():
    (command,) = [c for c in _read(GITLAB)[".ctsync"]["before_script"] if "pip" in c]
    assert command.startswith("env -i PATH=")
    assert "--require-hashes --only-binary :all:" in command
    assert "PASSCODE" not in command
    assert "STATE" not in command


def test_the_copy_is_there_before_it_is_used():
    """An action of the repository itself is only found in a checkout."""
    for job in _read(WORKFLOW)["jobs"].values():
        used = [step.get("uses", "") for step in job["steps"]]
        assert "actions/checkout@" in used[0]
        assert OURS in used[1:]


def test_checkouts_leave_no_token_behind():
    checkouts = [step for _, step in _steps() if "checkout" in step.get("uses", "")]
    assert len(checkouts) == len(_read(WORKFLOW)["jobs"])
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_jobs_have_the_least_permissions():
    workflow = _read(WORKFLOW)
    assert workflow["permissions"] == {}
    granted = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert granted == {
        "plan": {"contents": "read", "pull-requests": "write"},
        "preview": {"contents": "read"},
        "apply": {"contents": "read", "pull-requests": "read"},
        "look": {"contents": "read", "issues": "write"},
    }


def test_strangers_files_never_meet_secrets():
    triggers = _triggers(_read(WORKFLOW))
    assert set(triggers) == {"pull_request", "push", "schedule", "workflow_dispatch"}


def test_only_guarded_jobs_have_the_passcode():
    holders = {name for name, step in _steps() if "PASSCODE" in str(step)}
    assert holders == {"apply", "look"}
    jobs = _read(WORKFLOW)["jobs"]
    assert jobs["apply"]["environment"] == "production"
    assert jobs["apply"]["concurrency"]["cancel-in-progress"] is False
    # Whoever looks has no reviewer, and so runs what main says, by itself, or not.
    assert jobs["look"]["environment"] == "looking"
    assert jobs["look"]["if"].startswith("github.event_name == 'schedule' && vars.")


def test_the_workflow_gives_inputs_that_the_action_has():
    known = set(_read(ACTION / "action.yml")["inputs"])
    for _, step in _steps():
        if step.get("uses") == OURS:
            assert set(step["with"]) <= known


def test_a_passcode_is_no_input():
    assert not [x for x in _read(ACTION / "action.yml")["inputs"] if "pass" in x]


def test_every_input_reaches_the_script_under_its_name():
    action = _read(ACTION / "action.yml")
    given = {}
    for step in action["runs"]["steps"]:
        given |= step["env"]
    names = {"github-token": "TOKEN"}
    assert given == {
        f"CTSYNC_ACTION_{names.get(name, name.upper().replace('-', '_'))}": (
            f"${{{{ inputs.{name} }}}}"
        )
        for name in action["inputs"]
    }
    scripts = "".join(path.read_text() for path in ACTION.glob("*.*"))
    read = set(re.findall(r"CTSYNC_ACTION_[A-Z_]*[A-Z]", scripts))
    assert read - set(given) == {"CTSYNC_ACTION_TIMEOUT_SECONDS"}


def test_every_input_and_output_is_documented():
    readme = (ACTION / "README.md").read_text()
    inputs, outputs = readme.split("## Inputs")[1].split("## Outputs")
    action = _read(ACTION / "action.yml")
    rows = re.compile(r"^\| `([a-z-]+)`", re.MULTILINE)
    assert set(rows.findall(inputs)) == set(action["inputs"])
    assert set(rows.findall(outputs.split("## What")[0])) == set(action["outputs"])


def test_every_output_is_set_by_the_scripts():
    scripts = "".join(path.read_text() for path in ACTION.glob("*.*"))
    for name, output in _read(ACTION / "action.yml")["outputs"].items():
        assert output["value"] == f"${{{{ steps.run.outputs.{name} }}}}"
        assert f"output {name} " in scripts or f'put_output("{name}"' in scripts


def test_gitlab_applies_by_hand_one_at_a_time_by_digest():
    apply = _read(GITLAB)["apply"]
    assert [rule["when"] for rule in apply["rules"]] == ["manual"]
    assert apply["environment"] == "production"
    assert apply["resource_group"]
    assert '--expect-digest="$CTSYNC_DIGEST"' in apply["script"][0]


def test_gitlab_shows_findings_beside_their_lines():
    validate = _read(GITLAB)["validate"]
    assert validate["artifacts"]["reports"] == {"codequality": "ctsync-quality.json"}
    assert validate["artifacts"]["when"] == "always"


def test_gitlab_keeps_no_saved_plan():
    artifacts = _read(GITLAB)["plan"]["artifacts"]
    assert artifacts["paths"] == ["ctsync-plan.md", "tfplan.json"]
    assert artifacts["reports"] == {"terraform": "tfplan.json", "dotenv": "ctsync.env"}


def test_the_passcode_is_named_and_never_written():
    for path in (WORKFLOW, GITLAB):
        for line in path.read_text().splitlines():
            if "PASSCODE" in line and not line.lstrip().startswith("#"):
                assert line.strip() == (
                    "CLEVERTAP_PASSCODE: ${{ secrets.CLEVERTAP_PASSCODE }}"
                )
