"""What travels, as the platform takes it."""

import pytest

from ctsync.model.operation import Operation
from ctsync.model.policy import Limit, parse_limit
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Record


def wire(*operations, key=ProfileKey("identity", "1189549")):  # noqa: B008 - a frozen value
    return Record(key, operations).as_wire()


def op(attribute, operator, operand, kind="string"):
    return Operation(attribute, kind, operator, operand, "known")


def test_a_record_has_the_form_of_the_upload_api():
    assert wire(
        op("Customer Type", "set", "Platinum"),
        op("Interests", "$add", ("bags", "shoes"), "list"),
        op("Name", "$delete", 1),
        op("DOB", "set", "$D_1487576752", "date"),
        op("MSG-email", "set", True, "subscription"),
    ) == {
        "identity": "1189549",
        "type": "profile",
        "profileData": {
            "Customer Type": "Platinum",
            "Interests": {"$add": ("bags", "shoes")},
            "Name": {"$delete": 1},
            "DOB": "$D_1487576752",
            "MSG-email": True,
        },
    }


@pytest.mark.parametrize(("operator", "operand"), [("$incr", 20), ("$decr", 5)])
def test_a_counter_travels_as_its_difference(operator, operand):
    data = wire(op("Points", operator, operand, "counter"))["profileData"]
    assert data == {"Points": {operator: operand}}


def test_groups_travel_as_commands_by_channel():
    data = wire(
        op("subscriptions.email.Newsletters", "set", False, "subscription"),
        op("subscriptions.email.Promotions", "set", False, "subscription"),
        op("subscriptions.email.Football.UK", "set", True, "subscription"),
    )["profileData"]
    assert data == {
        "category-unsubscribe": {"email": ["Newsletters", "Promotions"]},
        "category-resubscribe": {"email": ["Football.UK"]},
    }


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID", "objectId"])
def test_a_record_names_its_profile_by_one_id(kind):
    record = wire(op("Plan", "set", "Gold"), key=ProfileKey(kind, "x"))
    assert record.keys() == {kind, "type", "profileData"}


def test_no_timestamp_is_sent():
    assert "ts" not in wire(op("Plan", "set", "Gold"))


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("30%", Limit(30, is_percent=True)),
        ("0%", Limit(0, is_percent=True)),
        ("412", Limit(412)),
        (0, Limit(0)),
        (1000, Limit(1000)),
    ],
)
def test_a_limit_is_a_number_or_a_percentage(text, limit):
    assert parse_limit(text) == limit
    assert str(limit) == str(text)


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "30 %", "many", "٣", "1%%"])
def test_no_other_limit_is_read(text):
    with pytest.raises(ValueError, match="not a number or a percentage"):
        parse_limit(text)
