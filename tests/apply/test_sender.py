"""Who decides about calls: how many leave, what waits, what ends a run."""

from threading import Barrier, Event, Thread
from time import monotonic, sleep

import pytest
from lone_sender import MOVED, TIMEOUT, Notes, Sending, ended, outcomes, replied

from ctsync.errors import CtsyncError, StateError
from ctsync.plan.document.batches import RecordSlice
from ctsync.transport.upload_result import CallEnding

LOST, THROTTLED = ended(CallEnding.LOST), ended(CallEnding.THROTTLED)
UNREACHABLE = ended(CallEnding.UNREACHABLE)
PATIENCE = 5


@pytest.fixture
def sending(cargo_of):
    made = []

    def make(letters, answers=None, **given):
        made.append(Sending(cargo_of, letters, answers, **given))
        return made[-1]

    yield make
    for each in made:
        each.sender.close()


def held(run, *letters):
    """Keep the calls of some from being answered until the event is set."""
    gate = Event()
    for letter in letters:
        run.platform.holds[letter].append(lambda: gate.wait(timeout=PATIENCE))
    return gate


def first_answer(run, noted):
    """Answer the first call when so many are noted; then let the answer be heard.

    Else who is noted meanwhile would take its lane before anyone has decided.
    """
    gate = held(run, "a")
    run.until(lambda: len(run.notes.intents) == noted)
    run.turns(3)
    gate.set()
    run.until(lambda: run.notes.receipts)


# How many are under way


@pytest.mark.parametrize(
    ("concurrency", "counters", "is_far", "most"),
    [
        (1, False, False, 1),
        (1, False, True, 1),
        (3, False, False, 6),
        (3, False, True, 6),
        (3, True, False, 3),
        (3, True, True, 4),
        (4, True, True, 6),
    ],
)
def test_only_so_many_are_in_doubt_if_this_ends_badly(
    sending, concurrency, counters, is_far, most
):
    """As many again are noted as fly; of counters few, and only over a server."""
    kind = {"operation": MOVED, "wave": 3} if counters else {}
    notes = Notes(is_far=is_far)
    run = sending("abcdefghi", concurrency=concurrency, notes=notes, **kind)
    gate = held(run, *"abcdefghi")
    run.until(lambda: len(notes.intents) >= most)
    run.turns(3)
    assert (len(notes.intents), len(run.platform.left)) == (most, concurrency)
    gate.set()
    assert run.outcomes() == dict.fromkeys("abcdefghi", "acknowledged")


def test_as_many_fly_as_were_configured_while_all_goes_well(sending):
    run, meeting = sending("abcdef", concurrency=2), Barrier(2)
    for letter in "abcdef":
        run.platform.holds[letter].append(lambda: meeting.wait(timeout=PATIENCE))
    assert run.outcomes() == dict.fromkeys("abcdef", "acknowledged")
    assert run.platform.most == 2


def test_a_lane_that_brought_a_reply_takes_the_next_call_without_being_told(sending):
    """Whoever decides may be busy with what came before."""
    run = sending("abcdefgh", concurrency=2)
    gate, last = held(run, "a", "b"), held(run, "c", "d")
    run.until(lambda: len(run.notes.intents) == 4)
    run.turns(3)
    gate.set()
    run.until_left("c")
    run.until_left("d")
    assert sorted(run.platform.left) == [*"abcd"]
    last.set()


def test_where_too_many_were_in_flight_half_of_them_fly(sending):
    """Whoever is in the air goes on, and nobody else leaves before that is half."""
    run = sending("abcdefgh", {"a": [THROTTLED]}, concurrency=4)
    gate = held(run, *"bcd")
    first_answer(run, noted=8)
    run.turns(3)
    assert sorted(run.platform.left) == [*"abcd"]
    gate.set()
    assert run.outcomes() == dict.fromkeys("abcdefgh", "acknowledged")


def test_what_went_through_lets_more_fly_again(sending):
    run, meeting = sending("abcxyz", {"a": [THROTTLED]}, concurrency=2), Barrier(2)
    for letter in "yz":
        run.platform.holds[letter].append(lambda: meeting.wait(timeout=PATIENCE))
    assert run.outcomes() == dict.fromkeys("abcxyz", "acknowledged")


