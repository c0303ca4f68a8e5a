"""The interval of Clopper and Pearson, and how surely it holds."""

import random

import pytest

from ctsync.model.interval import clopper_pearson


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    [
        # Published tables of the exact interval at 95 %.
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (50, 100, 0.3983, 0.6017),
        (95, 100, 0.8872, 0.9836),
        (0, 1000, 0.0, 0.003682),
    ],
)
def test_it_is_that_of_published_tables(hits, size, low, high):
    found = clopper_pearson(hits, size, confidence=0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_says_nothing():
    found = clopper_pearson(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000])
def test_it_holds_what_was_found_and_is_mirrored(size):
    for hits in {0, 1, size // 3, size // 2, size - 1, size}:
        found, mirrored = (
            clopper_pearson(hits, size),
            clopper_pearson(size - hits, size),
        )
        assert found.low <= hits / size <= found.high
        assert found.low == pytest.approx(1 - mirrored.high, abs=1e-9)


@pytest.mark.parametrize("share", [0.001, 0.03, 0.5, 0.97, 0.999])
def test_it_covers_the_truth_in_95_of_100_samples(share):
    rng = random.Random(f"cover {share}")
    covered = 0
    for _ in range(100):
        hits = sum(rng.random() < share for _ in range(200))
        found = clopper_pearson(hits, 200)
        covered += found.low <= share <= found.high
    assert covered >= 95
