"""What is said of a run that was stopped, and what to do about it."""

from dataclasses import dataclass

import pytest

from ctsync.apply.calls.stop_reason import StopReason, stopping_error
from ctsync.model.snapshot import Account

HERE = Account("WR8-9K6", "in1")
SANDBOX = Account("WR8-9K6", "in1", "http://127.0.0.1:8080")


@dataclass
class Sign:
    requested: bool = False
    signal_number: int | None = None


def stopped(reason, message, account=HERE):
    stop = StopReason(Sign())
    stop.call(reason, message)
    return stopping_error(stop, account)


def test_refused_credentials_name_the_account_and_what_to_check():
    error = stopped("unauthorised", "HTTP 401")
    assert (error.code, error.exit_code) == ("unauthorised", 1)
    assert "account WR8-9K6 in region in1: HTTP 401" in error.message
    assert "SDK token" in error.hint


@pytest.mark.parametrize(
    ("message", "what", "hint"),
    [
        ("HTTP 503", "does not take calls", "apply again later"),
        ("no answer to HTTP", "could not be reached", "apply again later"),
        ("DNS: no such name", "could not be reached", "can look up names"),
        ("refused by DNS", "could not be reached", "apply again later"),
    ],
)
def test_who_answered_was_reached_and_a_name_is_looked_up_here(message, what, hint):
    error = stopped("unreachable", message)
    assert error.code == "unreachable"
    assert error.message == f"the platform {what} (region in1): {message}"
    assert hint in error.hint
    assert "nothing that was acknowledged is lost" in error.hint


def test_where_it_was_looked_for_is_the_endpoint_where_there_is_one():
    assert "(http://127.0.0.1:8080)" in stopped("unreachable", "x", SANDBOX).message


@pytest.mark.parametrize("reason", ["interrupted", "reject_limit", "canary"])
def test_what_the_user_wished_is_no_error(reason):
    assert stopped(reason, "") is None


def test_the_first_reason_stays_and_a_signal_counts_from_when_it_was_seen():
    sign = Sign()
    stop = StopReason(sign)
    assert stop.reason is None
    sign.requested = True
    assert stop.reason == "interrupted"
    stop.call("unreachable", "too late")
    sign.requested = False
    assert (stop.reason, stop.message) == ("interrupted", "")
