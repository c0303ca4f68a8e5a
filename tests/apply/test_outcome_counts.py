"""Outcomes of profiles: the worst counts, and none of the failures is forgotten."""

import gc
from threading import Thread

import pytest

from ctsync.apply.outcome_counts import OutcomeCounts
from ctsync.model.change import Change, Origin
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome

TAKEN = RecordOutcome(Outcome.ACKNOWLEDGED)
UNSENT = RecordOutcome(Outcome.NOT_SENT)
UNKNOWN = RecordOutcome(Outcome.UNKNOWN, 503, "HTTP 503")
REJECTED = RecordOutcome(Outcome.REJECTED, 516, "no phone")
PLAIN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
COUNT = Operation("Points", "counter", "$incr", 5, "known", 1, 6)


def change(place, *operations):
    origins = (Origin("people.yaml", place, cohort="vip"),)
    key = ProfileKey("identity", f"u{place:04}")
    return Change(key, "update", operations or (PLAIN,), origins)


@pytest.fixture
def ten(cargo_of):
    return cargo_of(*map(change, range(10)))


def note(tally, records_slice, place, verdict):
    tally.note(records_slice[place : place + 1], (verdict,))


def tally_of(records_slice, *verdicts):
    tally = OutcomeCounts(len(verdicts))
    tally.note(records_slice[: len(verdicts)], verdicts)
    return tally


def test_the_four_counts_add_up_to_all(ten):
    tally = OutcomeCounts(7, done=(2,))
    tally.note(ten[:5], (TAKEN, REJECTED, UNKNOWN, UNSENT, TAKEN))
    assert tally.counts() == {
        "acknowledged": 3, "rejected": 1, "unknown": 1, "not_sent": 2,
    }  # fmt: skip
    assert (tally.total, tally.due) == (7, 6)


def test_many_that_were_taken_count_as_each_of_them_would(ten):
    at_once, one_by_one = OutcomeCounts(10), OutcomeCounts(10)
    at_once.note(ten, (TAKEN,) * 10)
    for place in range(10):
        note(one_by_one, ten, place, TAKEN)
    assert at_once.counts() == one_by_one.counts()
    assert at_once.acknowledged == 10


def test_some_among_many_that_were_taken_count_too(ten):
    tally = OutcomeCounts(10)
    tally.note(ten.only((0, 2, 5)), (TAKEN,) * 3)
    assert (tally.acknowledged, tally.counts()["not_sent"]) == (3, 7)
    tally.note(ten, (TAKEN,) * 10)
    assert tally.acknowledged == 10


def test_what_was_taken_after_all_makes_no_failure_good(ten):
    tally = OutcomeCounts(10)
    note(tally, ten, 3, REJECTED)
    tally.note(ten, (TAKEN,) * 10)
    assert (tally.acknowledged, tally.rejected) == (9, 1)


def test_a_profile_is_acknowledged_with_its_last_record(cargo_of):
    both = change(0, PLAIN, COUNT)
    first, last = cargo_of(both), cargo_of(both, wave=3)
    tally = tally_of(first, TAKEN)
    assert tally.acknowledged == 0
    note(tally, last, 0, TAKEN)
    assert tally.acknowledged == 1


def test_the_worst_outcome_stays_with_its_words(ten):
    tally = tally_of(ten, REJECTED)
    note(tally, ten, 0, UNKNOWN)
    note(tally, ten, 0, REJECTED)
    note(tally, ten, 0, TAKEN)
    assert tally.counts()["unknown"] == 1
    note(tally, ten, 0, RecordOutcome(Outcome.UNKNOWN, 502, "HTTP 502"))
    (failure,) = tally.failures(Outcome.UNKNOWN)
    assert (failure.code, failure.error) == (503, "HTTP 503")
    assert list(tally.failures(Outcome.REJECTED)) == []


