"""Which records are refused, in which order, and in which words."""

import pytest

GOOD = {
    "Email": "a@example.com",
    "Phone": "+35922333232",
    "Gender": "M",
    "Employed": "Y",
    "Education": "Graduate",
    "Married": "Y",
    "Age": "18",
}
BAD = {
    515: ("Email", "$$$$$"),
    516: ("Phone", "+44+441234"),
    514: ("Gender", "X"),
    517: ("Employed", "223"),
    518: ("Education", "223"),
    519: ("Married", "223"),
    520: ("Age", "aa"),
}


def refusal(client, record):
    answer = client.upload(record)
    assert (answer["status"], answer["processed"]) == ("fail", 0)
    (item,) = answer["unprocessed"]
    assert item["status"] == "fail"
    return item


def test_the_recorded_good_record_is_accepted(client):
    data = {"identity": 3, "created_at": "2018-03-21 18:21:14 +0200", **GOOD}
    assert client.put("3", data)["status"] == "success"


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"type": "profile", "profileData": {}}, 523),
        ({"identity": "", "type": "profile", "profileData": {}}, 523),
        ({"identity": "  ", "type": "profile", "profileData": {}}, 523),
        ({"identity": None, "type": "profile", "profileData": {}}, 523),
        ({"identity": ["u"], "type": "profile", "profileData": {}}, 523),
        ({"identity": "u" * 120, "type": "profile", "profileData": {}}, 523),
        ("not an object", 523),
        ({"identity": "u"}, 524),
        ({"identity": "u", "profileData": {}}, 524),
        ({"identity": "u", "type": "event", "evtData": {}}, 524),
        ({"identity": "u", "type": "profile"}, 524),
        ({"identity": "u", "type": "profile", "ts": 0, "profileData": {}}, 525),
        ({"identity": "u", "type": "profile", "ts": "now", "profileData": {}}, 525),
        ({"objectId": "a b", "type": "profile", "profileData": {}}, 526),
        ({"objectId": "__iabc", "type": "profile", "profileData": {}}, 526),
        ({"objectId": "x" * 65, "type": "profile", "profileData": {}}, 526),
        ({"objectId": [1], "type": "profile", "profileData": {}}, 526),
    ],
)
def test_envelopes_are_refused_by_code(client, record, code):
    assert refusal(client, record)["code"] == code
    assert list(client.platform.profiles()) == []


@pytest.mark.parametrize("object_id", ["25b08803c1af4e00839f530264dac6f8", "__hA-1@b"])
def test_object_ids_of_the_platform_are_accepted(client, object_id):
    record = {"objectId": object_id, "type": "profile", "profileData": {"A": 1}}
    assert client.upload(record)["status"] == "success"


@pytest.mark.parametrize("code", BAD)
def test_each_system_field_refuses_the_whole_record(client, code):
    name, value = BAD[code]
    record = client.record("u1", {**GOOD, "City": "Pune", name: value})
    assert refusal(client, record)["code"] == code
    assert client.attributes("u1") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Email", "1234"),
        ("Email", "a b@c"),
        ("Email", ""),
        ("Phone", "223"),
        ("Phone", 35922333232),
        ("Gender", 1),
        ("Employed", "y"),
        ("Married", True),
        ("Education", "graduate"),
        ("Age", True),
        ("EMAIL", "1234"),
    ],
)
def test_system_fields_are_strict_under_every_spelling(client, name, value):
    assert client.put("u1", {name: value})["status"] == "fail"


@pytest.mark.parametrize(
    ("name", "value"),
    [("Gender", "female"), ("Gender", "U"), ("Age", 18), ("Age", "18"), ("Age", 1.5)],
)
def test_documented_spellings_are_accepted(client, name, value):
    assert client.put("u1", {name: value})["status"] == "success"


def test_the_first_fault_in_the_order_of_checks_hides_the_others(client):
    order = [515, 516, 514, 517, 518, 519, 520]
    data = dict(BAD.values())
    record = {"identity": "u1", "type": "profile", "ts": 0, "profileData": data}
    assert refusal(client, record)["code"] == 525
    for code in order:
        assert refusal(client, client.record("u1", data))["code"] == code
        data[BAD[code][0]] = GOOD[BAD[code][0]]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"Email": "1234"}, "Email is not valid.Skipped"),
        ({"Phone": "123"}, "Phone number is not valid.Skipped"),
        ({"Employed": "1"}, "Employed needs to be Y/N.Skipped"),
        (
            {"Education": "1"},
            "Education needs to be School/College/Graduate..Skipped",
        ),
        ({"Married": "1"}, "Married needs to be Y/N.Skipped"),
        ({"Age": "aa"}, "Age is invalid.Skipped"),
    ],
)
def test_error_texts_are_as_recorded(client, data, text):
    error = refusal(client, client.record("u1", data))["error"]
    assert error == f"Profile data is incorrect. {text} record number : 1"


def test_the_text_about_timestamps_has_a_space_before_skipped(client):
    record = {"identity": "u", "type": "profile", "ts": 0, "profileData": {}}
    assert refusal(client, record)["error"] == (
        "Timestamp should be present in the Unix Epoch format. "
        "Skipped record number : 1"
    )


def test_good_records_of_a_call_are_applied_and_bad_ones_numbered_from_one(client):
    answer = client.upload(
        client.record("u1", {"A": 1}),
        client.record("u2", {"Email": "no"}),
        client.record("u3", {"A": 3}),
        client.record("u4", {"Age": "aa"}),
    )
    assert (answer["status"], answer["processed"]) == ("partial", 2)
    numbers = [item["error"].rsplit(" ", 1)[1] for item in answer["unprocessed"]]
    assert numbers == ["2", "4"]
    assert [p.value for p in client.platform.profiles()] == ["u1", "u3"]


def test_an_empty_call_succeeds(client):
    assert client.upload() == {"status": "success", "processed": 0, "unprocessed": []}


def test_the_echo_before_the_phone_check_is_unaltered(client):
    record = client.record("4", {"identity": 4, **GOOD, "Email": "$$$$$"})
    assert refusal(client, record)["record"] == record


def test_the_echo_after_the_phone_check_holds_a_number(client):
    record = client.record("9", {"identity": 9, **GOOD, "Education": "223"})
    echoed = refusal(client, record)["record"]["profileData"]
    assert (echoed["Phone"], echoed["identity"]) == (35922333232, 9)


def test_the_echo_after_the_last_check_holds_an_identity_as_text(client):
    record = client.record("13", {"identity": 13, **GOOD, "Age": "aa"})
    echoed = refusal(client, record)["record"]["profileData"]
    assert (echoed["Phone"], echoed["identity"]) == (35922333232, "13")


def test_a_dry_run_answers_the_same_and_changes_nothing(client):
    records = [client.record("u1", {"A": 1}), client.record("u2", {"Age": "aa"})]
    dry = client.upload(*records, dry_run=True)
    assert list(client.platform.profiles()) == []
    assert client.upload(*records) == dry
    assert client.attributes("u1") == {"A": 1}
