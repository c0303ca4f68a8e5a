"""Applies under load end well, or are taken up, at whatever moment they are killed."""

import os
from random import Random, SystemRandom

import pytest
from trial.strikes import Course, sandbox

# A pipeline decides over a change, so it gets the same moments each time.
ANY = 5 if os.environ.get("CI") else SystemRandom().randrange(10**6)


@pytest.mark.parametrize("seed", [4, ANY], ids=["4", "any"])
def test_a_run_that_is_killed_at_any_moment_is_taken_up(tmp_path, seed):
    with sandbox(seed) as platform:
        course = Course(tmp_path, platform, Random(seed), profiles=30)
        course.begin()
        course.one_round(strikes=3)
    assert course.totals["strikes"] == 3, f"seed {seed}"
