"""Ways to apply with care: a few first, some losses allowed, patience for a lock."""

import threading

import pytest


@pytest.fixture
def six(desk):
    desk.project("upload: {records_per_call: 1, concurrency: 1}")
    desk.people({f"u{n}": {"Plan": "Gold"} for n in range(6)})
    return desk


@pytest.mark.parametrize("amount", ["2", "33%"])
def test_a_canary_that_fails_keeps_the_rest_at_home(six, amount):
    six.sandbox.script("reject")
    ended = six.json("apply", "--auto-approve", "--first-run", "--canary", amount)
    assert (ended["exit_code"], ended["stopped"]) == (3, "canary")
    assert ended["counts"]["rejected"] == 1
    assert ended["counts"]["not_sent"] == 4
    assert six.calls == 2


def test_a_canary_that_lives_lets_the_rest_go(six):
    ended = six.json("apply", "--auto-approve", "--first-run", "--canary", "2")
    assert (ended["exit_code"], ended["counts"]["acknowledged"]) == (0, 6)


@pytest.mark.parametrize(("allowed", "code"), [("1", 0), ("0", 3), ("17%", 0)])
def test_so_many_may_be_rejected_and_no_more(six, allowed, code):
    six.sandbox.script("none", "reject")
    ended = six.run(
        "apply", "--auto-approve", "--first-run", "--allow-rejected", allowed
    )
    assert ended.code == code
    assert ("warning: 1 profile rejected, as allowed" in ended.err) == (code == 0)


def test_nothing_unknown_is_ever_allowed(six):
    six.sandbox.script("empty")
    words = ("apply", "--auto-approve", "--first-run", "--allow-rejected", "100%")
    assert six.run(*words).code == 3


def test_an_amount_that_is_none_is_usage(six):
    ended = six.run("apply", "--auto-approve", "--canary", "few")
    assert ended.code == 64
    assert "'few' is no number and no percentage" in ended.err


@pytest.mark.parametrize(
    ("option", "amount", "said"),
    [
        ("--canary", "0", "'0' is none"),
        ("--canary", "0%", "'0%' is none"),
        ("--canary", "101%", "'101%' is more than all"),
        ("--canary", "-1", "'-1' is no number"),
        ("--canary", "1.5", "'1.5' is no number"),
        ("--canary", "", "'' is no number"),
        ("--allow-rejected", "101%", "'101%' is more than all"),
        ("--allow-rejected", "%", "'%' is no number"),
    ],
)
def test_an_amount_that_cannot_be_meant_is_usage(six, option, amount, said):
    ended = six.run("apply", "--auto-approve", "--first-run", f"{option}={amount}")
    assert ended.code == 64
    assert said in ended.err
    assert six.calls == 0


def test_the_document_warns_of_what_was_allowed(six):
    six.sandbox.script("none", "reject")
    words = ("apply", "--auto-approve", "--first-run", "--allow-rejected", "50%")
    document = six.json(*words)
    (warning,) = document["diagnostics"]
    assert (warning["severity"], warning["code"]) == ("warning", "CT405")
    assert warning["message"] == "1 profile rejected, as allowed"
    assert document["diagnostic_totals"] == {"CT405": 1}
    assert document["exit_code"] == 0


def test_a_lock_is_waited_for_as_long_as_was_said(six, other_run):
    held, free = threading.Event(), threading.Event()

    def hold():
        with other_run():
            held.set()
            free.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    words = ("apply", "--auto-approve", "--first-run", "--lock-timeout")
    refused = six.run(*words, "0.05")
    assert refused.code == 5
    assert "locked by ann@host9" in refused.err
    threading.Timer(0.2, free.set).start()
    assert six.run(*words, "10").code == 0
    thread.join()


def test_faults_of_the_project_are_told_before_the_lock(six, other_run):
    six.people({"u1": {"Employed": "maybe"}})
    with other_run():
        ended = six.run("apply", "--auto-approve", "--first-run")
    assert ended.code == 1
    assert "CT517" in ended.err
