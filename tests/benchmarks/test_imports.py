"""What is heavy loads where it is used, so that little commands stay quick."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"jsonschema", "requests", "deepdiff", "filelock", "numpy", "http", "asyncio"}
READING = {"yaml", "orjson", "zoneinfo", "sqlite3", "tempfile", "ctsync.plan.make_plan"}

PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
"""
PEOPLE = """\
profiles:
  - identity: "1"
    attributes: {Name: Jack, Plan: Gold, Interests: [shoes], Since: 2024-02-29}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "ctsync.yaml").write_text(PROJECT)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    return tmp_path


def modules_loaded(folder, *words):
    """Give the names of all modules that a command loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ctsync", *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stderr.splitlines()
    return {
        line.rpartition("|")[2].strip()
        for line in lines
        if line.startswith("import time:")
    }


@pytest.mark.parametrize(
    "words",
    [("validate",), ("plan",), ("plan", "--format", "json"), ("plan", "--summary")],
)
def test_a_clean_project_loads_nothing_heavy(words, project):
    loaded = modules_loaded(project, *words)
    assert "ctsync.plan.make_plan" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("words", [("--help",), ("plan", "--help"), ("--version",)])
def test_help_reads_nothing(words, project):
    assert not modules_loaded(project, *words) & (HEAVY | READING)
