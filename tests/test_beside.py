"""Two things at once: both are done when it ends, and what goes wrong is raised."""

from contextlib import nullcontext
from threading import Barrier, Event, Thread, Timer, current_thread
from weakref import ref

import pytest

from ctsync.beside import ahead, beside, by_hands, handed


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


def test_what_goes_wrong_in_the_body_gives_the_work_up():
    given_up = Event()
    with pytest.raises(KeyError), beside(lambda: given_up.wait(10), given_up.set):
        raise KeyError
    with beside(given_up.clear, given_up.set):
        pass
    assert not given_up.is_set()


@pytest.fixture
def no_threads(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", start)


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_the_work_is_done_first_and_once():
    done = []
    with beside(lambda: done.append("work")):
        done.append("body")
    assert done == ["work", "body"]


def test_items_are_made_ahead_of_who_takes_them():
    names, made = [], Event()

    def items():
        for number in range(9):
            names.append(current_thread().name)
            if number == 1:
                made.set()
            yield number

    with ahead(items()) as found:
        assert next(found) == 0
        assert made.wait(10)
        assert [*found] == [*range(1, 9)]
    assert {name.partition("_")[0] for name in names} == {"ctsync-ahead"}


def test_who_says_so_has_no_more_than_one_item_made_ahead():
    made, begun = [], Event()

    def items():
        for number in range(4):
            made.append(number)
            if number == 1:
                begun.set()
            yield number

    with ahead(items(), most=1) as found:
        assert next(found) == 0
        assert begun.wait(10)
    assert made == [0, 1]


def test_nothing_is_under_way_once_it_was_left():
    running, done = Event(), Event()

    def make(number):
        if number:
            running.set()
            assert not done.wait(0.2)
            done.set()
        return number

    with ahead(map(make, range(3)), most=1) as found:
        assert next(found) == 0
        assert running.wait(10)
    assert done.is_set()


def broken():
    yield 1
    yield 2
    raise ZeroDivisionError


def test_what_goes_wrong_with_an_item_is_raised_in_its_place():
    with ahead(broken()) as found:
        assert [next(found), next(found)] == [1, 2]
        with pytest.raises(ZeroDivisionError):
            next(found)


def test_who_leaves_early_has_few_items_made_for_nothing():
    made = []
    with ahead(made.append(number) or number for number in range(1_000)) as found:
        assert next(found) == 0
    assert len(made) < 10


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_each_item_is_made_in_its_turn():
    made = []
    with ahead(made.append(number) or number for number in range(3)) as found:
        for number in range(3):
            assert next(found) == number
            assert made == [*range(number + 1)]
        assert [*found] == []


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_each_item_is_made_once_and_in_order(monkeypatch, threads, count):
    left, start, made = [threads], Thread.start, []

    def scarce(thread):
        if not left[0]:
            left[0] = 1  # one is there later, too late to make anything again
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(Thread, "start", scarce)
    with ahead(map(made.append, range(count)), most=1) as found:
        assert [*found] == [None] * count
    assert made == [*range(count)]


def test_as_many_are_made_at_once_as_there_are_hands():
    meeting, threads = Barrier(2), set()

    def make(number):
        meeting.wait(10)  # nobody passes alone
        threads.add(current_thread())
        return -number

    with by_hands(make, range(8), hands=2) as found:
        assert [*found] == [-number for number in range(8)]
    assert len(threads) == 2
    assert {each.name.partition("_")[0] for each in threads} == {"ctsync-hand"}


def test_what_goes_wrong_in_a_hand_is_raised_in_its_place():
    with by_hands(lambda number: 6 // (2 - number), range(9), hands=2) as found:
        assert [next(found), next(found)] == [3, 6]
        with pytest.raises(ZeroDivisionError):
            next(found)


def test_nothing_is_in_any_hand_once_they_were_left():
    running, done, made = Barrier(3), [], []

    def make(number):
        made.append(number)
        if number:
            running.wait(10)
            assert not Event().wait(0.2)
            done.append(number)
        return number

    with by_hands(make, range(1_000), hands=2) as found:
        assert next(found) == 0
        running.wait(10)
    assert sorted(done) == [1, 2]
    assert sorted(made) == [0, 1, 2]


@pytest.mark.parametrize("threads", [0, 1, 2])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_what_hands_make_is_made_once_and_in_order(monkeypatch, threads, count):
    left, start, made = [threads], Thread.start, []

    def scarce(thread):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    def make(number):
        made.append(number)
        return -number

    monkeypatch.setattr(Thread, "start", scarce)
    with by_hands(make, range(count), hands=2) as found:
        assert [*found] == [-number for number in range(count)]
    assert sorted(made) == [*range(count)]


def set_soon(event):
    """Set it once whoever asks for that has begun to wait for something else."""
    Timer(0.05, event.set).start()


def test_items_are_taken_by_a_thread_in_the_order_in_which_they_are_handed_over():
    found = []

    def take(items):
        found.append(current_thread().name)
        found.extend(items)
        found.append("done")

    with handed(take) as handing:
        for number in range(9):
            handing.hand(number)
    assert found[0].startswith("ctsync-taking")
    assert found[1:] == [*range(9), "done"]


def test_who_says_that_there_are_no_more_items_waits_for_what_is_done_with_them():
    found = []
    with handed(lambda items: found.extend([*items, "done"])) as handing:
        handing.hand(1)
        handing.end()
        assert found == [1, "done"]
        handing.end()


def test_only_a_few_items_wait_for_who_takes_them():
    handed_over, goes_on = [], Event()

    def take(items):
        next(items)
        assert goes_on.wait(10)
        assert len(handed_over) <= 1 + 3 + 1
        assert [*items] == [*range(1, 99)]

    with handed(take) as handing:
        for number in range(99):
            handed_over.append(number)
            if number == 4:
                set_soon(goes_on)
            handing.hand(number)


def test_what_goes_wrong_in_taking_is_raised_where_items_are_handed_over():
    def take(items):
        next(items)
        raise ZeroDivisionError

    def all_of(handing):
        while True:
            handing.hand(1)

    with pytest.raises(ZeroDivisionError), handed(take) as handing:
        all_of(handing)
    with pytest.raises(ZeroDivisionError), handed(take) as handing:
        handing.hand(1)


class Item:
    """Something of which it can be told that nobody has it any more."""


def test_who_takes_no_more_items_keeps_neither_others_waiting_nor_items():
    found, leaves = [], Event()

    def take(items):
        found.append(next(items))
        assert leaves.wait(10)

    with handed(take) as handing:
        for number in range(99):
            if number == 4:
                set_soon(leaves)  # once as many wait as may
            handing.hand(number)
        item = Item()
        is_there = ref(item)
        handing.hand(item)
        del item
        assert is_there() is None
    assert found == [0]


@pytest.mark.parametrize("error", [None, KeyError])
def test_whoever_waits_for_a_further_item_hears_that_there_is_none(error):
    """Where something goes wrong, what was taken is not all there was."""
    found, asks = [], Event()

    def take(items):
        found.append(next(items))
        set_soon(asks)
        found.extend([*items, "done"])

    with pytest.raises(error) if error else nullcontext(), handed(take) as handing:
        handing.hand(1)
        assert asks.wait(10)
        if error:
            raise error
    assert found == ([1] if error else [1, "done"])


def test_what_waits_is_not_taken_once_something_went_wrong():
    found, goes_on = [], Event()

    def take(items):
        found.append(next(items))
        assert goes_on.wait(10)
        found.extend(items)

    with pytest.raises(KeyError), handed(take) as handing:
        raise KeyError(handing.hand(1), handing.hand(2), set_soon(goes_on))
    assert found in ([], [1])


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_there_is_nothing_to_hand_items_to():
    with handed(pytest.fail) as handing:
        assert handing is None