@pytest.mark.parametrize(("concurrency", "tries"), [(1, 2), (2, 2), (4, 3), (8, 4)])
def test_too_many_in_flight_are_held_against_a_call_only_where_it_was_alone(
    sending, concurrency, tries
):
    """Each meeting halves what may fly; alone, one more try is what it has."""
    run = sending(
        "a",
        {"a": [THROTTLED] * 9},
        concurrency=concurrency,
        pace={"throttled_retries": 1},
    )
    assert run.outcomes() == {"a": "not_sent"}
    assert len(run.platform.left) == tries
    assert run.stop_reason.reason == "unreachable"


def test_calls_of_one_flight_halve_it_once(sending):
    """What they met was caused before the first of them was heard."""
    busy = ended(CallEnding.THROTTLED, retry_after=5.0)
    answers = {letter: [busy] for letter in "abcd"}
    run = sending("abcd", answers, concurrency=4)
    meetings = [Barrier(4), Barrier(2)]

    def meet():
        first = len(run.platform.left) <= 4
        meetings[0 if first else 1].wait(timeout=PATIENCE)

    for letter in "abcd":
        run.platform.holds[letter].append(meet)
    assert run.outcomes() == dict.fromkeys("abcd", "acknowledged")


def test_what_may_be_one_person_is_never_in_flight_twice(sending):
    """Nor does anyone overtake who waits for that."""
    run = sending("A ab", concurrency=3)
    gate = held(run, "A")
    run.turns(5)
    assert run.platform.left == ["A"]
    gate.set()
    assert run.outcomes() == dict.fromkeys("Aab", "acknowledged")


# What waits


def test_calls_that_have_rested_leave_at_once_and_together(sending):
    answers = {letter: [ended(CallEnding.LOST, retry_after=5.0)] for letter in "ab"}
    run = sending("ab", answers, concurrency=2, pace={"slice_seconds": 60.0})
    meeting = Barrier(2)
    for letter in "ab":
        run.platform.holds[letter].append(lambda: meeting.wait(timeout=PATIENCE))
    assert run.outcomes() == dict.fromkeys("ab", "acknowledged")
    assert sorted(run.platform.left) == [*"aabb"]


def test_what_has_rested_is_noted_only_where_there_is_room(sending):
    """Where calls go one by one, the second of two waits for the first."""
    answers = {
        letter: [ended(CallEnding.THROTTLED, retry_after=5.0)] for letter in "ab"
    }
    run, again = sending("ab", answers, concurrency=2), Event()
    for letter in "ab":
        run.platform.holds[letter].append(
            lambda: len(run.platform.left) < 3 or again.wait(timeout=PATIENCE)
        )
    run.until(lambda: len(run.notes.intents) >= 3)
    run.turns(3)
    assert len(run.notes.intents) == 3
    again.set()
    assert run.outcomes() == dict.fromkeys("ab", "acknowledged")


def test_a_wait_ends_although_another_call_is_still_under_way(sending):
    pace = {"first_seconds": 0.001, "slice_seconds": 0.01}
    run = sending(
        "ab", {"a": [UNREACHABLE]}, concurrency=2, pace=pace, in_real_time=True
    )
    again = Event()
    run.platform.holds["b"].append(lambda: again.wait(timeout=PATIENCE))
    run.until(lambda: run.platform.left.count("a") == 2)
    again.set()
    assert run.outcomes()["b"] == "acknowledged"


def test_a_wait_after_a_loss_keeps_its_lane(sending):
    """What is tried again comes before what has not been tried."""
    run = sending("abcdef", {"a": [LOST]}, concurrency=2)
    gate = held(run, "b")
    first_answer(run, noted=4)
    run.turns(3)
    assert (sorted(run.platform.left), len(run.notes.intents)) == ([*"ab"], 4)
    gate.set()
    assert run.outcomes() == dict.fromkeys("abcdef", "acknowledged")


