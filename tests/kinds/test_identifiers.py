"""What is wrong with an identifier, and never the identifier itself."""

import pytest

from ctsync.kinds.identifier_rules import HARMLESS, is_usual, key_faults
from ctsync.limits import MAX_IDENTIFIER_CHARS
from ctsync.model.profile_key import ProfileKey

MOST = MAX_IDENTIFIER_CHARS - 1
FAULTS = {
    # of every type of id
    ("identity", ""): ["CT314"],
    ("identity", " \t"): ["CT314"],
    ("identity", "1189549"): [],
    ("identity", "jack@example.com"): [],
    ("identity", "Ünï çode"): [],
    ("identity", " 7"): ["CT318"],
    ("identity", "7\t"): ["CT318", "CT314"],
    ("identity", "a\x00b"): ["CT314"],
    ("identity", "a\ud800b"): ["CT314"],
    ("identity", "a\u200bb"): [],
    ("identity", "x" * MOST): [],
    ("identity", "é" * MOST): [],
    ("identity", "x" * MAX_IDENTIFIER_CHARS): ["CT314"],
    ("identity", "\x01" * MAX_IDENTIFIER_CHARS): ["CT314", "CT314"],
    ("identity", "__i7"): [],
    # of ids of devices
    ("objectId", ""): ["CT314"],
    ("objectId", "25b08803c1af"): [],
    ("objectId", "aZ09()!:@$_-"): [],
    ("objectId", "a.b"): ["CT526"],
    ("objectId", "a b"): ["CT526"],
    ("objectId", "__i25b0"): ["CT526"],
    ("objectId", "__i"): ["CT526"],
    ("objectId", "__h1"): [],
    ("objectId", "__g" + "x" * 64): [],
    ("objectId", "__g" + "x" * 65): ["CT526"],
    ("objectId", "__h"): ["CT526"],
    ("objectId", "__ha.b"): ["CT526"],
    ("objectId", "x__h.b"): ["CT526"],
    ("objectId", "x" * MAX_IDENTIFIER_CHARS): ["CT314"],
}


@pytest.mark.parametrize(("kind", "text"), FAULTS)
def test_what_the_platform_refuses_of_an_identifier_is_found(kind, text):
    found = list(key_faults(ProfileKey(kind, text)))
    assert [fault.code for fault in found] == FAULTS[kind, text]
    for fault in found:
        assert fault.hint
        if len(text.strip()) > 3:
            assert text not in f"{fault.message} {fault.hint}"


@pytest.mark.parametrize(("kind", "text"), FAULTS)
def test_nothing_is_wrong_with_an_identifier_that_looks_usual(kind, text):
    key = ProfileKey(kind, text)
    assert not (is_usual(key) and FAULTS[kind, text])
    assert not (is_usual(key) and kind == "objectId")


def test_nearly_all_identifiers_look_usual():
    for text in ("1189549", "jack@example.com", "+14155551234", "a_b-c.d", "x" * MOST):
        assert is_usual(ProfileKey("identity", text))
    for text in ("", "é", " a", "x" * MAX_IDENTIFIER_CHARS):
        assert not is_usual(ProfileKey("identity", text))


def test_a_space_around_an_identifier_is_a_warning_and_the_rest_is_an_error():
    assert "CT318" in HARMLESS
    assert HARMLESS.isdisjoint({"CT314", "CT526"})


def test_a_long_identifier_is_told_how_long_it_is_and_may_be():
    (fault,) = key_faults(ProfileKey("identity", "x" * 300))
    assert f"has 300 characters, the platform takes under {MOST + 1}" in fault.message
