"""What an apply came to, and the command to run next."""

import json

import pytest

from ctsync.apply.apply_result import ApplyResult, create_report, write_report
from ctsync.apply.outcome_counts import OutcomeCounts
from ctsync.diagnostic_codes import CODES
from ctsync.errors import CtsyncError, PlanRefused, TransportError
from ctsync.model.change import Change
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.policy import Limit
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome

PLAIN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
ACK, REJ, UNK, UNSENT = (
    Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_SENT,
)  # fmt: skip
LOST = TransportError("no", code="unreachable")


def changes_of(number):
    keys = [ProfileKey("identity", f"u{place:03}") for place in range(number)]
    return [Change(key, "update", (PLAIN,)) for key in keys]


@pytest.fixture
def result(cargo_of):
    def make(*outcomes, **more):
        tally = OutcomeCounts(len(outcomes))
        if outcomes:
            records_slice = cargo_of(*changes_of(len(outcomes)))
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


@pytest.mark.parametrize(
    ("outcomes", "more", "code"),
    [
        ([ACK, ACK], {}, 0),
        ([ACK, REJ], {}, 3),
        ([ACK, UNK], {}, 3),
        ([ACK, UNSENT], {}, 3),
        ([ACK, UNSENT], {"stopped": "interrupted"}, 130),
        ([ACK, UNSENT], {"stopped": "interrupted", "signal_number": 15}, 143),
        ([ACK, ACK], {"stopped": "interrupted", "signal_number": 15}, 0),
        ([ACK, UNSENT], {"stopped": "canary"}, 3),
        ([UNSENT], {"error": LOST}, LOST.exit_code),
        ([UNSENT], {"error": PlanRefused("no", code="x")}, PlanRefused.exit_code),
        ([UNSENT], {"error": LOST, "called": True}, 3),
        ([ACK], {"error": LOST, "called": True}, 3),
    ],
)
def test_the_exit_code_says_what_came_of_it(result, outcomes, more, code):
    """One of its own only where nothing can have reached the platform."""
    assert result(*outcomes, **more).exit_code == code


@pytest.mark.parametrize(
    ("outcomes", "more", "code"),
    [
        ([ACK, REJ], {}, 0),
        ([REJ, REJ], {}, 3),
        ([ACK, REJ, UNSENT], {}, 3),
        ([ACK, REJ], {"error": LOST, "called": True}, 3),
    ],
)
def test_so_many_rejected_as_were_allowed_are_none(result, outcomes, more, code):
    found = result(*outcomes, allow_rejected=Limit(1), **more)
    assert found.exit_code == code
    assert found.tolerates_rejected == (code == 0)


@pytest.mark.parametrize(
    ("by_file", "more", "following"),
    [
        (1, {}, "ctsync export FILE --channel sftp --out DIR"),
        (1, {"put": ()}, "ctsync plan"),
        (0, {}, "ctsync apply"),
        (1, {"stopped": "interrupted"}, "ctsync apply"),
        (1, {"error": LOST, "called": True}, "ctsync apply"),
        (1, {"dry_run": True}, "ctsync apply"),
    ],
)
def test_what_goes_in_a_file_is_nothing_to_apply_again(
    result, by_file, more, following
):
    """Unless the run was cut short: then nobody knows what else was left."""
    found = result(ACK, UNSENT, by_file=by_file, **more)
    assert found.next == following
    assert found.retryable == (following == "ctsync apply" and "dry_run" not in more)


def test_a_document_lists_a_hundred_and_counts_all(result):
    said = result(*[REJ] * 101, seconds=1.23456).as_json(Mask())
    assert (len(said["rejected"]), said["counts"]["rejected"]) == (100, 101)
    assert said["seconds"] == 1.235


def test_what_nobody_says_did_not_happen(result):
    said = result().as_json(Mask())
    assert (said["calls"], said["seconds"], said["dry_run"]) == (0, 0.0, False)
    assert said["channels"] == {"sftp": {"profiles": 0}}
    assert (said["stopped"], said["error"], said["exit_code"]) == (None, None, 0)
    assert result(UNSENT, error=LOST).exit_code == LOST.exit_code


def lines_of(result, tmp_path, number):
    with create_report(tmp_path / "report") as file:
        write_report(file, result, changes_of(number))
    return [json.loads(line) for line in (tmp_path / "report").read_text().splitlines()]


def test_a_report_says_of_each_profile_what_to_do(result, tmp_path):
    lines = lines_of(result(ACK, REJ, UNK, UNSENT), tmp_path, 4)
    done, rejected, unknown, unsent = (line["hint"] for line in lines)
    assert done is None
    assert rejected.startswith("Correct the spec")
    assert unknown.startswith("Plan again")
    assert unsent.startswith("Apply again")


def test_a_report_says_of_a_known_code_what_the_catalogue_says(cargo_of, tmp_path):
    tally = OutcomeCounts(1)
    tally.note(cargo_of(*changes_of(1)), (RecordOutcome(REJ, 516),))
    (line,) = lines_of(ApplyResult("run", "sha256:", None, tally), tmp_path, 1)
    assert line["hint"] == f"{CODES['CT516'].meaning} {CODES['CT516'].hint}"


def test_a_report_that_finds_no_room_says_that_the_apply_has_ended(
    result, tmp_path, monkeypatch
):
    def full():
        raise OSError(28, "No space left on device")

    with create_report(tmp_path / "report") as file:
        monkeypatch.setattr(file, "keep", full)
        with pytest.raises(CtsyncError, match="No space left") as caught:
            write_report(file, result(ACK), changes_of(1))
    assert caught.value.code == "report_unwritable"
    assert "the apply itself has ended" in caught.value.hint
