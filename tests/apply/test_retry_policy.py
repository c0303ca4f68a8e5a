"""The whole matrix of what an answer means for a call."""

from pathlib import Path

import pytest

from ctsync.apply.apply_settings import ApplySettings, RetryPace
from ctsync.apply.calls.retry_policy import Attempt, decide_retry
from ctsync.canonical_json import canonical
from ctsync.model.change import Change
from ctsync.model.operation import Operation
from ctsync.model.policy import UploadTerms
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome
from ctsync.transport.upload_result import CallEnding, UploadResult

ACK, REJ, UNK, UNSENT = (
    Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_SENT,
)  # fmt: skip
PACE = RetryPace()


def plain(number):
    operation = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
    return Change(ProfileKey("identity", f"u{number}"), "update", (operation,))


def delta(number):
    operation = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
    return Change(ProfileKey("identity", f"u{number}"), "update", (operation,))


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
    return [
        [record.key.id for record in attempt.records_slice] for attempt in ruling.again
    ]


@pytest.mark.parametrize(
    ("happened", "most"),
    [
        (CallEnding.THROTTLED, PACE.throttled_retries),
        (CallEnding.UNREACHABLE, PACE.unreachable_retries),
    ],
)
@pytest.mark.parametrize("which", ["two", "counters"])
def test_what_was_certainly_not_written_is_tried_until_the_run_gives_up(
    happened, most, which, request
):
    attempt, tries = Attempt(request.getfixturevalue(which)), []
    for _ in range(most):
        ruling = decide_retry(attempt, UploadResult(happened, message="m"), PACE)
        assert outcomes(ruling) == [UNSENT, UNSENT]
        tries.append(ruling.tries)
        (attempt,) = ruling.again
    assert tries == list(range(most))
    ruling = decide_retry(attempt, UploadResult(happened), PACE)
    assert (ruling.again, ruling.halted) == ((), "unreachable")


def test_what_is_idempotent_is_sent_again_after_a_loss_and_stays_unknown_at_the_end(
    two,
):
    attempt = Attempt(two)
    for _ in range(PACE.lost_retries):
        ruling = decide_retry(attempt, UploadResult(CallEnding.LOST), PACE)
        assert outcomes(ruling) == [UNK, UNK]
        (attempt,) = ruling.again
    assert attempt.in_doubt
    ruling = decide_retry(
        attempt, UploadResult(CallEnding.LOST, 503, None, "HTTP 503"), PACE
    )
    assert (outcomes(ruling), ruling.again, ruling.halted) == ([UNK, UNK], (), None)


def test_counters_are_never_sent_again_after_a_loss(counters):
    ruling = decide_retry(Attempt(counters), UploadResult(CallEnding.LOST), PACE)
    assert (outcomes(ruling), ruling.again) == ([UNK, UNK], ())


def test_code_555_sends_that_record_again_alone(two):
    answer = UploadResult(CallEnding.REPLIED, 200, said(1, refusal(2, 555)))
    ruling = decide_retry(Attempt(two), answer, PACE)
    assert (outcomes(ruling), again(ruling)) == ([ACK, UNK], [["u2"]])


def test_code_555_is_tried_as_often_as_a_loss_and_both_count_as_one(two):
    answer = UploadResult(CallEnding.REPLIED, 200, said(1, refusal(2, 555)))
    attempt = Attempt(two)
    for tries in range(PACE.lost_retries):
        ruling = decide_retry(attempt, answer, PACE)
        assert (outcomes(ruling)[-1], ruling.tries) == (UNK, tries)
        (attempt,) = ruling.again
        assert attempt.in_doubt
        answer = UploadResult(CallEnding.REPLIED, 200, said(0, refusal(1, 555)))
    for last in (answer, UploadResult(CallEnding.LOST)):
        ruling = decide_retry(attempt, last, PACE)
        assert (outcomes(ruling), ruling.again) == ([UNK], ())


def test_a_call_of_counters_is_known_as_one(two, counters):
    assert Attempt(counters).writes_counters
    assert not Attempt(two).writes_counters


def test_what_was_met_before_does_not_count_afresh(two):
    attempt = Attempt(two, tries={CallEnding.THROTTLED: 9, CallEnding.LOST: 1})
    again = attempt.afresh(CallEnding.THROTTLED)
    assert (again.tried(CallEnding.THROTTLED), again.tried(CallEnding.LOST)) == (0, 1)


def test_code_555_leaves_a_counter_unknown(counters):
    answer = UploadResult(CallEnding.REPLIED, 200, said(1, refusal(2, 555)))
    ruling = decide_retry(Attempt(counters), answer, PACE)
    assert (outcomes(ruling), again(ruling)) == ([ACK, UNK], [])
    assert ruling.verdicts[1].code == 555


