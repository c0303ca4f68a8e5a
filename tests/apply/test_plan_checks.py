"""What stands between a saved plan and its first call, case by case."""

from types import SimpleNamespace

import pytest

from ctsync.apply.plan_checks import check_counts, check_plan, is_continued
from ctsync.apply.recover import CurrentSnapshot
from ctsync.errors import CtsyncError
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base, Header, LastPlan

ACCOUNT = Account("TEST-4Z5", "in1")
HEADER = Header("l" * 32, 3, ACCOUNT, digest="d" * 64, entries=3)
BASE = Base("l" * 32, 3, "d" * 64)
ENTRIES = [Entry(ProfileKey("identity", name), gone=name == "c") for name in "abc"]


def present(header=HEADER):
    return CurrentSnapshot(header, lambda: iter(ENTRIES))


def plan(base=BASE, *, checksum="this", refreshed=False, blocked=(), **more):
    head = {"account": ACCOUNT, "base": base, "refreshed": refreshed, **more}
    foot = SimpleNamespace(blocked=blocked, profiles={"entries": head.pop("says", 0)})
    return SimpleNamespace(
        name="p.plan", checksum=checksum, head=SimpleNamespace(**head), foot=foot
    )


def after(checksum, *, is_open):
    last = LastPlan(checksum, is_open)
    return present(
        Header("l" * 32, 3, ACCOUNT, digest="d" * 64, entries=3, last_plan=last)
    )


def code_of(check, *words, **more):
    with pytest.raises(CtsyncError) as refused:
        check(*words, **more)
    return refused.value.code


def test_a_plan_begins_where_it_was_made_and_goes_on_where_it_was_cut_off():
    assert check_plan(plan(), present()) == "fresh"
    assert check_plan(plan(), after("another", is_open=True)) == "fresh"
    assert check_plan(plan(), after("this", is_open=True)) == "continued"


def test_a_plan_that_was_applied_or_read_the_platform_does_not_go_on():
    assert code_of(check_plan, plan(), after("this", is_open=False)) == "plan_applied"
    refreshed = plan(refreshed=True)
    assert check_plan(refreshed, present()) == "fresh"
    assert code_of(check_plan, refreshed, after("this", is_open=True)) == "plan_stale"


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (Base("o" * 32, 3, "d" * 64), "made from another state"),
        (Base("l" * 32, 3, "e" * 64), "the entries of serial 3"),
        (Base("l" * 32, 2, "d" * 64), "made from serial 2, state is at 3"),
        (Base(), "state is at 3"),
    ],
)
def test_a_stale_plan_is_told_of_what_it_was_made(base, words):
    with pytest.raises(CtsyncError) as refused:
        check_plan(plan(base), present())
    assert refused.value.code == "plan_stale"
    assert words in refused.value.message


def test_a_plan_is_for_the_account_that_the_project_names():
    at = Account("TEST-4Z5", "in1", "http://127.0.0.1:1")
    assert check_plan(plan(), present(), account=ACCOUNT) == "fresh"
    with pytest.raises(CtsyncError) as refused:
        check_plan(plan(account=at, base=Base()), present(None), account=ACCOUNT)
    assert refused.value.code == "plan_other_account"
    assert "TEST-4Z5 in in1 at http://127.0.0.1:1, the project" in refused.value.message
    assert refused.value.message.endswith("TEST-4Z5 in in1")


def test_where_there_is_no_state_a_plan_is_made_from_none():
    assert check_plan(plan(Base()), present(None)) == "fresh"
    assert not is_continued(plan(), present(None))
    with pytest.raises(CtsyncError, match="made from serial 3, state is at 0"):
        check_plan(plan(), present(None))


def test_only_what_the_last_apply_left_open_is_continued():
    assert is_continued(plan(), after("this", is_open=True))
    assert not is_continued(plan(), after("this", is_open=False))
    assert not is_continued(plan(), after("another", is_open=True))
    assert not is_continued(plan(), present())


def test_a_state_is_of_the_account_that_the_project_names_else_of_the_plans():
    other = Account("OTHER-1", "in1")
    of_both = check_plan, plan(account=other), present()
    assert code_of(*of_both) == "state_other_account"
    assert (
        code_of(check_plan, plan(), present(), account=other) == "state_other_account"
    )
    assert code_of(*of_both, account=ACCOUNT) == "plan_other_account"


def test_a_plan_that_says_it_is_blocked_sends_nothing():
    assert code_of(check_plan, plan(blocked=("update",)), present()) == "policy"


@pytest.mark.parametrize(
    ("says", "first_run", "header", "holds"),
    [
        (3, False, HEADER, True),
        (2, False, HEADER, True),  # one was found gone
        (1, False, HEADER, False),
        (4, False, HEADER, False),
        (3, True, HEADER, False),
        (2, True, HEADER, False),
        (0, True, None, True),
        (1, True, None, False),
        (0, False, None, False),
    ],
)
def test_limits_are_held_against_what_the_state_has(says, first_run, header, holds):
    made = plan(says=says, first_run=first_run)
    seen = CurrentSnapshot(header, lambda: iter(ENTRIES if header else ()))
    if holds:
        check_counts(made, seen)
    else:
        assert code_of(check_counts, made, seen) == "plan_tampered"
