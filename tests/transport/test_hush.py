"""A server that repeats the passcode is not repeated."""

import json

import pytest

from ctsync.transport.hush import Hush


def body(hush, reply):
    return json.loads(hush.body(json.dumps(reply).encode()))


def test_texts_are_without_the_passcode_whatever_its_case():
    assert Hush("S3cret").text("bad s3CRET here") == "bad (passcode) here"


@pytest.mark.parametrize("written", ["p\\u00e4ss", '\\"q', "a\\\\b"])
def test_an_escaped_passcode_is_found(written):
    secret = json.loads(f'"{written}"')
    reply = f'{{"error": "no {written} today", "processed": 1}}'.encode()
    said = json.loads(Hush(secret).body(reply))
    assert said == {"error": "no (passcode) today", "processed": 1}


def test_every_shape_of_an_item_is_cleaned():
    hush = Hush("hunter2")
    items = [{"error": "hunter2", "record": {"x": "hunter2"}}, {"k": "hunter2"}]
    said = body(hush, {"processed": 0, "unprocessed": items})
    assert "hunter2" not in json.dumps(said)


def test_a_short_passcode_spoils_neither_keys_nor_counts():
    reply = {"processed": 11, "unprocessed": [], "status": "success"}
    said = body(Hush("1"), reply)
    assert said["processed"] == 11
    assert body(Hush("status"), reply)["status"] == "success"


def test_what_is_no_json_stays_as_it_is():
    assert Hush("x").body(b"<x>") == b"<x>"
    assert Hush("x").body(None) is None


def test_its_repr_says_nothing():
    assert "hunter2" not in repr(Hush("hunter2"))