def test_other_refusals_are_final(two):
    answer = UploadResult(CallEnding.REPLIED, 200, said(1, refusal(1)))
    ruling = decide_retry(Attempt(two), answer, PACE)
    assert (outcomes(ruling), again(ruling)) == ([REJ, ACK], [])


def test_an_unreadable_reply_is_unknown_and_not_sent_again(two):
    ruling = decide_retry(
        Attempt(two), UploadResult(CallEnding.REPLIED, 200, None), PACE
    )
    assert (outcomes(ruling), again(ruling)) == ([UNK, UNK], [])


@pytest.mark.parametrize(
    ("happened", "reason"),
    [(CallEnding.UNAUTHORISED, "unauthorised"), (CallEnding.REFUSED, "unreachable")],
)
def test_a_refusal_of_the_whole_call_stops_the_run(happened, reason, two):
    ruling = decide_retry(Attempt(two), UploadResult(happened, 403), PACE)
    assert outcomes(ruling) == [UNSENT, UNSENT]
    assert (ruling.again, ruling.halted) == ((), reason)


def test_a_call_that_is_too_large_is_halved_in_order(cargo_of):
    five = cargo_of(*(plain(number) for number in range(5)))
    ruling = decide_retry(Attempt(five), UploadResult(CallEnding.TOO_LARGE, 413), PACE)
    assert again(ruling) == [["u0", "u1", "u2"], ["u3", "u4"]]


def test_a_record_that_is_too_large_is_rejected(cargo_of):
    answer = UploadResult(CallEnding.TOO_LARGE, 413, None, "HTTP 413")
    (verdict,) = decide_retry(Attempt(cargo_of(plain(1))), answer, PACE).verdicts
    assert (verdict.outcome, verdict.code, verdict.error) == (REJ, 413, "HTTP 413")


def test_a_malformed_call_is_tried_once_more(two):
    answer = UploadResult(CallEnding.MALFORMED, 400, None, "HTTP 400 Malformed request")
    first = decide_retry(Attempt(two), answer, PACE)
    assert outcomes(first) == [UNSENT, UNSENT]
    second = decide_retry(first.again[0], answer, PACE)
    assert (outcomes(second), second.again) == ([REJ, REJ], ())


@pytest.mark.parametrize("happened", sorted({*CallEnding} - {CallEnding.REPLIED}))
def test_after_a_loss_nothing_but_a_reply_makes_a_record_certain(happened, two):
    attempt = Attempt(two[:1], in_doubt=True, tries=dict.fromkeys(CallEnding, 99))
    assert outcomes(decide_retry(attempt, UploadResult(happened, 400), PACE)) == [UNK]


def test_a_refusal_says_nothing_of_an_earlier_try_that_may_have_been_written(two):
    """So says the state, too, which holds what was in doubt as uncertain."""
    answer = UploadResult(CallEnding.REPLIED, 200, said(1, refusal(2, 516)))
    for is_in_doubt, last in ((False, REJ), (True, UNK)):
        ruling = decide_retry(Attempt(two, in_doubt=is_in_doubt), answer, PACE)
        assert (outcomes(ruling), ruling.again) == ([ACK, last], ())
        assert ruling.verdicts[-1].code == 516


def test_waits_grow_with_jitter_up_to_a_bound():
    assert [PACE.delay_seconds(tries, 1.0) for tries in (0, 1, 2, 9)] == [1, 2, 4, 60]
    assert PACE.delay_seconds(1, 0.0) == 1
    assert PACE.delay_seconds(0, 0.5, at_least=30.0) == 30


@pytest.mark.parametrize(
    ("row", "tries"),
    [
        ("| connection refused | not sent, {} calls |", PACE.unreachable_retries + 1),
        ("| 500, written | unknown, {} calls |", PACE.lost_retries + 1),
        ("| 400 | rejected, {} calls |", PACE.malformed_retries + 1),
        ("| 429 | not sent, {} calls |", PACE.throttled_retries + 1),
    ],
)
def test_a_call_is_tried_as_often_as_the_page_tells(row, tries):
    page = Path(__file__).parents[2] / "specs" / "outcomes.md"
    assert row.format(tries) in page.read_text()


def test_a_run_stops_after_as_many_lost_calls_as_the_page_tells():
    page = Path(__file__).parents[2] / "specs" / "outcomes.md"
    number = ("no", "one", "two", "three", "four", "five", "six")[PACE.lost_calls]
    assert f"After {number} calls in a row that ended without" in page.read_text()


def test_a_run_of_which_nothing_is_said_goes_as_a_project_of_which_nothing_is():
    said, own = ApplySettings(), UploadTerms()
    assert said.records_per_call == own.records_per_call
    assert said.concurrency == own.concurrency
    assert said.timeout_seconds == own.timeout_seconds
    assert not said.dry_run
