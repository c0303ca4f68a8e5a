"""What an apply came to, and the command to run next."""

import pytest

from ctsync.apply.result import ApplyResult
from ctsync.apply.tally import Tally
from ctsync.errors import TransportError
from ctsync.model.change import Change
from ctsync.model.key import Key
from ctsync.model.operation import Operation
from ctsync.model.record import Outcome, Verdict

PLAIN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")


@pytest.fixture
def result(cargo_of):
    def make(*outcomes, **more):
        tally = Tally(len(outcomes))
        keys = [Key("identity", f"u{place}") for place in range(len(outcomes))]
        if keys:
            cargo = cargo_of(*(Change(key, "update", (PLAIN,)) for key in keys))
            tally.note(cargo, tuple(map(Verdict, outcomes)))
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
