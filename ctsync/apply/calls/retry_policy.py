"""What an answer means for a call: verdicts, what to send again, when to give up.

Pure: the whole matrix stands here, and whoever sends does as it says.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.apply.apply_settings import Halted, RetryPace
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.plan.document.batches import RecordSlice
from ctsync.transport.reply import is_all_taken, read_reply
from ctsync.transport.upload_result import CallEnding, UploadResult


class Attempt(Struct, frozen=True):
    """Records that go out together, and what was tried with them before.

    `in_doubt` says that an earlier try may have been written.
    """

    records_slice: RecordSlice
    in_doubt: bool = False
    tries: dict[CallEnding, int] = field(default_factory=dict)

    @property
    def is_idempotent(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return not self.records_slice.is_delta

    @property
    def writes_counters(self) -> bool:
        """Whether it would undo what a later call moves, if it were written late."""
        return self.records_slice.counts

    def tried(self, happened: CallEnding) -> int:
        """Say how often it met with this before."""
        return self.tries.get(happened, 0)

    def again(
        self,
        happened: CallEnding,
        records_slice: RecordSlice,
        *,
        in_doubt: bool = False,
    ) -> Attempt:
        """Return the next try, with some or all of the records."""
        tries = {**self.tries, happened: self.tried(happened) + 1}
        return Attempt(records_slice, self.in_doubt or in_doubt, tries)

    def afresh(self, happened: CallEnding) -> Attempt:
        """Return the attempt as if it had never met with this."""
        return replace(self, tries={**self.tries, happened: 0})

    def unsent(self) -> RecordOutcome:
        """Return the verdict of records that this try did not write."""
        outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.NOT_SENT
        return RecordOutcome(outcome)

    def ruled(self, verdict: RecordOutcome) -> RecordOutcome:
        """Return the verdict of a record, of which a reply said one of this try."""
        # What the server calls its own failure may have been written in part. Of an
        # earlier try, which may have been written, a refusal of this one says nothing.
        is_refused = verdict.outcome is Outcome.REJECTED
        if verdict.transient or (is_refused and self.in_doubt):
            return replace(verdict, outcome=Outcome.UNKNOWN)
        return verdict

    def refused(self, answer: UploadResult) -> RecordOutcome:
        """Return the verdict of records that this try could not get across."""
        outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.REJECTED
        return RecordOutcome(outcome, answer.status, answer.message, answer.said)


class RetryDecision(Struct, frozen=True):
    """What follows from an answer.

    `verdicts` are of this very try, one a record; `again` are further tries, after
    the wait of retry number `tries`. A record that is in none of them has its outcome.
    """

    verdicts: tuple[RecordOutcome, ...]
    again: tuple[Attempt, ...] = ()
    tries: int | None = None
    halted: Halted | None = None


def decide_retry(
    attempt: Attempt, answer: UploadResult, pace: RetryPace
) -> RetryDecision:
    """Say what follows from the answer to an attempt."""
    return _RULES[answer.happened](attempt, answer, pace)


def _replied(attempt: Attempt, answer: UploadResult, pace: RetryPace) -> RetryDecision:
    said = read_reply(
        attempt.records_slice, answer.status, answer.body, answer.keepable
    )
    if is_all_taken(said):
        return RetryDecision(said)
    verdicts = tuple(map(attempt.ruled, said))
    # Code 555 is the platform's own failure (public docs): what it met may stand
    # written, so what counts is not sent again.
    failed = [number for number, verdict in enumerate(said) if verdict.transient]
    tries = attempt.tried(CallEnding.LOST)
    if not failed or not attempt.is_idempotent or tries >= pace.lost_retries:
        return RetryDecision(verdicts)
    records_slice = attempt.records_slice.only(failed)
    again = attempt.again(CallEnding.LOST, records_slice, in_doubt=True)
    return RetryDecision(verdicts, (again,), tries)


def _lost(attempt: Attempt, answer: UploadResult, pace: RetryPace) -> RetryDecision:
    why = (answer.status, answer.message, answer.said)
    # Nobody knows whether it was written. Sent twice, a counter would count twice.
    verdict = RecordOutcome(Outcome.UNKNOWN, *why)
    verdicts = (verdict,) * len(attempt.records_slice)
    tries = attempt.tried(CallEnding.LOST)
    if not attempt.is_idempotent or tries >= pace.lost_retries:
        return RetryDecision(verdicts)
    again = attempt.again(CallEnding.LOST, attempt.records_slice, in_doubt=True)
    return RetryDecision(verdicts, (again,), tries)


def _unwritten(attempt: Attempt, answer: UploadResult, most: int) -> RetryDecision:
    """Try again what was certainly not written, or give up the run."""
    verdicts = (attempt.unsent(),) * len(attempt.records_slice)
    tries = attempt.tried(answer.happened)
    if tries >= most:
        return RetryDecision(verdicts, halted="unreachable")
    return RetryDecision(
        verdicts, (attempt.again(answer.happened, attempt.records_slice),), tries
    )


def _throttled(
    attempt: Attempt, answer: UploadResult, pace: RetryPace
) -> RetryDecision:
    return _unwritten(attempt, answer, pace.throttled_retries)


def _unreachable(
    attempt: Attempt, answer: UploadResult, pace: RetryPace
) -> RetryDecision:
    return _unwritten(attempt, answer, pace.unreachable_retries)


def _unauthorised(
    attempt: Attempt,
    answer: UploadResult,  # noqa: ARG001
    pace: RetryPace,  # noqa: ARG001
) -> RetryDecision:
    verdicts = (attempt.unsent(),) * len(attempt.records_slice)
    # Nothing was written, and every other call would be told the same.
    return RetryDecision(verdicts, halted="unauthorised")


def _too_large(
    attempt: Attempt,
    answer: UploadResult,
    pace: RetryPace,  # noqa: ARG001
) -> RetryDecision:
    # The platform lists no 413; what stands in between may say it. Halves end at what
    # passes, or at the one record that never will.
    if len(attempt.records_slice) == 1:
        return RetryDecision((attempt.refused(answer),))
    verdicts = (attempt.unsent(),) * len(attempt.records_slice)
    return RetryDecision(verdicts, halves(attempt))


def _malformed(
    attempt: Attempt, answer: UploadResult, pace: RetryPace
) -> RetryDecision:
    tries = attempt.tried(CallEnding.MALFORMED)
    # For good by the public docs, and yet a client of the platform's tries this body
    # again, as if it had met it on sound calls.
    if tries >= pace.malformed_retries:
        return RetryDecision((attempt.refused(answer),) * len(attempt.records_slice))
    verdicts = (attempt.unsent(),) * len(attempt.records_slice)
    again = attempt.again(CallEnding.MALFORMED, attempt.records_slice)
    return RetryDecision(verdicts, (again,), tries)


def _refused(attempt: Attempt, answer: UploadResult, pace: RetryPace) -> RetryDecision:  # noqa: ARG001
    verdicts = (attempt.unsent(),) * len(attempt.records_slice)
    return RetryDecision(verdicts, halted="unreachable")


def halves(attempt: Attempt) -> tuple[Attempt, Attempt]:
    """Return two attempts with half of the records each, in order."""
    middle = (len(attempt.records_slice) + 1) // 2
    first, second = attempt.records_slice[:middle], attempt.records_slice[middle:]
    return replace(attempt, records_slice=first), replace(attempt, records_slice=second)


_RULES: dict[
    CallEnding, Callable[[Attempt, UploadResult, RetryPace], RetryDecision]
] = {
    CallEnding.REPLIED: _replied,
    CallEnding.LOST: _lost,
    CallEnding.THROTTLED: _throttled,
    CallEnding.UNREACHABLE: _unreachable,
    CallEnding.UNAUTHORISED: _unauthorised,
    CallEnding.TOO_LARGE: _too_large,
    CallEnding.MALFORMED: _malformed,
    CallEnding.REFUSED: _refused,
}
