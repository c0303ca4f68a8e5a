"""The pre-commit hook: offline, quick, and about the whole project."""

import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
OFFLINE = """\
import socket
def refuse(*args, **kwargs):
    raise SystemExit("a hook that reaches for the network")
socket.socket = refuse
"""


def _run(runner, folder):
    runner.write("offline/sitecustomize.py", OFFLINE)
    program, *words = shlex.split(HOOK["entry"])
    assert program == "ctsync"
    path = f"{runner.folder / 'offline'}:{ROOT}"
    return subprocess.run(
        [sys.executable, "-m", "ctsync", *words, folder],
        cwd=runner.folder,
        env=runner.environment(PYTHONPATH=path),
        capture_output=True,
        text=True,
        check=False,
    )


def _processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_it_takes_under_a_second_of_processor_time_offline(runner):
    runner.project(folder="crm")
    before = _processor_seconds()
    done = _run(runner, "crm")
    spent = _processor_seconds() - before
    assert done.returncode == 0, done.stderr
    assert spent < 1


def test_it_refuses_what_is_wrong(runner):
    runner.project("version: 2\n", "crm")
    assert _run(runner, "crm").returncode == 1


def test_the_project_is_checked_whole():
    assert HOOK["pass_filenames"] is False
    assert HOOK["language"] == "python"


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("people/jack.yaml", True),
        ("crm/tables.yml", True),
        ("export/loyalty.csv.gz", True),
        ("export/loyalty.parquet", True),
        ("README.md", False),
        ("jack.yaml.orig", False),
    ],
)
def test_it_starts_with_files_of_a_project(name, starts):
    assert bool(re.search(HOOK["files"], name)) is starts
