"""Fetching ahead: in order, one at a time, and never left under way."""

from threading import Event, Thread, current_thread

import pytest

from ctsync.engines.prefetch import fetched_ahead, taken_ahead


def test_what_is_fetched_comes_in_the_order_in_which_it_is_wanted():
    assert list(fetched_ahead(lambda n: n * n, range(5))) == [0, 1, 4, 9, 16]
    assert list(fetched_ahead(lambda n: n * n, ())) == []


def test_one_piece_is_fetched_while_the_one_before_is_worked_on():
    fetched = [Event() for _ in range(3)]

    def fetch(number):
        fetched[number].set()
        return number, current_thread().name

    pieces = fetched_ahead(fetch, range(3))
    number, thread = next(pieces)
    assert number == 0
    assert thread.startswith("ctsync-ahead")
    assert fetched[1].wait(10)
    assert not fetched[2].is_set()
    pieces.close()


def test_what_goes_wrong_is_raised_where_it_was_wanted():
    def fetch(number):
        return 1 / number

    pieces = fetched_ahead(fetch, [1, 2, 0, 4])
    assert [next(pieces), next(pieces)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(pieces)


def test_nothing_is_under_way_once_it_was_closed():
    running, done = Event(), Event()

    def fetch(number):
        if number:
            running.set()
            assert not done.wait(0.2)
            done.set()
        return number

    pieces = fetched_ahead(fetch, range(3))
    next(pieces)
    assert running.wait(10)
    pieces.close()
    assert done.is_set()


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("number", [0, 1, 5])
def test_each_is_fetched_once_and_in_order(monkeypatch, threads, number):
    left = [threads]
    start = Thread.start

    def scarce(thread):
        if not left[0]:
            left[0] = 1  # one is there later, too late to fetch anything again
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(Thread, "start", scarce)
    fetched = []

    def fetch(each):
        fetched.append(each)
        return each * 10

    assert list(fetched_ahead(fetch, range(number))) == [n * 10 for n in range(number)]
    assert fetched == list(range(number))


def test_pieces_are_taken_in_order_one_ahead():
    taken = []

    def pieces():
        for number in range(4):
            taken.append(number)
            yield number

    coming = taken_ahead(pieces())
    assert next(coming) == 0
    coming.close()
    assert taken == [0, 1]
    assert list(taken_ahead(pieces())) == [0, 1, 2, 3]
    assert list(taken_ahead(iter(()))) == []
