"""What the log accuses a client of, and what it does not."""

import http.client
import threading

import pytest


def details(client):
    return [(v.rule, v.key and tuple(v.key), v.attribute) for v in _all(client)]


def _all(client):
    return client.platform.violations


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (None, "null"),
        ("", "empty-text"),
        (["a"], "plain-array"),
        ({"$add": []}, "empty-operand"),
        ({"$remove": []}, "empty-operand"),
        ({"$add": "a"}, "bad-operand"),
        ({"$add": [1]}, "bad-operand"),
        ({"$add": [""]}, "bad-operand"),
        ({"$incr": 0}, "bad-operand"),
        ({"$incr": "1"}, "bad-operand"),
        ({"$incr": True}, "bad-operand"),
        ({"$add": ["a"], "$remove": ["b"]}, "two-operators"),
        ({"$incr": 1}, "counter-on-nothing"),
        ({"$decr": 1}, "counter-on-nothing"),
        ({"$delete": 1}, "delete-elsewhere"),
        ({"$set": ["a"]}, "unknown-operator"),
        ({"street": "x"}, "nested-object"),
        ({}, "nested-object"),
        ({"$add": [f"t{n}" for n in range(101)]}, "over-100-values"),
    ],
)
def test_a_value_breaks_its_rule(client, value, rule):
    assert client.put("u1", {"City": value})["status"] == "success"
    assert details(client) == [(rule, ("identity", "u1"), "City")]


@pytest.mark.parametrize("stored", ["5", True, ["5"]])
def test_a_counter_on_no_number_is_noted(client, stored):
    client.platform.edit("identity", "u1", {"N": stored})
    client.put("u1", {"N": {"$incr": 1}})
    assert details(client) == [("counter-on-no-number", ("identity", "u1"), "N")]


@pytest.mark.parametrize(
    ("data", "rule", "attribute"),
    [
        ({"A b": 1, "ab": 2}, "name-clash", "ab"),
        ({"Name": {"$add": ["x"]}}, "no-list", "Name"),
        ({"Name": {"$delete": True}}, "bad-operand", "Name"),
        ({"MSG-email": "yes"}, "bad-command", "MSG-email"),
        ({"category-unsubscribe": ["N"]}, "bad-command", "category-unsubscribe"),
        ({"category-unsubscribe": {"sms": ["N"]}}, "bad-command", None),
        ({"identity": "other"}, "identity-attribute", "identity"),
        ({"a.b": 1}, "forbidden-name", "a.b"),
    ],
)
def test_a_record_breaks_its_rule(client, data, rule, attribute):
    client.put("u1", data)
    assert details(client) == [
        (rule, ("identity", "u1"), attribute or next(iter(data)))
    ]


def test_one_group_in_both_directions_is_noted(client):
    client.put(
        "u1",
        {
            "category-unsubscribe": {"email": ["N", "M"]},
            "category-resubscribe": {"email": ["N"]},
        },
    )
    assert client.rules() == ["group-both-ways"]


def test_a_timestamp_is_noted(client):
    client.upload({**client.record("u1", {"A": 1}), "ts": 1468308340})
    assert client.rules() == ["ts"]


def test_more_than_one_id_is_noted(client):
    client.upload({**client.record("u1", {"A": 1}), "FBID": "f1"})
    assert client.rules() == ["several-keys"]


def test_a_member_that_stands_twice_is_noted(client):
    body = (
        b'{"d": [{"identity": "u", "type": "profile", "profileData": {"A":1,"A":2}}]}'
    )
    client.call("POST", "/1/upload", body)
    assert details(client) == [("repeated-member", None, "A")]


@pytest.mark.parametrize("other", ["u1", "U1", " u1 "])
def test_one_folded_identity_twice_in_a_call_is_noted(client, other):
    client.upload(client.record("u1", {"A": 1}), client.record(other, {"B": 1}))
    assert client.rules() == ["same-key-in-call"]


def test_equal_values_in_two_namespaces_are_two_keys(client):
    other = {"FBID": "u1", "type": "profile", "profileData": {"A": 1}}
    client.upload(client.record("u1", {"A": 1}), other)
    assert client.rules() == []


def test_one_folded_identity_in_two_calls_at_once_is_noted(serve):
    client = serve(latency_seconds=0.15)
    first = threading.Thread(target=client.put, args=("U1", {"A": 1}))
    second = threading.Thread(target=client.put, args=("u1", {"B": 1}))
    first.start()
    second.start()
    first.join()
    second.join()
    assert details(client) == [("same-key-in-flight", ("identity", "u1"), None)]


def test_one_identity_in_two_calls_in_turn_is_no_violation(client):
    for _ in range(20):
        client.put("u1", {"A": 1})
    assert client.rules() == []


def test_a_retry_after_a_lost_reply_is_no_violation(client):
    client.sandbox.script("lost", "dropped", "reset-body")
    for _ in range(3):
        with pytest.raises((ConnectionError, http.client.IncompleteRead)):
            client.put("u1", {"A": 1})
    client.put("u1", {"A": 1})
    assert client.rules() == []


def test_counters_mixed_with_other_things_are_no_violation(client):
    client.put("u1", {"N": 1})
    client.put("u1", {"N": {"$incr": 1}, "City": "Pune", "Tags": {"$add": ["a"]}})
    assert client.rules() == []


def test_the_own_identity_repeated_in_the_data_is_no_violation(client):
    client.put("13", {"identity": 13, "A": 1})
    assert client.rules() == []
    assert client.attributes("13") == {"A": 1}


def test_a_dry_run_is_accused_of_what_it_would_send(client):
    client.upload(client.record("u1", {"A": None}), dry_run=True)
    assert client.rules() == ["null"]


def test_a_refused_record_is_accused_all_the_same(client):
    client.put("u1", {"Email": "no", "A": None})
    assert client.rules() == ["null"]


def test_violations_carry_no_values(client):
    client.put("u1", {"Tags": ["secret-value"]})
    assert "secret-value" not in repr(client.platform.violations)
