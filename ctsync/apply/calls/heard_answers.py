"""What answers say beside the outcomes of their calls: of the platform, and of time."""

from __future__ import annotations

import math

from ctsync.apply.apply_settings import ApplySettings
from ctsync.apply.calls.retry_policy import RetryDecision
from ctsync.apply.calls.stop_reason import StopReason
from ctsync.apply.calls.worker_threads import CallEnded
from ctsync.model.record import Outcome
from ctsync.transport.concurrency_limit import full
from ctsync.transport.upload_result import CallEnding, UploadResult

_STOPPED = (CallEnding.UNAUTHORISED, CallEnding.UNREACHABLE, CallEnding.REFUSED)


class HeardAnswers:
    """Learns how many calls are let in, and ends a run that gets nowhere.

    `reached` says that anything arrived. By the steady clock, nothing that has no
    answer can be written any more from `unanswered_over_at` on, and no counter from
    `counters_over_at` on.
    """

    def __init__(self, stop_reason: StopReason, terms: ApplySettings) -> None:
        self._stop_reason = stop_reason
        self._terms = terms
        self._lost_in_row = 0
        self.allowance = full(terms.concurrency)
        self.reached = False
        self.counters_over_at = self.unanswered_over_at = -math.inf

    def take(self, ended: CallEnded, ruling: RetryDecision, *, next_call: int) -> None:
        """Learn from the end of a call; `next_call` is the number of the next one."""
        answer = ended.answer
        gave_up = ruling.halted is not None
        is_throttled = answer.happened is CallEnding.THROTTLED
        # Unless anything arrived, apply ends as if nothing had been sent: with exit
        # code 1.
        if answer.happened not in _STOPPED and (gave_up or not is_throttled):
            self.reached = True
        if ruling.halted is not None:
            self._stop_reason.call(ruling.halted, answer.message)
        if is_throttled:
            number = ended.in_flight.number
            self.allowance = self.allowance.throttled(number, next_call=next_call)
        elif answer.happened is CallEnding.REPLIED:
            self.allowance = self.allowance.call_succeeded()
        self._count_lost(answer, ruling)
        self._note_late_write(ended, ruling)

    def _count_lost(self, answer: UploadResult, ruling: RetryDecision) -> None:
        if answer.happened is not CallEnding.LOST:
            self._lost_in_row = 0
        elif not ruling.again:
            self._lost_in_row += 1
            # A server that answers nothing costs a timeout a call, and leaves each in
            # doubt.
            if self._lost_in_row >= self._terms.pace.lost_calls:
                self._stop_reason.call("unreachable", answer.message)

    def _note_late_write(self, ended: CallEnded, ruling: RetryDecision) -> None:
        over_at = ended.sent_at + self._terms.timeout_seconds
        if ended.answer.happened is CallEnding.LOST:
            self.unanswered_over_at = max(over_at, self.unanswered_over_at)
        # An assignment too: tried again and acknowledged, its lost first try may
        # still be written over what the next plan moves the counter to.
        if ended.in_flight.attempt.writes_counters and _has_unknown(ruling):
            self.counters_over_at = max(over_at, self.counters_over_at)


def _has_unknown(ruling: RetryDecision) -> bool:
    return any(each.outcome is Outcome.UNKNOWN for each in ruling.verdicts)
