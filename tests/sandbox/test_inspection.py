"""The exact view beside the platform's own."""

import json

import pytest


def test_profiles_are_shown_exactly_one_a_line(client):
    client.put("u2", {"Favorite Color": "Red", "Tags": {"$add": ["b", "a"]}})
    client.put("u1", {"Phone": "+14155551234", "MSG-sms": False})
    client.put("u1", {"category-resubscribe": {"email": ["News"]}})
    assert client.call("GET", "/sandbox/profiles").lines() == [
        {
            "key": {"identity": "u1"},
            "attributes": {"Phone": "+14155551234"},
            "commands": {
                "flags": {"MSG-sms": False},
                "groups": {"email": {"News": True}},
            },
        },
        {
            "key": {"identity": "u2"},
            "attributes": {"Favorite Color": "Red", "Tags": ["b", "a"]},
            "commands": {"flags": {}, "groups": {"email": {}}},
        },
    ]


def test_many_profiles_are_all_shown_once(client):
    client.upload(*(client.record(f"u{n:04}", {"N": n}) for n in range(1000)))
    shown = client.call("GET", "/sandbox/profiles").lines()
    assert [each["attributes"]["N"] for each in shown] == list(range(1000))


def test_one_profile_is_shown_by_any_id(client):
    client.upload({"GPID": "g1", "type": "profile", "profileData": {"A": 1}})
    response = client.call("GET", "/sandbox/profile?GPID=g1")
    assert response.json()["attributes"] == {"A": 1}
    assert client.call("GET", "/sandbox/profile?identity=g1").status == 404
    assert client.call("GET", "/sandbox/profile?name=g1").status == 400


def test_violations_are_shown_with_key_and_attribute(client):
    client.put("u1", {"City": None})
    assert client.call("GET", "/sandbox/violations").lines() == [
        {
            "rule": "null",
            "detail": {"key": {"identity": "u1"}, "attribute": "City", "call": 1},
        }
    ]


def test_calls_are_shown_without_the_passcode(client):
    client.sandbox.script("none", "error500")
    client.put("u1", {"A": 1})
    client.send(client.record("u2", {"A": 2}))
    client.read(identity="u1")
    first, second, read = client.call("GET", "/sandbox/calls").lines()
    assert json.loads(first["body"])["d"] == [client.record("u1", {"A": 1})]
    assert [c["number"] for c in (first, second, read)] == [1, 2, 3]
    assert [c["fault"] for c in (first, second, read)] == [None, "error500", None]
    assert read["target"] == "/1/profile.json?identity=u1"
    assert first["headers"]["X-CleverTap-Account-Id"] == "TEST-1"
    assert first["passcode_sent"] is True
    assert "sandbox" not in json.dumps([first["headers"], second["headers"]])


def test_calls_give_their_records_in_process(client):
    client.put("u1", {"A": 1})
    client.call("POST", "/1/upload", b"nonsense")
    assert [call.records for call in client.platform.calls] == [
        [client.record("u1", {"A": 1})],
        [],
    ]


def test_inspection_is_no_call_and_needs_no_credentials(client):
    assert client.call("GET", "/sandbox/profiles", headers={}).status == 200
    assert client.platform.calls == ()
    assert client.platform.call_count == 0


def test_an_outside_edit_sets_exact_values(client):
    client.put("u1", {"Favorite Color": "red", "N": 1})
    edit = {
        "key": {"identity": "u1"},
        "attributes": {"favoritecolor": ["a"], "N": None, "New": ""},
    }
    assert client.call("POST", "/sandbox/profiles", edit).status == 200
    assert client.attributes("u1") == {"Favorite Color": ["a"], "New": ""}


def test_an_outside_edit_can_create_and_remove_a_profile(client):
    key = {"objectId": "o1"}
    client.call("POST", "/sandbox/profiles", {"key": key, "attributes": {"A": 1}})
    assert client.attributes("o1", kind="objectId") == {"A": 1}
    gone = client.call("POST", "/sandbox/profiles", {"key": key, "attributes": None})
    assert gone.json() == {"removed": True}
    assert client.attributes("o1", kind="objectId") is None


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[]",
        {"key": {}, "attributes": {}},
        {"key": {"name": "x"}, "attributes": {}},
        {"key": {"identity": "u"}, "attributes": []},
    ],
)
def test_a_bad_edit_is_refused(client, body):
    assert client.call("POST", "/sandbox/profiles", body).status == 400


def test_faults_are_queued_over_http(client):
    response = client.call("POST", "/sandbox/faults", {"faults": ["throttle"]})
    assert response.json() == {"queued": 1}
    assert client.send().status == 429
    assert client.send().status == 200


@pytest.mark.parametrize("body", [{"faults": ["lots"]}, {"faults": "lost"}, {}])
def test_an_unknown_fault_is_refused_and_queues_nothing(client, body):
    assert client.call("POST", "/sandbox/faults", body).status == 400
    assert client.send().status == 200


def test_an_unknown_page_names_those_that_exist(client):
    response = client.call("GET", "/sandbox/nowhere")
    assert response.status == 404
    assert "GET /sandbox/violations" in response.json()["error"]
