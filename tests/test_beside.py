"""Two things at once: both are done when it ends, and what goes wrong is raised."""

from threading import Event, Thread, current_thread

import pytest

from ctsync.beside import beside


def test_work_is_done_while_the_body_is():
    begun, goes_on, names = Event(), Event(), []

    def work():
        names.append(current_thread().name)
        begun.set()
        assert goes_on.wait(10)
        names.append("done")

    with beside(work):
        assert begun.wait(10)
        goes_on.set()
    assert names[0].startswith("ctsync-beside")
    assert names[1:] == ["done"]


def test_what_goes_wrong_in_the_work_is_raised():
    with pytest.raises(ZeroDivisionError), beside(lambda: 1 / 0):
        pass


def test_what_goes_wrong_in_the_body_is_raised_once_the_work_is_done():
    done = []
    with pytest.raises(KeyError), beside(lambda: done.append(1)):
        raise KeyError
    assert done == [1]


def test_without_a_thread_the_work_is_done_first_and_once(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", start)
    done = []
    with beside(lambda: done.append("work")):
        done.append("body")
    assert done == ["work", "body"]
