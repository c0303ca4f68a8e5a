"""What a server says of a record never carries its personal values further."""

import pytest

from ctsync.apply.curtain import Curtain, hidden
from ctsync.model.key import Key
from ctsync.model.mask import Mask
from ctsync.model.operation import Operation
from ctsync.model.record import Outcome, Record, Verdict


def record(operand, *, identity="u1", sensitive=True, **more):
    operation = Operation(
        "Email", "string", "set", operand, "known", sensitive=sensitive, **more
    )
    return Record(Key("identity", identity), (operation,))


def said(text, about, mask=None):
    verdict = Verdict(Outcome.REJECTED, 515, text)
    return Curtain((about,), mask or Mask()).verdict(verdict).error


@pytest.mark.parametrize(
    ("text", "about", "shown"),
    [
        ("a@b.io is bad", record("a@b.io"), "(sensitive) is bad"),
        ("A@B.IO is bad", record("a@b.io"), "(sensitive) is bad"),
        ("14155551234 is bad", record("+14155551234"), "(sensitive) is bad"),
        ("was x@y.z", record("a@b.io", before="x@y.z"), "was (sensitive)"),
        ("in 635472000", record("$D_635472000"), "in (sensitive)"),
        ("one of red", record(("red", "blue")), "one of (sensitive)"),
        ("for c@d.io", record("x", identity="c@d.io"), "for (sensitive)"),
        ("Gold is bad", record("Gold", sensitive=False), "Gold is bad"),
        ("Email is not valid", record("a@b.io"), "Email is not valid"),
    ],
)
def test_values_are_hidden(text, about, shown):
    assert said(text, about) == shown


def test_reveal_shows_all():
    assert said("a@b.io", record("a@b.io"), Mask(reveal=True)) == "a@b.io"


def test_a_value_that_our_own_bound_cut_is_hidden_too():
    assert hidden("bad: jack.montan...", ["jack.montana@example.com"]) == (
        "bad: (sensitive)..."
    )


def test_a_longer_value_is_hidden_before_a_part_of_it():
    assert hidden("ab abc", ["ab", "abc"]) == "(sensitive) (sensitive)"


def test_a_text_may_name_the_values_of_any_record_of_the_call():
    one, other = record_of("a@example.com"), record_of("b@example.com")
    curtain = Curtain((one, other), Mask())
    said = Verdict(Outcome.REJECTED, 400, "cannot read b@example.com")
    assert curtain.verdict(said).error == "cannot read (sensitive)"
    assert curtain.text("HTTP 503 a@example.com") == "HTTP 503 (sensitive)"


def record_of(identity):
    return Record(Key("identity", identity), ())