def test_while_all_lanes_are_kept_nothing_leaves(sending):
    answers = {letter: [LOST] for letter in "ab"}
    run, seen = sending("abcd", answers, concurrency=2), []
    run.before_sleep = lambda: seen.append(sorted(run.platform.left))
    gate = held(run, "b")
    first_answer(run, noted=4)
    gate.set()
    assert run.outcomes() == dict.fromkeys("abcd", "acknowledged")
    assert seen[0] == [*"ab"]


def test_nothing_more_is_noted_beside_the_one_that_waits(sending):
    run, seen = sending("ab", {"a": [LOST]}), []
    run.before_sleep = lambda: seen.append([*run.notes.intents])
    assert run.outcomes() == dict.fromkeys("ab", "acknowledged")
    assert set(map(tuple, seen)) == {(1,)}


@pytest.mark.parametrize(
    ("concurrency", "retry_after", "pauses"),
    [(4, 30.0, True), (2, None, True), (4, None, False)],
)
def test_all_wait_where_the_platform_says_so_or_only_one_may_fly(
    sending, concurrency, retry_after, pauses
):
    """Else the others go on, and nobody is told of a wait."""
    answers = {"a": [ended(CallEnding.THROTTLED, retry_after=retry_after)]}
    run, left_at = sending("abcdefgh", answers, concurrency=concurrency), {}
    first = "abcd"[:concurrency]
    gate = held(run, *first[1:])
    for letter in "efgh":
        run.platform.holds[letter].append(
            lambda letter=letter: left_at.setdefault(letter, run.now)
        )
    first_answer(run, noted=2 * concurrency)
    assert (len(run.watch.waited) == 1) == pauses
    gate.set()
    assert run.outcomes() == dict.fromkeys("abcdefgh", "acknowledged")
    least = (retry_after or 0.5) if pauses else 0.0
    waited = min(left_at.values()) - 1000.0
    assert waited >= least if pauses else waited == 0
    assert len(run.watch.waited) == (1 if pauses else 0)


def test_whoever_watches_is_told_of_a_wait_that_nothing_goes_on_beside(sending):
    run = sending("a", {"a": [LOST, ended(CallEnding.LOST, retry_after=7.5)]})
    assert run.outcomes() == {"a": "acknowledged"}
    first, second = run.watch.waited
    assert 0.5 <= first <= 1.0
    assert second == 7.5
    assert sum(run.slept) == pytest.approx(first + second, abs=0.01)


def test_a_wait_is_looked_after_in_slices(sending):
    answers = {"a": [ended(CallEnding.LOST, retry_after=1.1)]}
    run = sending("a", answers, pace={"slice_seconds": 0.5})
    assert run.outcomes() == {"a": "acknowledged"}
    assert run.slept == pytest.approx([0.5, 0.5, 0.1])


# What ends a run


@pytest.mark.parametrize(
    ("answers", "lost_retries", "lost_calls", "left"),
    [
        ({"a": [LOST], "b": [LOST]}, 0, 2, "ab"),
        ({"a": [LOST]}, 0, 2, "abcd"),
        ({"a": [LOST], "c": [LOST]}, 0, 2, "abcd"),
        ({"a": [LOST], "b": [LOST]}, 1, 1, "aabbcd"),
        ({"a": [LOST, LOST]}, 1, 1, "aa"),
    ],
)
def test_calls_that_are_lost_for_good_in_a_row_end_a_run(
    sending, answers, lost_retries, lost_calls, left
):
    pace = {"lost_retries": lost_retries, "lost_calls": lost_calls}
    run = sending("abcd", answers, pace=pace)
    run.outcomes()
    assert "".join(run.platform.left) == left
    ends = left[-1] != "d"
    assert run.stop_reason.reason == ("unreachable" if ends else None)
    assert run.stop_reason.message == ("lost" if ends else "")


@pytest.mark.parametrize(
    ("answer", "reached"),
    [
        (replied(1), True),
        (LOST, True),
        (ended(CallEnding.TOO_LARGE), True),
        (ended(CallEnding.MALFORMED), True),
        (THROTTLED, True),  # to the end: there is someone who refuses
        (UNREACHABLE, False),
        (ended(CallEnding.UNAUTHORISED), False),
        (ended(CallEnding.REFUSED), False),
    ],
)
def test_the_platform_counts_as_reached_where_a_call_got_through(
    sending, answer, reached
):
    run = sending("a", {"a": [answer] * 20})
    run.outcomes()
    assert run.sender.heard.reached is reached


