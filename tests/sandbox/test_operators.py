"""What is stored after each operator."""

import pytest


def test_an_unknown_identity_creates_a_profile(client):
    answer = client.put("u1", {"Name": "Jack"})
    assert answer == {"status": "success", "processed": 1, "unprocessed": []}
    assert client.attributes("u1") == {"Name": "Jack"}


def test_an_upload_leaves_attributes_it_does_not_name(client):
    client.put("u1", {"Name": "Jack", "City": "Pune"})
    client.put("u1", {"City": "Delhi"})
    assert client.attributes("u1") == {"Name": "Jack", "City": "Delhi"}


def test_the_four_id_namespaces_never_merge(client):
    for kind in ("identity", "FBID", "GPID", "objectId"):
        record = {kind: "x1", "type": "profile", "profileData": {"Kind": kind}}
        client.upload(record)
    found = {p.kind: dict(p.attributes) for p in client.platform.profiles()}
    assert found == {
        kind: {"Kind": kind} for kind in ("identity", "FBID", "GPID", "objectId")
    }


def test_profiles_that_share_an_email_stay_two(client):
    client.put("u1", {"Email": "a@example.com"})
    client.put("u2", {"Email": "a@example.com"})
    assert len(list(client.platform.profiles())) == 2


def test_a_numeric_identity_is_the_same_as_its_text(client):
    client.put(13, {"A": 1})
    client.put("13", {"B": 2})
    assert client.attributes("13") == {"A": 1, "B": 2}


def test_identities_that_differ_in_case_are_two_profiles(client):
    client.put("A", {"N": 1})
    client.put("a", {"N": 2})
    assert (client.attributes("A"), client.attributes("a")) == ({"N": 1}, {"N": 2})


@pytest.mark.parametrize("value", ["text", 5, 5.5, True, False, 0, "$D_1487576752"])
def test_plain_scalars_are_kept_exactly(client, value):
    client.put("u1", {"A": value})
    assert repr(client.attributes("u1")["A"]) == repr(value)


def test_names_that_fold_to_one_form_are_one_attribute(client):
    client.put("u1", {"Favorite Color": "red"})
    client.put("u1", {"favoritecolor": "blue"})
    client.put("u1", {"FAVORITE\u00a0COLOR": "green"})
    assert client.attributes("u1") == {"Favorite Color": "green"}


def test_composed_and_decomposed_names_are_one_attribute(client):
    client.put("u1", {"Café": 1})
    client.put("u1", {"Cafe\u0301": 2})
    assert client.attributes("u1") == {"Café": 2}


ABSENT = object()


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        (ABSENT, {"$add": ["a"]}, ["a"]),
        (["a"], {"$add": ["b"]}, ["a", "b"]),
        (["a"], {"$add": ["a"]}, ["a"]),
        (["a", "b"], {"$add": ["c", "a"]}, ["a", "b", "c"]),
        (["a"], {"$add": ["A"]}, ["a", "A"]),
        ("red", {"$add": ["blue"]}, ["red", "blue"]),
        (5, {"$add": ["x"]}, ["5", "x"]),
        (True, {"$add": ["x"]}, ["true", "x"]),
        (5.5, {"$add": ["x"]}, ["5.5", "x"]),
        (["a", "b"], {"$remove": ["a"]}, ["b"]),
        (["a"], {"$remove": ["z"]}, ["a"]),
        (["a"], {"$remove": ["a"]}, ABSENT),
        (ABSENT, {"$remove": ["a"]}, ABSENT),
        ("red", {"$remove": ["blue"]}, ["red"]),
        ("red", {"$remove": ["red"]}, ABSENT),
        (5, {"$remove": ["5"]}, ABSENT),
        (["a", "b"], "plain", "plain"),
        (5, {"$incr": 3}, 8),
        (5, {"$decr": 7}, -2),
        (5, {"$incr": 0.5}, 5.5),
        (ABSENT, {"$incr": 3}, ABSENT),
        (ABSENT, {"$decr": 3}, ABSENT),
        ("5", {"$incr": 3}, "5"),
        (True, {"$incr": 3}, True),
        (["5"], {"$incr": 3}, ["5"]),
        ("x", {"$delete": 1}, "x"),
        (5, {"$delete": 1}, 5),
        ("x", None, "x"),
        ("x", "", "x"),
        ("x", ["y"], "x"),
        ("x", {"$set": ["y"]}, "x"),
        ("x", {"$add": []}, "x"),
        ("x", {"$add": ["a"], "$remove": ["b"]}, "x"),
        ("x", {"nested": {"deep": 1}}, "x"),
        ("x", {}, "x"),
        (5, {"$incr": -1}, 5),
        (5, {"$incr": "1"}, 5),
        (["a"], {"$add": [1]}, ["a"]),
    ],
)
def test_an_operator_turns_before_into_after_and_always_succeeds(
    client, before, operation, after
):
    client.platform.edit("identity", "u1", {} if before is ABSENT else {"A": before})
    answer = client.put("u1", {"A": operation})
    assert answer["status"] == "success"
    expected = {} if after is ABSENT else {"A": after}
    assert repr(client.attributes("u1")) == repr(expected)


