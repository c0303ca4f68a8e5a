"""The README's session is run as it is written, and its commands are one line each."""

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


@pytest.mark.parametrize("mark", ["main-command", "test-command"])
def test_set_up_is_one_line(mark):
    assert len(_block(mark).splitlines()) == 1


def test_the_session_runs_as_written(tmp_path):
    shutil.copytree(
        ROOT / "specs", tmp_path / "specs", ignore=shutil.ignore_patterns(".ctsync")
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CTSYNC")}
    environment |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    steps = list(_steps())
    assert len(steps) >= 5
    for command, expected in steps:
        program, *arguments = shlex.split(command)
        assert program == "ctsync"
        done = subprocess.run(
            [sys.executable, "-m", "ctsync", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        lines = done.stdout.splitlines()
        for line in expected:
            if line != "…":
                assert line in lines, (command, line, done.stdout)


def test_the_readme_can_be_read_in_two_minutes():
    words = re.sub(r"```.*?```", "", README, flags=re.DOTALL).split()
    assert len(words) < 600
