"""The distorted read of the platform."""

import pytest

from ctsync.sandbox import DISTORTIONS, Sandbox
from ctsync.sandbox.keys import SandboxKey


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
    client = serve(not_found="fail")
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


STORED = {
    "Name": "Jack",
    "Phone": "+14155551234",
    "Favorite Color": " Red ",
    "Zip": "00123",
    "Long": "12345678901234567890",
    "Score": 5,
    "Ok": True,
    "Tags": ["Shoes", "Bags"],
    "One": ["x"],
    "DOB": "$D_-86400",
    "Age": 36,
}


@pytest.mark.parametrize(
    ("distortion", "seen"),
    [
        ("folded-names", {"favoritecolor": " Red ", "zip": "00123"}),
        ("numeric-text", {"Zip": 123, "Long": 12345678901234567168}),
        ("text-numbers", {"Score": "5"}),
        ("float-numbers", {"Score": 5.0}),
        ("text-booleans", {"Ok": "true"}),
        ("epoch-dates", {"DOB": -86400, "Score": 5}),
        ("aged", {"Age": 37}),
        ("trimmed-text", {"Favorite Color": "Red"}),
        ("folded-lists", {"Tags": ["shoes", "bags"]}),
        ("shuffled-lists", {"Tags": ["Bags", "Shoes"]}),
        ("lone-values", {"One": "x", "Tags": ["Shoes", "Bags"]}),
        ("unlifted", {"Name": "Jack", "Phone": "+14155551234"}),
        ("nested", {"nested": {"a": [{"b": 1}]}}),
    ],
)
def test_each_distortion_can_be_switched_on(serve, distortion, seen):
    client = serve(distortions=[distortion])
    client.platform.edit("identity", "u1", STORED)
    assert seen.items() <= client.read(identity="u1")["record"]["profileData"].items()


def test_without_distortions_a_read_is_exact(serve):
    client = serve(distortions=[])
    client.platform.edit("identity", "u1", STORED)
    record = client.read(identity="u1")["record"]
    lifted = {"Name": record["name"], "Phone": record["phone"]}
    assert {**record["profileData"], **lifted} == STORED


def test_all_distortions_can_be_on_together(serve):
    client = serve(distortions=DISTORTIONS)
    client.platform.edit("identity", "u1", STORED)
    data = client.read(identity="u1")["record"]["profileData"]
    assert (data["tags"], data["score"]) == (["bags", "shoes"], "5")


def test_merges_show_in_all_identities(serve):
    client = serve(distortions=["merged"])
    client.put("u1", {"A": 1})
    assert len(client.read(identity="u1")["record"]["all_identities"]) == 2


def test_an_unknown_distortion_is_refused():
    with pytest.raises(ValueError, match="folded-nmaes"):
        Sandbox(distortions=["folded-nmaes"])


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ("null", {"status": "success", "record": None}),
        ("empty", {"status": "success", "record": {}}),
        ("missing", {"status": "success"}),
        ("fail", {"status": "fail", "error": "Profile not found"}),
    ],
)
def test_nobody_is_found_in_the_shape_that_was_chosen(serve, shape, answer):
    assert serve(not_found=shape).read(identity="nobody") == answer


def test_an_attribute_of_the_schema_is_acknowledged_and_dropped(serve):
    client = serve(drops=["Favorite Color"])
    assert client.put("u1", {"favoritecolor": "Red", "A": 1})["status"] == "success"
    assert client.attributes("u1") == {"A": 1}


def test_reads_meet_faults_of_their_own(serve):
    client = serve()
    client.platform.edit("identity", "u1", {"A": 1})
    client.sandbox.script_reads("throttle", "unavailable")
    statuses = [
        client.call("GET", "/1/profile.json?identity=u1").status for _ in range(3)
    ]
    assert statuses == [429, 503, 200]


# --- Pages by event


def _begin(client, size=23, since=20260101, until=20261231):
    body = {"event_name": "App Launched", "from": since, "to": until}
    return client.call("POST", f"/1/profiles.json?batch_size={size}", body).json()


def _pages(client, cursor):
    while cursor is not None:
        page = client.call("GET", f"/1/profiles.json?cursor={cursor}").json()
        yield page["records"]
        cursor = page.get("next_cursor")


def _populate(client, count):
    keys = [SandboxKey("identity", f"u{number}") for number in range(count)]
    for key in keys:
        client.platform.edit(*key, {"A": 1})
    client.platform.record_event("App Launched", 20260601, keys)
    client.platform.edit("identity", "never-active", {"A": 1})


def test_pages_by_event_give_everyone_once_and_nobody_without_it(client):
    _populate(client, 200)
    pages = list(_pages(client, _begin(client)["cursor"]))
    found = [record["identity"] for page in pages for record in page]
    assert sorted(found) == sorted(f"u{number}" for number in range(200))
    assert len(pages) > 1
    assert all(len(page) <= 23 for page in pages)


def test_a_page_is_as_large_as_a_multiple_of_the_buckets(client):
    _populate(client, 200)
    assert len(next(_pages(client, _begin(client, size=5)["cursor"]))) == 23


def test_a_cursor_is_encoded_already(client):
    cursor = _begin(client)["cursor"]
    assert "%" in cursor
    twice = cursor.replace("%", "%25")
    assert client.call("GET", f"/1/profiles.json?cursor={twice}").status == 400


def test_days_outside_the_range_do_not_count(client):
    _populate(client, 3)
    assert list(_pages(client, _begin(client, until=20260501)["cursor"])) == [[]]


def test_a_page_may_be_still_in_progress(serve):
    client = serve(in_progress=1)
    cursor = _begin(client)["cursor"]
    answers = [
        client.call("GET", f"/1/profiles.json?cursor={cursor}").json() for _ in range(2)
    ]
    assert [each["status"] for each in answers] == ["fail", "success"]
    assert answers[0]["code"] == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", {"event_name": "x", "from": 1}])
def test_a_query_without_event_and_days_is_malformed(client, body):
    assert client.call("POST", "/1/profiles.json?batch_size=5", body).status == 400


def test_events_can_be_recorded_over_http(client):
    client.platform.edit("identity", "u1", {"A": 1})
    body = {"event": "App Launched", "day": 20260601, "keys": [{"identity": "u1"}]}
    assert client.call("POST", "/sandbox/events", body).json() == {"recorded": 1}
    (page,) = _pages(client, _begin(client)["cursor"])
    assert [record["identity"] for record in page] == ["u1"]