@pytest.mark.parametrize("name", ["Name", "Gender", "name", "GENDER"])
def test_delete_removes_name_and_gender(client, name):
    client.put("u1", {"Name": "Jack", "Gender": "M"})
    client.put("u1", {name: {"$delete": 1}})
    assert name.casefold() not in map(str.casefold, client.attributes("u1"))
    assert client.rules() == []


@pytest.mark.parametrize("name", ["Email", "Phone", "City", "DOB", "Married"])
def test_delete_elsewhere_has_no_effect_and_succeeds(client, name):
    client.platform.edit("identity", "u1", {name: "v"})
    assert client.put("u1", {name: {"$delete": 1}})["status"] == "success"
    assert client.attributes("u1") == {name: "v"}
    assert client.rules() == ["delete-elsewhere"]


def test_a_list_keeps_the_newest_100_values(client):
    client.put("u1", {"Tags": {"$add": [f"t{n}" for n in range(100)]}})
    assert client.rules() == []
    client.put("u1", {"Tags": {"$add": ["t50", "new"]}})
    kept = client.attributes("u1")["Tags"]
    assert kept == [f"t{n}" for n in range(1, 100)] + ["new"]
    assert client.rules() == ["over-100-values"]


def test_a_number_never_grows_into_infinity(client):
    client.put("u1", {"N": 1.7e308})
    client.put("u1", {"N": {"$incr": 1.7e308}})
    assert client.attributes("u1") == {"N": 1.7e308}


def test_commands_are_stored_apart_from_attributes(client):
    client.put(
        "u1",
        {
            "MSG-email": True,
            "MSG-dndPhone": False,
            "category-unsubscribe": {"email": ["Newsletters"]},
            "category-resubscribe": {"email": ["Football"]},
            "City": "Pune",
        },
    )
    profile = client.platform.profile("identity", "u1")
    assert profile.attributes == {"City": "Pune"}
    assert profile.flags == {"MSG-dndPhone": False, "MSG-email": True}
    assert profile.groups == {"Football": True, "Newsletters": False}


def test_the_last_command_counts(client):
    client.put("u1", {"MSG-email": True, "category-unsubscribe": {"email": ["N"]}})
    client.put("u1", {"MSG-email": False, "category-resubscribe": {"email": ["N"]}})
    profile = client.platform.profile("identity", "u1")
    assert (profile.flags, profile.groups) == ({"MSG-email": False}, {"N": True})


def test_records_of_a_call_are_applied_in_no_promised_order(serve):
    orders = set()
    for seed in range(8):
        client = serve(seed=seed)
        records = [client.record("same", {"N": n}) for n in range(4)]
        client.upload(*records)
        orders.add(client.attributes("same")["N"])
    assert len(orders) > 1


def test_attributes_of_a_record_are_applied_in_no_promised_order(serve):
    results = set()
    for seed in range(8):
        client = serve(seed=seed)
        client.put("u1", {"A": "plain", "a": {"$add": ["x"]}})
        results.add(repr(client.attributes("u1").popitem()[1]))
    assert len(results) > 1


def test_the_same_seed_gives_the_same_order(serve):
    results = []
    for _ in range(2):
        client = serve(seed=7)
        client.upload(*(client.record("same", {"N": n}) for n in range(9)))
        results.append(client.attributes("same"))
    assert results[0] == results[1]
