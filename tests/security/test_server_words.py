"""Whatever a server answers: its words go to the report, and every call has an end."""

import json
import stat

import pytest

WORDS = "Mr Smith of canary@example.com is bad"
NUMBERED = f"{WORDS} Skipped record number : 1"
ITEM = {"status": "fail", "code": 515, "error": NUMBERED}


def says(status, body):
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    return lambda connection: connection.sendall(head + body)


def reported(desk):
    return [*map(json.loads, (desk.folder / "r.jsonl").read_text().splitlines())]


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_shared_output_has_code_and_our_words_and_the_report_the_server_s(
    listen, desk, format_name
):
    body = json.dumps({"processed": 1, "unprocessed": [ITEM]}).encode()
    desk.project(url=listen(says(200, body)).url)
    ended = desk.apply("--report", "r.jsonl", "--format", format_name, "-vv")
    assert ended.code == 3
    assert "Smith" not in ended.said
    assert "Skipped" not in ended.said
    assert "515" in ended.out
    assert "This is no e-mail address" in ended.out
    (refused,) = (line for line in reported(desk) if line["outcome"] == "rejected")
    assert refused["error"] == NUMBERED
    mode = (desk.folder / "r.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_short_value_spoils_no_word_of_ours(listen, desk):
    """`Name: "1"` once made `HTTP 401` of it `HTTP 40(sensitive)`."""
    desk.people("Free", Name="1", Manager="t")
    desk.project(url=listen(says(401, b'{"error":"1 t"}')).url)
    ended = desk.apply("--format", "json")
    assert ended.code == 1
    message = json.loads(ended.out)["error"]["message"]
    assert "HTTP 401 Unauthorized" in message
    assert "(sensitive)" not in message


@pytest.mark.parametrize("status", [400, 404, 500])
def test_words_about_a_whole_call_go_to_the_report_alone(listen, desk, status):
    body = json.dumps({"error": WORDS}).encode()
    desk.project(url=listen(says(status, body)).url)
    ended = desk.apply("--report", "r.jsonl", "--format", "json", "-vv")
    assert "Smith" not in ended.said
    if status != 404:  # which says nothing of any record
        assert {line["error"] for line in reported(desk)} == {f"HTTP {status} {WORDS}"}


DEEP = b'{"a":' * 300 + b"1" + b"}" * 300
BODIES = {
    "nested": b'{"processed":2,"unprocessed":[%b]}' % DEEP,
    "nested in an echo": b'{"processed":1,"unprocessed":[{"error":"no","code":1,'
    b'"record":%b}]}' % DEEP,
    "nested as text": json.dumps(
        {"processed": 1, "unprocessed": [{"error": "no", "record": DEEP.decode()}]}
    ).encode(),
    "nested very deep": b"[" * 100_000 + b"]" * 100_000,
    "nested very deep beside": b'{"processed":2,"x":' + b"[" * 100_000,
    "numbers beyond all": b'{"processed":%b}' % (b"9" * 5000),
    "a code beyond all": b'{"processed":0,"unprocessed":[{"error":"Skipped record '
    b'number : 1","code":%b}]}' % (b"9" * 30),
    "a code beyond 64 bits": b'{"processed":0,"unprocessed":[{"error":"Skipped record '
    b'number : 1","code":9223372036854775809}]}',
    "a place beyond all": b'{"processed":1,"unprocessed":[{"error":"Skipped record '
    b'number : %b","code":1}]}' % (b"9" * 5000),
    "a float": b'{"processed":2.0,"unprocessed":[]}',
    "an exponent": b'{"processed":2e999}',
    "no number": b'{"processed":NaN,"unprocessed":[]}',
    "infinity": b'{"processed":Infinity}',
    "a negative": b'{"processed":-2}',
    "a boolean": b'{"processed":true,"unprocessed":[]}',
    "a text": b'{"processed":"2"}',
    "a list": b"[2]",
    "a word": b'"processed"',
    "nothing": b"",
    "null": b"null",
    "twice": b'{"processed":2,"processed":2}',
    "twice the items": b'{"unprocessed":[1],"unprocessed":[],"processed":2}',
    "items that are none": b'{"processed":0,"unprocessed":[null,1]}',
    "items in a map": b'{"processed":2,"unprocessed":{}}',
    "items of lists": b'{"processed":0,"unprocessed":[[],[]]}',
    "errors that are none": b'{"processed":1,"unprocessed":[{"error":{},"code":1}]}',
    "errors of the wrong type": b'{"processed":1,"unprocessed":[{"error":1,"code":1}]}',
    "a key that is no record": b'{"processed":1,"unprocessed":[{"{[":"no"}]}',
    "half a letter": b'{"processed":1,"unprocessed":[{"error":"\\ud800","code":1}]}',
    "no UTF-8": b'{"processed":1,"unprocessed":[{"error":"\xff","code":1}]}',
    "a byte order mark": b'\xef\xbb\xbf{"processed":2}',
    "zeros": b"\0" * 1000,
    "ten million letters": b'{"processed":2,"unprocessed":[],"x":"%b"}x'
    % (b"x" * 10_000_000),
    "ten million letters of an error": b'{"processed":1,"unprocessed":[{"error":"%b",'
    b'"code":1}]}' % (b"Skipped record number : " * 400_000),
    "beyond what is read": b'{"processed":2,"x":"%b"}' % (b"x" * 17_000_000),
    "a hundred thousand items": b'{"processed":0,"unprocessed":[%b1]}'
    % (b'{"error":"no","code":1,"record":{"identity":"u1"}},' * 100_000),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_reply_that_cannot_be_trusted_makes_outcomes_unknown(listen, desk, name):
    desk.project(url=listen(says(200, BODIES[name])).url, seconds=20)
    ended = desk.apply("--report", "r.jsonl", "--format", "json")
    assert ended.crash == ""
    assert ended.code == 3
    document = json.loads(ended.out)
    counts = document["counts"]
    assert counts["acknowledged"] == 0
    assert counts["unknown"] + counts["rejected"] == 2
    assert counts["unknown"] >= 1
    assert len(reported(desk)) == 2
    assert len(ended.said) < 5_000
    # What was sent is folded as not known, and the state can be used.
    assert desk.run("state", "list").code == 0
    assert desk.run("plan").code == 0
