"""What an apply came to, and the command to run next."""

import pytest

from ctsync.apply.apply_result import ApplyResult
from ctsync.apply.outcome_counts import OutcomeCounts
from ctsync.errors import TransportError
from ctsync.model.change import Change
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome

PLAIN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")


@pytest.fixture
def result(cargo_of):
    def make(*outcomes, **more):
        tally = OutcomeCounts(len(outcomes))
        keys = [ProfileKey("identity", f"u{place}") for place in range(len(outcomes))]
        if keys:
            records_slice = cargo_of(*(Change(key, "update", (PLAIN,)) for key in keys))
            tally.note(records_slice, tuple(map(RecordOutcome, outcomes)))
        return ApplyResult("run", "sha256:", None, tally, **more)

    return make


@pytest.mark.parametrize(
    ("outcomes", "following"),
    [
        ((Outcome.ACKNOWLEDGED,), "ctsync plan"),
        ((Outcome.ACKNOWLEDGED, Outcome.REJECTED), "ctsync plan"),
        ((Outcome.REJECTED, Outcome.UNKNOWN), "ctsync apply"),
        ((Outcome.ACKNOWLEDGED, Outcome.NOT_SENT), "ctsync apply"),
        ((), "ctsync plan"),
    ],
)
def test_the_same_plan_goes_on_while_there_is_something_to_send(
    outcomes, following, result
):
    assert result(*outcomes).next == following


def test_what_was_tried_dry_is_applied_next(result):
    assert result(Outcome.ACKNOWLEDGED, dry_run=True).next == "ctsync apply"


def test_a_run_that_never_got_through_is_applied_again(result):
    error = TransportError("no", code="unauthorised")
    assert result(Outcome.NOT_SENT, error=error).next == "ctsync apply"
