"""What an answer means for a call: verdicts, what to send again, when to give up.

Pure: the whole matrix stands here, and whoever sends does as it says.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.apply.terms import Halted, Pace
from ctsync.model.record import Outcome, Verdict
from ctsync.plan.load import Cargo
from ctsync.transport.answer import Answer, Happened
from ctsync.transport.reply import is_all_taken, read_reply


class Attempt(Struct, frozen=True):
    """Records that go out together, and what was tried with them before.

    `in_doubt` says that an earlier try may have been written.
    """

    cargo: Cargo
    in_doubt: bool = False
    tries: dict[Happened, int] = field(default_factory=dict)

    @property
    def is_idempotent(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return not self.cargo.is_delta

    @property
    def writes_counters(self) -> bool:
        """Whether it would undo what a later call moves, if it were written late."""
        return self.cargo.counts

    def tried(self, happened: Happened) -> int:
        """Say how often it met with this before."""
        return self.tries.get(happened, 0)

    def again(
        self, happened: Happened, cargo: Cargo, *, in_doubt: bool = False
    ) -> Attempt:
        """Give the next try, with some or all of the records."""
        tries = {**self.tries, happened: self.tried(happened) + 1}
        return Attempt(cargo, self.in_doubt or in_doubt, tries)

    def afresh(self, happened: Happened) -> Attempt:
        """Give the attempt as if it had never met with this."""
        return replace(self, tries={**self.tries, happened: 0})

    def unsent(self) -> Verdict:
        """Give the verdict of records that this try did not write."""
        outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.NOT_SENT
        return Verdict(outcome)

    def refused(self, answer: Answer) -> Verdict:
        """Give the verdict of records that this try could not get across."""
        outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.REJECTED
        return Verdict(outcome, answer.status, answer.message, answer.said)


class Ruling(Struct, frozen=True):
    """What follows from an answer.

    `verdicts` are of this very try, one a record; `again` are further tries, after
    the wait of retry number `tries`. A record that is in none of them has its outcome.
    """

    verdicts: tuple[Verdict, ...]
    again: tuple[Attempt, ...] = ()
    tries: int | None = None
    halted: Halted | None = None


def rule(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:
    """Say what follows from the answer to an attempt."""
    return _RULES[answer.happened](attempt, answer, pace)


def _replied(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:
    said = read_reply(attempt.cargo, answer.status, answer.body, answer.keepable)
    if is_all_taken(said):
        return Ruling(said)
    # What the server calls its own failure may have been written in part.
    verdicts = tuple(
        replace(v, outcome=Outcome.UNKNOWN) if v.transient else v for v in said
    )
    failed = [number for number, verdict in enumerate(said) if verdict.transient]
    tries = attempt.tried(Happened.LOST)
    if not failed or not attempt.is_idempotent or tries >= pace.lost_retries:
        return Ruling(verdicts)
    cargo = attempt.cargo.only(failed)
    again = attempt.again(Happened.LOST, cargo, in_doubt=True)
    return Ruling(verdicts, (again,), tries)


def _lost(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:
    why = (answer.status, answer.message, answer.said)
    verdict = Verdict(Outcome.UNKNOWN, *why)
    verdicts = (verdict,) * len(attempt.cargo)
    tries = attempt.tried(Happened.LOST)
    if not attempt.is_idempotent or tries >= pace.lost_retries:
        return Ruling(verdicts)
    again = attempt.again(Happened.LOST, attempt.cargo, in_doubt=True)
    return Ruling(verdicts, (again,), tries)


def _unwritten(attempt: Attempt, answer: Answer, most: int) -> Ruling:
    """Try again what was certainly not written, or give up the run."""
    verdicts = (attempt.unsent(),) * len(attempt.cargo)
    tries = attempt.tried(answer.happened)
    if tries >= most:
        return Ruling(verdicts, halted="unreachable")
    return Ruling(verdicts, (attempt.again(answer.happened, attempt.cargo),), tries)


def _throttled(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:
    return _unwritten(attempt, answer, pace.throttled_retries)


def _unreachable(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:
    return _unwritten(attempt, answer, pace.unreachable_retries)


def _unauthorised(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:  # noqa: ARG001
    verdicts = (attempt.unsent(),) * len(attempt.cargo)
    return Ruling(verdicts, halted="unauthorised")


def _too_large(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:  # noqa: ARG001
    if len(attempt.cargo) == 1:
        return Ruling((attempt.refused(answer),))
    verdicts = (attempt.unsent(),) * len(attempt.cargo)
    return Ruling(verdicts, halves(attempt))


def _malformed(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:
    tries = attempt.tried(Happened.MALFORMED)
    if tries >= pace.malformed_retries:
        return Ruling((attempt.refused(answer),) * len(attempt.cargo))
    verdicts = (attempt.unsent(),) * len(attempt.cargo)
    again = attempt.again(Happened.MALFORMED, attempt.cargo)
    return Ruling(verdicts, (again,), tries)


def _refused(attempt: Attempt, answer: Answer, pace: Pace) -> Ruling:  # noqa: ARG001
    verdicts = (attempt.unsent(),) * len(attempt.cargo)
    return Ruling(verdicts, halted="unreachable")


def halves(attempt: Attempt) -> tuple[Attempt, Attempt]:
    """Give two attempts with half of the records each, in order."""
    middle = (len(attempt.cargo) + 1) // 2
    first, second = attempt.cargo[:middle], attempt.cargo[middle:]
    return replace(attempt, cargo=first), replace(attempt, cargo=second)


_RULES: dict[Happened, Callable[[Attempt, Answer, Pace], Ruling]] = {
    Happened.REPLIED: _replied,
    Happened.LOST: _lost,
    Happened.THROTTLED: _throttled,
    Happened.UNREACHABLE: _unreachable,
    Happened.UNAUTHORISED: _unauthorised,
    Happened.TOO_LARGE: _too_large,
    Happened.MALFORMED: _malformed,
    Happened.REFUSED: _refused,
}
