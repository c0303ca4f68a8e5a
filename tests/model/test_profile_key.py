"""Keys: who a record is about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.model.profile_key import ID_TYPES, ProfileKey, key_from_json, parse_key

KEYS = st.builds(ProfileKey, st.sampled_from(ID_TYPES), st.text(min_size=1))


def test_keys_sort_by_id_type_then_by_the_bytes_of_the_id():
    keys = [
        ProfileKey("objectId", "a"),
        ProfileKey("identity", "é"),
        ProfileKey("identity", "z"),
        ProfileKey("identity", "u10"),
        ProfileKey("identity", "u2"),
        ProfileKey("identity", "U1"),
        ProfileKey("GPID", "z"),
        ProfileKey("FBID", "\U0001f600"),
        ProfileKey("FBID", "\uffff"),
    ]
    assert [str(key) for key in sorted(keys)] == [
        "FBID=\uffff", "FBID=\U0001f600", "GPID=z", "U1", "u10", "u2", "z", "é",
        "objectId=a",
    ]  # fmt: skip


@settings(deadline=None)
@given(one=KEYS, two=KEYS)
def test_the_order_is_that_of_bytes(one, two):
    in_bytes = [(key.type.encode(), key.id.encode()) for key in (one, two)]
    assert (one < two) is (in_bytes[0] < in_bytes[1])


@settings(deadline=None)
@given(key=KEYS)
def test_a_key_survives_its_json(key):
    assert key_from_json(key.as_json()) == key


@pytest.mark.parametrize(
    "data",
    [{}, {"identity": "a", "FBID": "b"}, {"email": "a"}, {"identity": 5}],
)
def test_what_is_no_key_is_refused(data):
    with pytest.raises(ValueError, match=r"."):
        key_from_json(data)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1189549", ProfileKey("identity", "1189549")),
        ("objectId=25b0", ProfileKey("objectId", "25b0")),
        ("identity=u1", ProfileKey("identity", "u1")),
        ("FBID=a=b", ProfileKey("FBID", "a=b")),
        ("email=u1", ProfileKey("identity", "email=u1")),
        ("a=b@c", ProfileKey("identity", "a=b@c")),
    ],
)
def test_a_key_of_the_command_line_is_an_identity_or_names_its_type(text, key):
    assert parse_key(text) == key


@settings(deadline=None)
@given(key=KEYS.filter(lambda key: key.type != "identity"))
def test_a_key_that_names_its_type_is_read_as_it_is_shown(key):
    assert parse_key(str(key)) == key


def test_first_letters_of_id_types_are_in_their_order():
    """Databases sort keys by them, and sort the rest of a type by no more."""
    letters = [each[0] for each in ID_TYPES]
    assert letters == sorted({*letters})
    assert [*ID_TYPES] == sorted(ID_TYPES)
