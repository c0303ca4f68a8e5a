"""Runs of a kind come whole, and all else in its place, some at once."""

import pytest

from ctsync.gathered_runs import gathered


class Whole(tuple):
    """A run that is worth it."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([], []),
        ([[1], [2, 3], [4]], [[1, 2], [3, 4]]),
        ([[1], Whole("ab"), [2, 3, 4]], [[1], Whole("ab"), [2, 3], [4]]),
        ([Whole("a"), Whole("b"), [], [1]], [Whole("a"), Whole("b"), [1]]),
    ],
)
def test_runs_come_in_order(runs, found):
    assert list(gathered(iter(runs), Whole, 2)) == found