def test_of_whom_a_file_waits_what_is_taken_besides_counts_as_sent(ten):
    """All of it: until then it is as open as with anybody else."""
    tally = OutcomeCounts(10, sent=(9,), wait=(0, 1, 3))
    assert (tally.counts()["sent"], tally.counts()["not_sent"]) == (1, 9)
    tally.note(ten[:3], (UNKNOWN, TAKEN, UNSENT))
    assert (tally.counts()["sent"], tally.counts()["unknown"]) == (2, 1)
    assert [tally.is_unfailed(place) for place in range(4)] == [
        False, True, False, True,
    ]  # fmt: skip
    tally.note(ten[3:8], (TAKEN,) * 5)
    assert (tally.sent, tally.acknowledged) == (3, 4)


def test_of_two_doubts_the_words_of_the_first_stay(ten):
    tally = tally_of(ten, UNKNOWN)
    tally.note_unclear(0, change(0), "the connection was lost")
    (failure,) = tally.failures(Outcome.UNKNOWN)
    assert failure.error == "HTTP 503"


def test_a_failure_remembers_who_and_where_from(ten):
    tally = tally_of(ten, TAKEN, REJECTED)
    (failure,) = tally.failures(Outcome.REJECTED)
    assert failure.key == ProfileKey("identity", "u0001")
    assert failure.origins == (Origin("people.yaml", 1, cohort="vip"),)


def test_only_records_of_profiles_that_did_not_fail_are_fit_to_follow(ten):
    tally = OutcomeCounts(10)
    assert tally.unfailed(ten) is ten
    tally.note(ten[:3], (TAKEN, REJECTED, UNSENT))
    assert list(tally.unfailed(ten).places) == [0, 3, 4, 5, 6, 7, 8, 9]
    assert tally.unfailed(ten[3:]).places == range(3, 10)


def test_failures_come_by_key_however_they_arrived(cargo_of):
    fifty = cargo_of(*map(change, range(50)))
    tally = OutcomeCounts(50)
    for place in (31, 7, 42, 0):
        note(tally, fifty, place, REJECTED)
    found = [failure.key.id for failure in tally.failures(Outcome.REJECTED)]
    assert found == ["u0000", "u0007", "u0031", "u0042"]


def test_the_report_has_every_profile_in_the_order_of_the_plan(ten):
    tally = tally_of(ten, TAKEN, REJECTED, UNSENT, UNKNOWN)
    changes = [change(place) for place in range(4)]
    changes.insert(1, Change(ProfileKey("identity", "u0000a"), "release"))
    lines = [(each.outcome, each.code) for each in tally.outcomes(changes)]
    assert lines == [
        (Outcome.ACKNOWLEDGED, None),
        (Outcome.REJECTED, 516),
        (Outcome.NOT_SENT, None),
        (Outcome.UNKNOWN, 503),
    ]


def test_a_report_has_the_words_of_the_server_where_it_had_any(ten):
    own = RecordOutcome(Outcome.REJECTED, 516, "no phone", "Phone 0171 is bad")
    tally = tally_of(ten, own, REJECTED)
    said = [each.error for each in tally.outcomes(map(change, range(2)))]
    assert said == ["Phone 0171 is bad", "no phone"]


def test_failures_can_be_let_go_of_in_any_thread(ten, monkeypatch):
    """Whoever happens to drop the last of them closes where they lie."""
    complaints, kept = [], [tally_of(ten, REJECTED)]
    monkeypatch.setattr("sys.excepthook", lambda *error: complaints.append(error))
    thread = Thread(target=kept.clear)
    thread.start()
    thread.join()
    gc.collect()
    assert (kept, complaints) == ([], [])


def test_the_report_of_a_plan_that_went_on_has_those_done_before(ten):
    """What was due has places of its own, in the order of the whole plan."""
    tally = OutcomeCounts(4, done=(0, 2))
    tally.note(ten[:2], (REJECTED, TAKEN))
    said = [each.outcome for each in tally.outcomes(map(change, range(4)))]
    assert said == [
        Outcome.ACKNOWLEDGED,
        Outcome.REJECTED,
        Outcome.ACKNOWLEDGED,
        Outcome.ACKNOWLEDGED,
    ]
