"""A record is called acknowledged only where nothing speaks against it."""

import json
from collections import UserList
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, Record
from ctsync.transport.reply import read_reply

ACK, REJ, UNK = Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN
LAW = settings(max_examples=100, deadline=None)


def record(identity: str, kind: str = "identity") -> Record:
    operation = Operation("Plan", "string", "set", "Gold", "unknown")
    return Record(ProfileKey(kind, identity), (operation,))


def raised(identity: str) -> Record:
    operation = Operation("Points", "counter", "$incr", 5, "known", 10, 15)
    return Record(ProfileKey("identity", identity), (operation,))


def records(number: int) -> tuple[Record, ...]:
    return tuple(record(f"u{n}") for n in range(1, number + 1))


def item(error: str, echo: object = None, code: int = 516) -> dict:
    return {"status": "fail", "code": code, "error": error, "record": echo}


def body(processed: object, unprocessed: object, status: str = "partial") -> bytes:
    return canonical(
        {"status": status, "processed": processed, "unprocessed": unprocessed}
    )


def outcomes(sent: Sequence[Record], said: bytes | None, status: int = 200) -> list:
    return [verdict.outcome for verdict in read_reply(sent, status, said)]


NUMBERED = "Phone number is not valid.Skipped record number : {}"


def shaped(shape: str, place: int, sent: Record, *, is_numbered: bool) -> object:
    text = NUMBERED.format(place + 1) if is_numbered else "Phone number is not valid."
    echo = sent.as_wire()
    if shape == "object":
        return item(text, echo)
    if shape == "text":
        return item(text, json.dumps(echo))
    return {json.dumps(echo): text}


@LAW
@given(
    st.lists(st.booleans(), min_size=1, max_size=12),
    st.sampled_from(["object", "text", "keyed"]),
    st.booleans(),
    st.sampled_from(["success", "partial", "fail", ""]),
    st.randoms(use_true_random=False),
)
def test_every_subset_of_refusals_is_read_right_in_every_shape(
    refused, shape, is_numbered, status, random
):
    sent = records(len(refused))
    items = [
        shaped(shape, place, sent[place], is_numbered=is_numbered)
        for place, is_refused in enumerate(refused)
        if is_refused
    ]
    random.shuffle(items)
    said = body(len(sent) - len(items), items, status)
    assert outcomes(sent, said) == [REJ if r else ACK for r in refused]


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(0, 3) | st.text("u1 :"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "record", "identity", "x"]), inner
        )
    ),
    max_leaves=8,
)


@LAW
@given(st.integers(1, 5), junk, junk)
def test_garbage_is_never_taken_for_a_yes(number, processed, unprocessed):
    sent = records(number)
    found = outcomes(
        sent, json.dumps({"processed": processed, "unprocessed": unprocessed}).encode()
    )
    acknowledged = found.count(ACK)
    if acknowledged:
        assert type(processed) is int
        assert acknowledged == processed
        assert processed + len(unprocessed or []) == number


@LAW
@given(st.binary(max_size=40))
def test_bytes_that_are_no_reply_leave_all_unknown(said):
    assert set(outcomes(records(2), said)) == {UNK}


@pytest.mark.parametrize(
    "said", [None, b"", b"<html>", b"[]", b"null", b'{"status":"success"}']
)
def test_a_reply_without_counts_leaves_all_unknown(said):
    assert outcomes(records(2), said) == [UNK, UNK]


@pytest.mark.parametrize("status", [None, 302, 400, 500])
def test_only_a_2xx_speaks_for_records(status):
    assert outcomes(records(1), body(1, []), status) == [UNK]


@pytest.mark.parametrize(
    ("processed", "items", "expected"),
    [
        pytest.param(3, [], [ACK, ACK, ACK], id="all taken"),
        pytest.param(2, [], [UNK, UNK, UNK], id="one too few"),
        pytest.param(True, [], [UNK, UNK, UNK], id="a boolean is no count"),
        pytest.param(3.0, [], [UNK, UNK, UNK], id="a fraction is no count"),
        pytest.param(-1, [], [UNK, UNK, UNK], id="below nothing"),
        pytest.param(0, [], [UNK, UNK, UNK], id="fail, and not a word"),
        pytest.param(
            2, [item(NUMBERED.format(2))], [ACK, REJ, ACK], id="named by number"
        ),
        pytest.param(
            2,
            [item("x.Skipped  record number:2")],
            [ACK, REJ, ACK],
            id="spaces do not matter",
        ),
        pytest.param(
            2,
            [item("Skipped record number : 3 is bad. Skipped record number : 1")],
            [REJ, ACK, ACK],
            id="the last number counts, since a value may hold the words",
        ),
        pytest.param(
            2, [item(NUMBERED.format(4))], [UNK, UNK, UNK], id="a number out of range"
        ),
        pytest.param(
            2, [item(NUMBERED.format(0))], [UNK, UNK, UNK], id="counted from 1"
        ),
        pytest.param(
            2, [item(NUMBERED.format("9" * 5000))], [UNK, UNK, UNK], id="a huge number"
        ),
        pytest.param(
            1,
            [item(NUMBERED.format(2)), item(NUMBERED.format(2))],
            [UNK, REJ, UNK],
            id="one record named twice",
        ),
        pytest.param(
            3, [item(NUMBERED.format(2))], [UNK, REJ, UNK], id="counts do not add up"
        ),
        pytest.param(
            2, [item("no", {"identity": "u3"})], [ACK, ACK, REJ], id="named by key"
        ),
        pytest.param(
            2,
            [item("no", {"identity": "u9"})],
            [UNK, UNK, UNK],
            id="a key that was not sent",
        ),
        pytest.param(
            1,
            [item("no"), item(NUMBERED.format(1))],
            [REJ, UNK, UNK],
            id="nameless beside a named one",
        ),
        pytest.param(
            2,
            [item("no", {"identity": "u1", "objectId": "u1"})],
            [UNK, UNK, UNK],
            id="an echo with two ids",
        ),
        pytest.param(2, ["no"], [UNK, UNK, UNK], id="an item that is no object"),
        pytest.param(2, [{"code": 516}], [UNK, UNK, UNK], id="an item without a text"),
        pytest.param(3, None, [ACK, ACK, ACK], id="unprocessed may be null"),
        pytest.param(3, {}, [UNK, UNK, UNK], id="unprocessed is no list"),
    ],
)
def test_verdicts(processed, items, expected):
    assert outcomes(records(3), body(processed, items)) == expected


