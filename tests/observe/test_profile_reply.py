"""Replies of somebody else, whatever they hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import Found, Seen, reading_of
from ctsync.transport.upload_result import CallEnding, UploadResult

KEY = ProfileKey("identity", "u1")


def read(body, happened=CallEnding.REPLIED):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return reading_of(KEY, UploadResult(happened, 200, data))


def found(record):
    return read({"status": "success", "record": record})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "success", "record": {"profileData": {}}}, Found.FOUND),
        ({"status": "success", "record": None}, Found.GONE),
        ({"status": "success", "record": {}}, Found.GONE),
        ({"status": "success"}, Found.GONE),
        ({"status": "fail"}, Found.GONE),
        ({"status": "fail", "error": "Profile not found"}, Found.GONE),
        ({"status": "fail", "error": "x", "code": 404}, Found.GONE),
        ({"status": "fail", "error": "x", "code": 2}, Found.IN_PROGRESS),
        ({"status": "fail", "error": "x", "code": 500}, Found.FAILED),
        ({"status": "fail", "error": "x", "code": "?"}, Found.FAILED),
        ({"status": "partial", "record": {"profileData": {}}}, Found.FAILED),
        ({"record": {"profileData": {}}}, Found.FAILED),
        ({"status": "success", "record": []}, Found.FAILED),
        ({"status": "success", "record": "x"}, Found.FAILED),
        ({"status": "success", "record": {"profileData": []}}, Found.FAILED),
        ([], Found.FAILED),
        (b"<html>", Found.FAILED),
        (b"", Found.FAILED),
        (b"[" * 100_000, Found.FAILED),
    ],
)
def test_every_shape_of_reply_has_its_meaning(body, expected):
    assert read(body).found is expected


@pytest.mark.parametrize("happened", sorted({*CallEnding} - {CallEnding.REPLIED}))
def test_a_call_that_failed_says_nothing_of_the_profile(happened):
    expected = Found.FAILED
    if happened is CallEnding.UNAUTHORISED:
        expected = Found.UNAUTHORISED
    assert read({"status": "fail"}, happened).found is expected


def test_the_published_sample_is_read():
    record = {
        "email": "jack@gmail.com",
        "profileData": {"Last Score": 308, "Replayed": True},
        "events": {"App Launched": {"count": 10}},
    }
    assert found(record).profile.attributes == {
        "email": Seen("Email", "jack@gmail.com"),
        "lastscore": Seen("Last Score", 308),
        "replayed": Seen("Replayed", True),
    }


def test_recorded_spellings_find_their_system_attributes():
    record = {"phone": 14155551234, "profileData": {"customertype": "Gold"}}
    names = {seen.name for seen in found(record).profile.attributes.values()}
    assert names == {"Phone", "Customer Type"}


def test_merges_and_devices_are_told():
    profile = found(
        {
            "identity": 1189549,
            "all_identities": ["1189549", "b", 7, None, {}],
            "platformInfo": [{"objectId": "x", "push_token": "secret"}, 3],
            "profileData": {"identity": "other"},
        }
    ).profile
    assert profile.identity == "1189549"
    assert profile.identities == ("1189549", "b", "7")
    assert profile.object_ids == ("x",)
    assert profile.attributes == {}
    assert profile.is_merged


def test_two_attributes_of_one_folded_name_cannot_be_compared():
    seen = found({"profileData": {"A b": 1, "ab": 2}}).profile.attributes
    assert seen["ab"].is_odd


def test_nothing_is_absence():
    data = {"a": None, "b": "", "c": [], "d": 0}
    assert [*found({"profileData": data}).profile.attributes] == ["d"]


def test_text_without_end_and_text_with_the_passcode_cannot_be_compared():
    data = {"a": "x" * 100_000, "b": "it is (passcode)", "c": ["(passcode)"]}
    seen = found({"profileData": data}).profile.attributes
    assert [each.is_odd for each in seen.values()] == [True] * 3


_NAMES = st.sampled_from(
    [
        "status",
        "record",
        "profileData",
        "identity",
        "all_identities",
        "platformInfo",
        "objectId",
        "phone",
        "email",
        "code",
        "error",
        "success",
        "fail",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_NAMES | st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_no_reply_raises(body):
    read(body)


@given(JSON)
def test_no_record_raises(record):
    found(record)


@given(st.binary())
def test_no_bytes_raise(body):
    read(body)