def test_a_platform_that_was_busy_once_does_not_count_as_reached(sending):
    run = sending("a", {"a": [THROTTLED]})
    run.before_sleep = lambda: setattr(run.watch, "requested", True)
    assert run.outcomes() == {"a": "not_sent"}
    assert run.sender.heard.reached is False


@pytest.mark.parametrize(
    ("answer", "outcome"), [(LOST, "unknown"), (THROTTLED, "not_sent")]
)
def test_a_signal_gives_up_what_waits_and_says_what_may_be_of_it(
    sending, answer, outcome
):
    run = sending("ab", {"a": [answer]})
    run.before_sleep = lambda: setattr(run.watch, "requested", True)
    assert run.outcomes() == {"a": outcome}
    assert run.platform.left == ["a"]


def test_a_signal_lets_calls_end_that_left_and_takes_back_what_was_noted(sending):
    run = sending("abcdef", concurrency=2)
    gate = held(run, "a", "b")
    run.until(lambda: len(run.notes.intents) == 4)
    run.turns(3)
    run.watch.requested = True
    told = outcomes(each for _ in range(3) for each in next(run.delivery))
    assert told == {"c": "not_sent", "d": "not_sent"}
    gate.set()
    assert run.outcomes() == dict.fromkeys("ab", "acknowledged")
    assert sorted(run.platform.left) == [*"ab"]
    # What never left is not waited for by the next run.
    assert sorted(run.notes.receipts) == [(number, True) for number in (1, 2, 3, 4)]


def test_a_call_that_is_still_being_noted_does_not_leave_after_a_signal(sending):
    """The signal came while it was on its way to the disk; nothing is in doubt."""

    class Asked:
        """A signal between two looks."""

        signal_number = 2
        looks = 0

        @property
        def requested(self):
            self.looks += 1
            return self.looks > 1

    class Slow(Notes):
        def write_intent(self, calls):
            sleep(0.2)
            super().write_intent(calls)

    pace, started = {"slice_seconds": 6.0}, monotonic()
    run = sending("ab", stop=Asked(), notes=Slow(), pace=pace)
    assert run.outcomes() == {"a": "not_sent"}
    assert run.platform.left == []
    assert monotonic() - started < 5  # it is heard of at once


def test_what_is_noted_after_the_end_of_a_run_does_not_leave(sending):
    class Slow(Notes):
        def write_intent(self, calls):
            sleep(0.2)
            super().write_intent(calls)

    run = sending("a", notes=Slow())
    run.turns(1)
    run.sender.close()
    sleep(0.4)
    assert (run.notes.intents, run.platform.left) == ([1], [])


@pytest.mark.parametrize("what", ["intent", "lock", "leave"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StateError("no space", code="state_unwritable"), "state_unwritable"),
        (MemoryError(), "out_of_memory"),
    ],
)
def test_a_call_that_cannot_be_noted_is_not_sent_and_ends_the_run(
    sending, what, error, code
):
    """Nor one beside which another run may send."""
    run, told = sending("ab", notes=Notes(fails={what: error})), []
    with pytest.raises(CtsyncError) as raised:
        told.extend(each for many in run.delivery for each in many)
    assert raised.value.code == code
    assert outcomes(told) == {"a": "not_sent"}
    assert (run.platform.left, run.sender.calls) == ([], 0)


def test_a_call_leaves_with_all_that_travels_at_hand(sending, monkeypatch):
    """What cannot be made ready is found out before a lane takes it."""

    def no_memory(_):
        raise MemoryError

    monkeypatch.setattr(RecordSlice, "prefetch_bodies", no_memory)
    run, told = sending("ab"), []
    with pytest.raises(CtsyncError) as raised:
        told.extend(each for many in run.delivery for each in many)
    assert raised.value.code == "out_of_memory"
    assert outcomes(told) == {"a": "not_sent"}
    assert run.platform.left == []


