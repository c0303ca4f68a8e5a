"""Who holds a state is told in words; a torn line tells nobody."""

import pytest
from msgspec.structs import replace

from ctsync.state.lock_holder import (
    Holder,
    holder_from_line,
    journal_exists,
    lock_lost,
    locked,
)

ANNA = Holder("anna", "ci-7", 4711, "ctsync apply", "2030-01-02T03:04:05Z")
IN_PIPELINE = replace(ANNA, pipeline="https://ci.example/7")


@pytest.mark.parametrize("holder", [ANNA, IN_PIPELINE])
def test_a_holder_comes_back_from_its_line(holder):
    line = holder.as_line()
    assert holder_from_line(line) == holder
    assert [holder_from_line(line[:n]) for n in (0, 1, len(line) // 2)] == [None] * 3
    assert holder_from_line(b'{"user":"anna"}') is None
    assert holder_from_line(line.replace(b'"user"', b'"more":1,"user"')) is None


def test_who_is_refused_learns_who_is_at_work():
    words = 'anna@ci-7, process 4711, "ctsync apply", since 2030-01-02T03:04:05Z'
    assert str(ANNA) == words
    assert str(IN_PIPELINE).endswith(", in https://ci.example/7")
    assert words in locked("s.jsonl", ANNA).message
    assert "has not named itself" in locked("s.jsonl", None).message


@pytest.mark.parametrize(
    ("refusal", "code"), [(lock_lost, "lock_lost"), (journal_exists, "journal_exists")]
)
def test_a_refusal_names_the_state_and_what_to_do(refusal, code):
    error = refusal("s.jsonl")
    assert error.code == code
    assert "s.jsonl" in error.message
    assert "ctsync apply" in error.hint
