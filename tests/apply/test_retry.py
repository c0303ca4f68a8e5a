"""The whole matrix of what an answer means for a call."""

import pytest

from ctsync.apply.retry import Attempt, rule
from ctsync.apply.terms import Pace
from ctsync.canon import canonical
from ctsync.model.change import Change
from ctsync.model.key import Key
from ctsync.model.operation import Operation
from ctsync.model.record import Outcome
from ctsync.transport.answer import Answer, Happened

ACK, REJ, UNK, UNSENT = (
    Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_SENT,
)  # fmt: skip
PACE = Pace()


def plain(number):
    operation = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
    return Change(Key("identity", f"u{number}"), "update", (operation,))


def delta(number):
    operation = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
    return Change(Key("identity", f"u{number}"), "update", (operation,))


@pytest.fixture
def two(cargo_of):
    return cargo_of(plain(1), plain(2))


@pytest.fixture
def counters(cargo_of):
    return cargo_of(delta(1), delta(2), wave=3)


def said(processed, *items):
    return canonical({"processed": processed, "unprocessed": list(items)})


def refusal(number, code=516):
    return {"code": code, "error": f"no. Skipped record number : {number}"}


def outcomes(ruling):
    return [verdict.outcome for verdict in ruling.verdicts]


def again(ruling):
    return [[record.key.id for record in attempt.cargo] for attempt in ruling.again]


@pytest.mark.parametrize(
    ("happened", "most"),
    [
        (Happened.THROTTLED, PACE.throttled_retries),
        (Happened.UNREACHABLE, PACE.unreachable_retries),
    ],
)
@pytest.mark.parametrize("which", ["two", "counters"])
def test_what_was_certainly_not_written_is_tried_until_the_run_gives_up(
    happened, most, which, request
):
    attempt, tries = Attempt(request.getfixturevalue(which)), []
    for _ in range(most):
        ruling = rule(attempt, Answer(happened, message="m"), PACE)
        assert outcomes(ruling) == [UNSENT, UNSENT]
        tries.append(ruling.tries)
        (attempt,) = ruling.again
    assert tries == list(range(most))
    ruling = rule(attempt, Answer(happened), PACE)
    assert (ruling.again, ruling.halted) == ((), "unreachable")


def test_what_is_idempotent_is_sent_again_after_a_loss_and_stays_unknown_at_the_end(
    two,
):
    attempt = Attempt(two)
    for _ in range(PACE.lost_retries):
        ruling = rule(attempt, Answer(Happened.LOST), PACE)
        assert outcomes(ruling) == [UNK, UNK]
        (attempt,) = ruling.again
    assert attempt.in_doubt
    ruling = rule(attempt, Answer(Happened.LOST, 503, None, "HTTP 503"), PACE)
    assert (outcomes(ruling), ruling.again, ruling.halted) == ([UNK, UNK], (), None)


def test_counters_are_never_sent_again_after_a_loss(counters):
    ruling = rule(Attempt(counters), Answer(Happened.LOST), PACE)
    assert (outcomes(ruling), ruling.again) == ([UNK, UNK], ())


def test_code_555_sends_that_record_again_alone(two):
    answer = Answer(Happened.REPLIED, 200, said(1, refusal(2, 555)))
    ruling = rule(Attempt(two), answer, PACE)
    assert (outcomes(ruling), again(ruling)) == ([ACK, UNK], [["u2"]])


def test_code_555_leaves_a_counter_unknown(counters):
    answer = Answer(Happened.REPLIED, 200, said(1, refusal(2, 555)))
    ruling = rule(Attempt(counters), answer, PACE)
    assert (outcomes(ruling), again(ruling)) == ([ACK, UNK], [])
    assert ruling.verdicts[1].code == 555


def test_other_refusals_are_final(two):
    answer = Answer(Happened.REPLIED, 200, said(1, refusal(1)))
    ruling = rule(Attempt(two), answer, PACE)
    assert (outcomes(ruling), again(ruling)) == ([REJ, ACK], [])


def test_an_unreadable_reply_is_unknown_and_not_sent_again(two):
    ruling = rule(Attempt(two), Answer(Happened.REPLIED, 200, None), PACE)
    assert (outcomes(ruling), again(ruling)) == ([UNK, UNK], [])


@pytest.mark.parametrize(
    ("happened", "reason"),
    [(Happened.UNAUTHORISED, "unauthorised"), (Happened.REFUSED, "unreachable")],
)
def test_a_refusal_of_the_whole_call_stops_the_run(happened, reason, two):
    ruling = rule(Attempt(two), Answer(happened, 403), PACE)
    assert outcomes(ruling) == [UNSENT, UNSENT]
    assert (ruling.again, ruling.halted) == ((), reason)


def test_a_call_that_is_too_large_is_halved_in_order(cargo_of):
    five = cargo_of(*(plain(number) for number in range(5)))
    ruling = rule(Attempt(five), Answer(Happened.TOO_LARGE, 413), PACE)
    assert again(ruling) == [["u0", "u1", "u2"], ["u3", "u4"]]


def test_a_record_that_is_too_large_is_rejected(cargo_of):
    answer = Answer(Happened.TOO_LARGE, 413, None, "HTTP 413")
    (verdict,) = rule(Attempt(cargo_of(plain(1))), answer, PACE).verdicts
    assert (verdict.outcome, verdict.code, verdict.error) == (REJ, 413, "HTTP 413")


def test_a_malformed_call_is_tried_once_more(two):
    answer = Answer(Happened.MALFORMED, 400, None, "HTTP 400 Malformed request")
    first = rule(Attempt(two), answer, PACE)
    assert outcomes(first) == [UNSENT, UNSENT]
    second = rule(first.again[0], answer, PACE)
    assert (outcomes(second), second.again) == ([REJ, REJ], ())


@pytest.mark.parametrize("happened", set(Happened) - {Happened.REPLIED})
def test_after_a_loss_nothing_but_a_reply_makes_a_record_certain(happened, two):
    attempt = Attempt(two[:1], in_doubt=True, tries=dict.fromkeys(Happened, 99))
    assert outcomes(rule(attempt, Answer(happened, 400), PACE)) == [UNK]


def test_waits_grow_with_jitter_up_to_a_bound():
    assert [PACE.delay_seconds(tries, 1.0) for tries in (0, 1, 2, 9)] == [1, 2, 4, 60]
    assert PACE.delay_seconds(1, 0.0) == 1
    assert PACE.delay_seconds(0, 0.5, at_least=30.0) == 30
