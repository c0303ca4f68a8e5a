"""The soak runs; how long it is to run is for people to choose."""

import os
import subprocess
import sys
from pathlib import Path
from random import SystemRandom

import pytest

RUN = Path(__file__).with_name("run.py")


def soak(*words):
    return subprocess.run(
        [sys.executable, RUN, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


# A pipeline decides over a change, so it gets the same courses each time.
ANY = 2 if os.environ.get("CI") else SystemRandom().randrange(10**6)


@pytest.mark.parametrize("seed", [1, ANY], ids=["1", "any"])
def test_a_short_soak_breaks_no_law(seed):
    done = soak("--seed", seed, "--faults", 100, "--seconds", 20, "--profiles", 40)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"seed {seed}: " in done.stdout
    assert "0 violations" in done.stdout


def test_no_faults_asked_for_is_the_end_at_once():
    assert soak("--seed", 5, "--faults", 0).stdout.startswith("seed 5: 0 projects")
