"""The distorted read of the platform."""

import pytest


def test_a_profile_reads_in_the_documented_shape(client):
    client.put(
        "u1",
        {
            "Name": "Jack Montana",
            "Email": "jack@example.com",
            "Phone": "+14155551234",
            "Gender": "M",
            "Customer Type": "Platinum",
            "DOB": "$D_1487576752",
            "Favorite Color": "Red",
            "Tags": {"$add": ["shoes", "Bags"]},
            "MSG-email": True,
            "category-unsubscribe": {"email": ["Newsletters"]},
        },
    )
    assert client.read(identity="u1") == {
        "status": "success",
        "record": {
            "identity": "u1",
            "all_identities": ["u1"],
            "name": "Jack Montana",
            "email": "jack@example.com",
            "phone": 14155551234,
            "profileData": {
                "Gender": "M",
                "Customer Type": "Platinum",
                "DOB": "$D_1487576752",
                "favoritecolor": "Red",
                "tags": ["shoes", "Bags"],
            },
            "events": {},
            "platformInfo": [],
        },
    }


def test_a_profile_reads_by_email_and_by_object_id(client):
    client.upload(
        {
            "objectId": "abc123",
            "type": "profile",
            "profileData": {"Email": "a+b@example.com"},
        }
    )
    by_id = client.read(objectId="abc123")["record"]
    assert by_id == client.read(email="a+b@example.com")["record"]
    assert by_id["platformInfo"] == [{"objectId": "abc123"}]
    assert "identity" not in by_id


def test_an_identity_is_not_found_in_another_namespace(client):
    client.put("u1", {"A": 1})
    assert client.read(objectId="u1")["record"] is None


def test_an_old_email_no_longer_finds_the_profile(client):
    client.put("u1", {"Email": "old@example.com"})
    client.put("u1", {"Email": "new@example.com"})
    assert client.read(email="old@example.com")["record"] is None
    assert client.read(email="new@example.com")["record"]["identity"] == "u1"


def test_an_unknown_identity_reads_as_a_null_record(client):
    assert client.read(identity="nobody") == {"status": "success", "record": None}


def test_an_unknown_identity_can_read_as_a_failure(serve):
    client = serve(unknown_reads_fail=True)
    response = client.call("GET", "/1/profile.json?identity=nobody")
    assert (response.status, response.json()["status"]) == (200, "fail")


def test_identities_are_percent_decoded(client):
    client.put("a b&c=d/é", {"A": 1})
    assert client.read(identity="a b&c=d/é")["record"]["identity"] == "a b&c=d/é"


@pytest.mark.parametrize("query", ["", "?FBID=1", "?identity=a&email=b"])
def test_a_read_names_exactly_one_id(client, query):
    assert client.call("GET", "/1/profile.json" + query).status == 400


def test_a_read_creates_nothing(client):
    client.read(identity="u1")
    assert list(client.platform.profiles()) == []
