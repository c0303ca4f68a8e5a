"""What a journal says of its run: outcomes of records, and profiles by the worst."""

from itertools import count

import pytest
from msgspec.structs import replace

from ctsync.apply.folding.replayed_effects import replayed_effects
from ctsync.apply.folding.replayed_outcomes import replayed_outcomes
from ctsync.apply.journal.journal_records import (
    CallIntent,
    end_line,
    intent_line,
    receipt_line,
    release_line,
    waiting_line,
)
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.canonical_json import parse
from ctsync.model.change import Change
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.plan.document.change_codec import change_line
from ctsync.plan.document.schedule import records_of

KEY, LEFT = ProfileKey("identity", "u1"), ProfileKey("identity", "u2")
GOLD = Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold")
ADDED = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
MOVED = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
WHOLE = Change(KEY, "update", (GOLD, MOVED, ADDED))
FREED = Change(LEFT, "release", released=("City",))
ACK, REJ, UNK, UNSENT = (
    Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_SENT,
)  # fmt: skip
RECORDS = [record for _, record in records_of(WHOLE)]


@pytest.fixture
def replayed(cargo_of):
    """Give lines and what they come to, of calls of one profile: wave and outcome."""

    def lines_of(*sent, more=()):
        numbers = count(1)
        lines = [parse(change_line(change)) for change in (WHOLE, FREED)]
        for wave, outcome in sent:
            call = CallIntent(next(numbers), 0.0, 60.0)
            lines.append(intent_line(call, cargo_of(WHOLE, wave=wave)))
            if outcome is not None:
                lines.append(receipt_line(call.call, [RecordOutcome(outcome)]))
        lines += more
        return lines, JournalReplay(lines)

    return lines_of


@pytest.mark.parametrize(
    ("sent", "worst"),
    [
        ([], UNSENT),
        ([(1, ACK)], UNSENT),
        ([(1, ACK), (2, ACK), (3, ACK)], ACK),
        ([(1, UNK), (1, ACK), (2, ACK), (3, UNK), (3, ACK)], ACK),
        ([(1, ACK), (2, REJ)], REJ),
        ([(1, ACK), (2, REJ), (3, UNK)], UNK),
        ([(1, UNK)], UNK),
        ([(1, UNK), (2, ACK)], UNK),
        ([(1, ACK), (2, ACK), (3, None)], UNK),
        ([(1, UNK), (1, ACK), (2, REJ)], REJ),
        ([(1, ACK), (2, UNSENT)], UNSENT),
    ],
)
def test_a_profile_counts_once_by_its_worst_outcome(replayed, sent, worst):
    """A doubt counts until its own wave was taken; all waves make the whole."""
    _, replay = replayed(*sent)
    spoken_of = [o for o in Outcome if o is not Outcome.SENT]
    assert replay.counts() == {o.value: int(o is worst) for o in spoken_of}


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        ([(1, ACK), (2, ACK), (3, ACK)], "sent"),
        ([(1, ACK), (2, ACK), (3, UNK)], "unknown"),
        ([(1, ACK)], "not_sent"),
    ],
)
def test_whoever_waits_for_files_counts_as_sent_once_the_rest_was_taken(
    replayed, sent, outcome
):
    """And not as acknowledged: of the files nobody has told yet."""
    _, replay = replayed(*sent, more=[waiting_line([(0, 1)])])
    assert {name for name, number in replay.counts().items() if number} == {outcome}


@pytest.mark.parametrize(
    ("sent", "changed"),
    [([], 0), ([(1, REJ)], 0), ([(1, UNK)], 1), ([(1, ACK), (2, REJ)], 1)],
)
def test_whoever_may_have_been_changed_is_counted(replayed, sent, changed):
    _, replay = replayed(*sent)
    assert replay.changed == changed


def test_a_call_for_many_takes_nothing_from_what_some_of_them_have(cargo_of):
    """Of a profile whose first wave was taken before, the first wave stays taken."""
    many = (WHOLE, replace(WHOLE, key=LEFT))
    lines = [parse(change_line(each)) for each in many]
    calls = [(1, WHOLE), (2, *many), (3, WHOLE)]
    for number, (wave, *changes) in enumerate(calls):
        sent = CallIntent(number, 0.0, 60.0)
        verdicts = [RecordOutcome(ACK)] * len(changes)
        lines.append(intent_line(sent, cargo_of(*changes, wave=wave)))
        lines.append(receipt_line(number, verdicts))
    assert JournalReplay(lines).counts()["acknowledged"] == 1


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        ([(1, ACK), (2, UNK)], [(0, ACK), (1, UNK)]),
        ([(1, ACK), (2, ACK), (3, None)], [(0, ACK), (1, ACK), (2, UNK)]),
        ([(1, UNK), (1, ACK), (2, REJ)], [(0, ACK)]),
    ],
)
def test_a_change_comes_with_the_records_that_may_have_reached_it(
    replayed, sent, known
):
    lines, replay = replayed(*sent)
    told = tuple((RECORDS[number], outcome) for number, outcome in known)
    assert list(replayed_outcomes(replay, lines)) == [(WHOLE, told)]


def test_lines_that_were_never_stored_tell_the_same(cargo_of):
    gold = Change(KEY, "create", (GOLD,))
    lines = [
        parse(change_line(gold)),
        intent_line(CallIntent(1, 0.0, 60.0), cargo_of(gold)),
        receipt_line(1, [RecordOutcome(ACK)]),
    ]
    ((_, record),) = records_of(gold)
    assert list(replayed_outcomes(JournalReplay(lines), lines)) == [
        (gold, ((record, ACK),))
    ]


def test_what_was_rejected_alone_came_to_nothing(replayed):
    lines, replay = replayed((1, REJ))
    assert list(replayed_outcomes(replay, lines)) == []
    assert not replay.does_anything


def test_a_release_comes_without_records_once_the_run_got_there(replayed):
    lines, replay = replayed((1, REJ), more=[release_line()])
    assert list(replayed_outcomes(replay, lines)) == [(FREED, ())]
    assert replay.does_anything


def test_a_doubt_comes_before_what_was_taken_after_it(replayed):
    """Sent again after a doubt, a record is known by its last answer."""
    lines, replay = replayed((1, UNK), (1, ACK))
    ((key, effects),) = replayed_effects(replay, lines, "run")
    assert (key, len(effects)) == (KEY, 2)
    assert effects[1].record == RECORDS[0]


def test_calls_are_counted_and_the_end_says_how_long_and_why(replayed):
    end = end_line(is_open=True, seconds=2.5, stopped="too_many_failures")
    _, replay = replayed((1, UNK), (1, ACK), more=[end])
    assert (replay.calls, replay.sends) == (2, True)
    assert (replay.seconds, replay.stopped) == (2.5, "too_many_failures")
    _, untouched = replayed()
    assert (untouched.calls, untouched.sends) == (0, False)
    assert (untouched.seconds, untouched.stopped) == (None, None)
