"""A run may be cut off or refused at each thing it writes; the next one goes on."""

import pytest

KILLED = -9


def ends(cases, strike, then, *, stride=1):
    """Strike at every point in turn; give how the runs ended."""
    codes, at = [], 1
    while True:
        with cases() as case:
            before = case.calls()
            codes.append(case.run(strike, at))
            if codes[-1] == 1:
                assert case.calls() == before
            getattr(case, then)()
            assert case.world.watch.platform.violations == ()
            if (case.folder / "points").exists() and case.points < at:
                return codes[:-1]
        at += stride


@pytest.mark.parametrize(("then", "stride"), [("go_on", 3), ("plan_anew", 1)])
def test_a_run_that_is_killed_at_any_write_is_taken_up(cases, then, stride):
    codes = ends(cases, "kill", then, stride=stride)
    assert len(codes) > 30 // stride
    assert set(codes) == {KILLED}


@pytest.mark.parametrize(("then", "stride"), [("go_on", 11), ("plan_anew", 9)])
def test_a_run_that_is_killed_at_any_request_to_its_server_is_taken_up(
    server_cases, then, stride
):
    codes = ends(server_cases, "kill", then, stride=stride)
    assert len(codes) > 3
    assert set(codes) == {KILLED}


def test_a_write_that_is_torn_anywhere_is_taken_up(cases):
    assert set(ends(cases, "torn", "plan_anew")) == {KILLED}


def test_a_write_that_fails_once_loses_nothing(cases):
    assert set(ends(cases, "fail", "go_on", stride=3)) <= {0, 1, 3}


@pytest.mark.parametrize("strike", ["full", "read-only"])
def test_a_disk_that_takes_nothing_more_from_any_write_on_loses_nothing(cases, strike):
    assert set(ends(cases, strike, "plan_anew", stride=4)) <= {0, 1, 3}


@pytest.mark.parametrize("limit", [0, 500, 1_000, 2_000, 3_000, 4_000, 6_000, 9_000])
def test_a_file_that_may_not_grow_loses_nothing(cases, limit):
    with cases() as case:
        before = case.calls()
        if case.run("limit", limit) == 1:
            assert case.calls() == before
        case.go_on()
