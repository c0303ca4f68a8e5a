"""Outcomes of profiles: the worst counts, and none of the failures is forgotten."""

from ctsync.apply.dossier import Dossier
from ctsync.apply.tally import Tally
from ctsync.model.change import Change, Origin
from ctsync.model.key import Key
from ctsync.model.record import Outcome, Record, Verdict

TAKEN = Verdict(Outcome.ACKNOWLEDGED)
UNSENT = Verdict(Outcome.NOT_SENT)
UNKNOWN = Verdict(Outcome.UNKNOWN, 503, "HTTP 503")
REJECTED = Verdict(Outcome.REJECTED, 516, "no phone")


def dossier(place):
    key = Key("identity", f"u{place:04}")
    origins = (Origin("people.yaml", place, cohort="vip"),)
    return Dossier(place, Change(key, "update", origins=origins), None)


def tally_of(*verdicts, last=True):
    tally = Tally()
    for place, verdict in enumerate(verdicts):
        tally.expect()
        note(tally, place, verdict, last=last)
    return tally


def note(tally, place, verdict, *, last=True):
    each = dossier(place)
    tally.note(each, Record(each.change.key, (), last=last), verdict)


def test_the_four_counts_add_up_to_all():
    tally = tally_of(TAKEN, REJECTED, UNKNOWN, UNSENT, TAKEN)
    tally.expect()
    tally.expect(is_done=True)
    assert tally.counts() == {
        "acknowledged": 3, "rejected": 1, "unknown": 1, "not_sent": 2,
    }  # fmt: skip
    assert tally.total == 7


def test_a_profile_is_acknowledged_with_its_last_record():
    tally = tally_of(TAKEN, last=False)
    assert tally.acknowledged == 0
    note(tally, 0, TAKEN)
    assert tally.acknowledged == 1


def test_the_worst_outcome_stays_with_its_words():
    tally = tally_of(REJECTED)
    note(tally, 0, UNKNOWN)
    note(tally, 0, REJECTED)
    note(tally, 0, TAKEN)
    assert tally.counts()["unknown"] == 1
    (failure,) = tally.failures(Outcome.UNKNOWN)
    assert (failure.code, failure.error) == (503, "HTTP 503")
    assert list(tally.failures(Outcome.REJECTED)) == []


def test_a_failure_remembers_who_and_where_from():
    tally = tally_of(TAKEN, REJECTED)
    (failure,) = tally.failures(Outcome.REJECTED)
    assert failure.key == Key("identity", "u0001")
    assert failure.origins == (Origin("people.yaml", 1, cohort="vip"),)
    assert tally.has_failed(dossier(1))
    assert not tally.has_failed(dossier(0))


def test_failures_come_by_key_however_they_arrived():
    tally = Tally()
    for _ in range(50):
        tally.expect()
    for place in (31, 7, 42, 0):
        note(tally, place, REJECTED)
    found = [failure.key.id for failure in tally.failures(Outcome.REJECTED)]
    assert found == ["u0000", "u0007", "u0031", "u0042"]


def test_the_report_has_every_profile_in_the_order_of_the_plan():
    tally = tally_of(TAKEN, REJECTED, UNSENT, UNKNOWN)
    changes = [dossier(place).change for place in range(4)]
    changes.insert(1, Change(Key("identity", "u0000a"), "release"))
    lines = [(each.outcome, each.code) for each in tally.outcomes(changes)]
    assert lines == [
        (Outcome.ACKNOWLEDGED, None),
        (Outcome.REJECTED, 516),
        (Outcome.NOT_SENT, None),
        (Outcome.UNKNOWN, 503),
    ]
