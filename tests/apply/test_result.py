"""What an apply came to, and the command to run next."""

import pytest

from ctsync.apply.dossier import Dossier
from ctsync.apply.result import ApplyResult
from ctsync.apply.tally import Tally
from ctsync.errors import TransportError
from ctsync.model.change import Change
from ctsync.model.key import Key
from ctsync.model.record import Outcome, Record, Verdict


def result(*outcomes, **more):
    tally = Tally()
    for place, outcome in enumerate(outcomes):
        tally.expect()
        change = Change(Key("identity", f"u{place}"), "update")
        record = Record(change.key, ())
        tally.note(Dossier(place, change, None), record, Verdict(outcome))
    return ApplyResult("run", "sha256:", None, tally, **more)


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
def test_the_same_plan_goes_on_while_there_is_something_to_send(outcomes, following):
    assert result(*outcomes).next == following


def test_what_was_tried_dry_is_applied_next():
    assert result(Outcome.ACKNOWLEDGED, dry_run=True).next == "ctsync apply"


def test_a_run_that_never_got_through_is_applied_again():
    error = TransportError("no", code="unauthorised")
    assert result(Outcome.NOT_SENT, error=error).next == "ctsync apply"