@pytest.mark.parametrize(
    ("processed", "items"),
    [
        pytest.param(2, [item(NUMBERED.format(1))], id="all taken, and one refused"),
        pytest.param(0, [item(NUMBERED.format(1))], id="one too few"),
        pytest.param(-1, [item(NUMBERED.format(1))], id="below nothing"),
        pytest.param(
            1, [item(NUMBERED.format(1)), item("no")], id="one refusal too many"
        ),
        pytest.param(
            1,
            [item(NUMBERED.format(1), {"identity": "u2"})],
            id="the number of one, the echo of another",
        ),
    ],
)
def test_a_reply_that_contradicts_itself_leaves_every_counter_unknown(processed, items):
    """Called refused, a counter that was raised after all would be raised again."""
    sent = (raised("u1"), raised("u2"))
    assert outcomes(sent, body(processed, items)) == [UNK, UNK]


def test_a_refusal_without_counters_is_believed_although_the_counts_are_off():
    sent = (raised("u1"), record("u2"), record("u3"))
    said = body(3, [item(NUMBERED.format(1)), item(NUMBERED.format(2))])
    assert outcomes(sent, said) == [UNK, REJ, UNK]


def test_an_echo_that_was_altered_denies_no_number():
    sent = (raised("u1"), raised("u2"))
    said = body(1, [item(NUMBERED.format(2), {"identity": "someone"})])
    assert outcomes(sent, said) == [ACK, REJ]


def test_an_id_comes_back_as_a_number():
    sent = (record("13"), record("13", "objectId"))
    said = body(1, [item("no", {"identity": 13})])
    assert outcomes(sent, said) == [REJ, ACK]


def test_code_555_is_transient():
    (verdict,) = read_reply(
        records(1), 200, body(0, [item(NUMBERED.format(1), code=555)])
    )
    assert verdict.transient
    assert verdict.code == 555


def test_the_text_of_the_server_is_bounded_and_plain():
    text = "\x1b[2J\u202e\x00\r\n" + "x" * 5000 + "Skipped record number : 1"
    (verdict,) = read_reply(records(1), 200, body(0, [item(text)]))
    assert verdict.said == "[2J " + "x" * 293 + "..."
    assert verdict.error == "The platform takes + and country code, then digits only."


@pytest.mark.parametrize("code", [None, 999, 10**18, -1, "516", True, 1.5, [516]])
def test_a_code_that_is_none_of_the_platform_s_has_our_words_too(code):
    said = {**item(NUMBERED.format(1)), "code": code}
    (verdict,) = read_reply(records(1), 200, body(0, [said]))
    assert verdict.error == "the platform refused the record"
    assert verdict.code in {None, 999}


def test_a_server_s_words_are_kept_as_they_are_told_to_be():
    said = body(0, [item("bad passcode Skipped record number : 1")])
    (verdict,) = read_reply(records(1), 200, said, lambda _: "cleaned")
    assert verdict.said == "cleaned"


class Watched(UserList):
    """Records that count how often they are gone through."""

    passes = 0

    def __iter__(self):
        self.passes += 1
        return iter(self.data)


@pytest.mark.parametrize("is_numbered", [True, False])
def test_more_refusals_than_records_take_no_pass_for_each(is_numbered):
    sent = Watched(records(1000))
    ends = "Skipped record number : 1" if is_numbered else "x" * 2000
    items = [item(f"bad {ends}", sent[n % 1000].as_wire()) for n in range(5000)]
    cleaned = []
    said = read_reply(sent, 200, body(0, items), lambda t: cleaned.append(t) or t)
    assert {v.outcome for v in said} <= {REJ, UNK}
    assert sent.passes <= 5
    assert len(cleaned) <= len(sent)


def test_an_answer_given_twice_is_none():
    twice = b'{"processed":2,"processed":0,"unprocessed":[],"unprocessed":[]}'
    assert outcomes(records(2), twice) == [UNK, UNK]
    assert outcomes(records(2), twice.replace(b"0", b"2")) == [UNK, UNK]


def test_an_attribute_called_like_an_answer_is_no_second_one():
    echo = {"identity": "u1", "profileData": {"processed": 1, "unprocessed": 2}}
    assert outcomes(records(2), body(1, [item("bad", echo)])) == [REJ, ACK]
