"""What the README shows is real: its YAML, the plan, the session, the commands."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def _block(mark: str) -> str:
    match = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert match, f"README.md has no block marked {mark}"
    return match[1]


def _steps():
    command, expected = None, []
    for line in _block("session").splitlines():
        if line.startswith("$ "):
            if command:
                yield command, expected
            command, expected = line[2:], []
        else:
            expected.append(line)
    yield command, expected


@pytest.mark.parametrize("mark", ["install-command", "main-command", "test-command"])
def test_set_up_is_one_line(mark):
    assert len(_block(mark).splitlines()) == 1


def _ctsync(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CTSYNC")}
    environment |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "ctsync", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ten_lines_of_yaml_give_the_plan_that_is_shown(tmp_path):
    """They are those of the demo, which the next lines tell to play."""
    played = _ctsync(tmp_path, "init", "--demo", "first")
    assert played.returncode == 0, played.stderr
    assert _block("yaml") == (tmp_path / "first" / "people.yaml").read_text()
    assert len(_block("yaml").splitlines()) == 10
    changes, summary = _block("plan").split("…\n")
    _, plan = played.stdout.split("4. Time passes")
    plan, _ = plan.split("5. The change")
    assert f"\n{changes}\n" in plan
    assert f"\n{summary}" in plan


def test_the_picture_is_there_and_small():
    (name,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert (ROOT / name).stat().st_size < 200_000


def test_the_session_runs_as_written(tmp_path):
    shutil.copytree(
        ROOT / "specs", tmp_path / "specs", ignore=shutil.ignore_patterns(".ctsync")
    )
    steps = list(_steps())
    assert len(steps) >= 5
    for command, expected in steps:
        program, *arguments = shlex.split(command)
        assert program == "ctsync"
        done = _ctsync(tmp_path, *arguments)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        lines = done.stdout.splitlines()
        for line in expected:
            if line != "…":
                assert line in lines, (command, line, done.stdout)


def test_the_readme_can_be_read_in_two_minutes():
    words = re.sub(r"```.*?```", "", README, flags=re.DOTALL).split()
    assert len(words) < 600
