"""What is hidden, and as what it shows."""

import hashlib
import hmac

import pytest

from ctsync.model.change import Origin
from ctsync.model.masking import Mask, is_personal, masked_json
from ctsync.model.profile_key import ProfileKey

MASK = Mask("0" * 32)
MAIL = ProfileKey("identity", "jack@example.com")
JACK = (Origin("people/jack.yaml", 3), Origin("vip.csv", None, 9))


@pytest.mark.parametrize(
    ("identifier", "personal"),
    [
        ("jack@example.com", True),
        ("a@b", True),
        ("+1415555", True),
        ("+141555512345678", True),
        ("1415555123", True),
        ("141555512345678", True),
        ("1189549", False),
        ("123456789", False),
        ("1415555123456789", False),
        ("+141555", False),
        ("+1415555123456789", False),
        ("+1 415 5551234", False),
        ("a@b@c", False),
        ("@jack", False),
        ("jack@", False),
        ("jack montana@home", False),
        ("u1189549123", False),
        ("٠١٢٣٤٥٦٧٨٩", False),
        ("jack@example.com\n", False),
    ],
)
def test_an_identity_is_hidden_by_its_shape(identifier, personal):
    assert is_personal(identifier) is personal
    assert MASK.hides(ProfileKey("identity", identifier)) is personal


@pytest.mark.parametrize("kind", ["FBID", "GPID", "objectId"])
def test_other_ids_are_never_hidden(kind):
    key = ProfileKey(kind, "jack@example.com")
    assert not Mask("0", all_identities=True).hides(key)
    assert MASK.key_text(key, JACK) == f"{kind}=jack@example.com"


def test_the_catalog_may_hide_every_identity():
    mask = Mask("0", all_identities=True)
    assert mask.key_text(ProfileKey("identity", "u1"), JACK) == "people/jack.yaml:3"


def test_a_hidden_key_shows_as_its_first_origin():
    assert MASK.key_text(MAIL, JACK) == "people/jack.yaml:3"
    assert MASK.key_json(MAIL, JACK) == {
        "identity": "people/jack.yaml:3",
        "masked": True,
    }


def test_without_an_origin_it_shows_as_a_pseudonym_of_the_lineage():
    secret = hmac.new(b"0" * 32, MAIL.id.encode(), hashlib.sha256).hexdigest()
    assert MASK.key_text(MAIL) == f"~{secret[:8]}"
    assert MASK.key_json(MAIL) == {"identity": f"~{secret[:8]}", "masked": True}


def test_a_pseudonym_differs_between_keys_and_between_lineages():
    other = ProfileKey("identity", "jill@example.com")
    shown = {MASK.key_text(MAIL), MASK.key_text(other), Mask("1").key_text(MAIL)}
    assert len(shown) == 3


def test_no_form_of_a_hidden_key_holds_the_key():
    for origins in ((), JACK):
        assert MAIL.id not in MASK.key_text(MAIL, origins)
        assert MAIL.id not in str(MASK.key_json(MAIL, origins))


def test_a_key_that_is_not_hidden_shows_as_it_is():
    key = ProfileKey("identity", "1189549")
    assert MASK.key_text(key, JACK) == "1189549"
    assert MASK.key_json(key, JACK) == {"identity": "1189549"}


def test_reveal_shows_all():
    mask = Mask("0", reveal=True, all_identities=True)
    assert mask.key_text(MAIL, JACK) == MAIL.id
    assert mask.key_json(MAIL, JACK) == {"identity": MAIL.id}
    assert not mask.hides_value(sensitive=True)


@pytest.mark.parametrize("sensitive", [True, False])
def test_a_value_is_hidden_where_its_attribute_is_sensitive(sensitive):
    assert MASK.hides_value(sensitive=sensitive) is sensitive


def test_a_hidden_value_is_told_apart_from_any_text():
    assert masked_json() == {"masked": True}
