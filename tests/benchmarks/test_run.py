"""The benchmarks run; how fast is for people to read, not for a test to judge."""

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")
NAMES = ("help", "small", "inline", "apply", "overlap", "render")


def run(*words):
    return subprocess.run(
        [sys.executable, RUN, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs_at_a_small_size_and_writes_its_table(name, tmp_path):
    file = tmp_path / "tables.md"
    done = run(name, "--rounds", "1", "--profiles", "20", "--markdown", file)
    assert (done.stderr, done.returncode) == ("", 0)
    assert file.read_text().startswith("### ")


def test_an_unknown_benchmark_is_refused_with_those_there_are():
    done = run("speed")
    assert done.returncode == 64
    assert ", ".join(NAMES) in done.stderr
