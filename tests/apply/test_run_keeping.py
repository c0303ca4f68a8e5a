"""The record of a run is kept once, whoever else is at work meanwhile."""

from threading import Event

import pytest

from ctsync.apply.folding.run_keeping import RunKeeping


class Keeping:
    """Notes that it began, and whether it ended; waits in between if it is told to."""

    def __init__(self, *, waits=False):
        self.waits, self.begun, self.said = waits, Event(), []

    def __call__(self, *, is_given_up, told=None):
        self.begun.set()
        self.said += told or ()
        while self.waits and not is_given_up():
            pass
        self.said.append("given up" if is_given_up() else "kept")
        if is_given_up():
            raise EOFError


def test_it_is_kept_while_something_else_goes_on_and_not_again():
    keep = Keeping()
    keeping = RunKeeping(keep)
    with keeping.kept_meanwhile():
        assert keep.begun.wait(10)
    keeping.keep()
    with keeping.kept_meanwhile():
        pass
    assert keep.said == ["kept"]


def test_it_is_kept_of_what_is_told_and_not_again():
    keep = Keeping()
    keeping = RunKeeping(keep)
    keeping.keep_told(["told"])
    keeping.keep_told(["twice"])
    keeping.keep()
    assert keep.said == ["told", "kept"]


def test_it_is_given_up_with_what_went_on_and_kept_afterwards():
    keep = Keeping(waits=True)
    keeping = RunKeeping(keep)
    with pytest.raises(KeyError), keeping.kept_meanwhile():
        raise KeyError(keep.begun.wait(10))
    keep.waits = False
    keeping.keep()
    keeping.keep()
    assert keep.said == ["given up", "kept"]


def test_what_could_not_be_kept_is_tried_again():
    def fails(*, is_given_up, told):
        raise ZeroDivisionError

    keeping = RunKeeping(fails)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), keeping.kept_meanwhile():
            pass
        with pytest.raises(ZeroDivisionError):
            keeping.keep()