def test_there_is_a_thread_for_each_lane_and_one_for_notes(sending, monkeypatch):
    started = []

    class Counted(Thread):
        def start(self):
            started.append(self)
            super().start()

    monkeypatch.setattr("ctsync.apply.calls.worker_threads.Thread", Counted)
    run = sending("abcdefgh", {"c": [LOST], "e": [THROTTLED]}, concurrency=2)
    assert run.outcomes() == dict.fromkeys("abcdefgh", "acknowledged")
    assert len(started) <= 3
    assert all(thread.daemon for thread in started)  # nobody waits for a call
    run.sender.close()
    for thread in started:
        thread.join(timeout=PATIENCE)
        assert not thread.is_alive()


@pytest.mark.parametrize("most", [0, 1])
def test_that_there_are_no_threads_is_heard_at_once(sending, monkeypatch, most):
    left = [1] * most

    class Scarce(Thread):
        def start(self):
            if not left:
                raise RuntimeError("can't start new thread")
            left.pop()
            super().start()

    monkeypatch.setattr("ctsync.apply.calls.worker_threads.Thread", Scarce)
    run, started = sending("ab", pace={"slice_seconds": 6.0}), monotonic()
    with pytest.raises(CtsyncError, match="no further thread"):
        run.outcomes()
    assert monotonic() - started < 5
    assert run.platform.left == []


def test_a_defect_in_a_lane_is_raised_as_it_is(sending):
    run = sending("ab", notes=Notes(fails={"intent": ZeroDivisionError("here")}))
    with pytest.raises(ZeroDivisionError, match="here"):
        run.outcomes()


def test_a_defect_waits_for_no_call_that_is_under_way(sending):
    run = sending("ab", concurrency=2)
    gate = held(run, "b")

    def fail():
        run.until_left("b")
        raise ZeroDivisionError("here")

    run.platform.holds["a"].append(fail)
    with pytest.raises(ZeroDivisionError, match="here"):
        run.turns(50)
    gate.set()


def test_an_answer_that_cannot_be_noted_is_a_doubt_and_the_last(sending):
    """Readers of the journal find an intent without a receipt, and believe that."""
    full = StateError("no space", code="state_unwritable")
    run, told = sending("ab", notes=Notes(fails={"receipt": full})), []
    with pytest.raises(StateError, match="no space"):
        told.extend(each for many in run.delivery for each in many)
    assert outcomes(told) == {"a": "unknown"}
    assert run.platform.left == ["a"]


@pytest.mark.parametrize(
    ("answer", "outcome"), [(LOST, "unknown"), (THROTTLED, "not_sent")]
)
def test_who_is_cut_short_can_say_what_may_be_of_every_call(sending, answer, outcome):
    """Of what waits, too, and of what was noted and has not left."""
    run = sending("abcdefgh", {"a": [answer]}, concurrency=4)
    gate = held(run, *"bcdefgh")
    run.until(lambda: run.notes.receipts and len(run.notes.intents) == 8)
    undecided = outcomes(run.sender.undecided())
    assert undecided == {"a": outcome} | dict.fromkeys("bcdefgh", "unknown")
    gate.set()


# What may still be written


@pytest.mark.parametrize(
    ("answer", "unanswered", "counters"),
    [
        (replied(2), False, False),
        (LOST, True, True),
        (replied(1, {"code": 555, "error": "Skipped record number : 2"}), False, True),
        (replied(1, {"code": 516, "error": "Skipped record number : 2"}), False, False),
    ],
)
def test_it_is_known_until_when_a_call_may_still_be_written(
    sending, answer, unanswered, counters
):
    """One doubtful counter among many is enough."""
    run = sending("ab", {"a": [answer]}, operation=MOVED, wave=3, together=2)
    run.outcomes()
    over_at = {True: 1000.0 + TIMEOUT, False: float("-inf")}
    assert run.sender.heard.unanswered_over_at == over_at[unanswered]
    assert run.sender.heard.counters_over_at == over_at[counters]
    assert run.notes.receipts == [(1, not unanswered)]
