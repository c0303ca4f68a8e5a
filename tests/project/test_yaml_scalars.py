import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.canonical_json import canonical, parse
from ctsync.model.scalar_value import Literal
from ctsync.yaml.scalars import json_of, literal, raw_of


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("hello", "text", "hello"),
        ("1189549", "number", 1189549),
        ("-7", "number", -7),
        ("0", "number", 0),
        ("1.10", "number", 1.1),
        ("1e5", "number", 100000.0),
        ("1E+5", "number", 100000.0),
        ("123456789012345", "number", 123456789012345),
        ("1234567890123456", "text", "1234567890123456"),
        ("0123", "text", "0123"),
        ("-01", "text", "-01"),
        (".5", "text", ".5"),
        ("5.", "text", "5."),
        ("+5", "text", "+5"),
        ("0x1F", "text", "0x1F"),
        ("0o17", "text", "0o17"),
        ("1_000", "text", "1_000"),
        ("12:30", "text", "12:30"),
        ("1e400", "number", float("inf")),
        (".inf", "text", ".inf"),
        ("NaN", "text", "NaN"),
        ("\u0661", "text", "\u0661"),
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("null", "null", None),
        ("", "empty", None),
        ("~", "empty", None),
        ("Y", "text", "Y"),
        ("N", "text", "N"),
        ("y", "text", "y"),
        ("1990-02-20", "date", None),
        ("1990-02-20T10:11:12", "date", None),
        ("1990-02-20T10:11:12Z", "date", None),
        ("1990-02-20T10:11:12+05:30", "date", None),
        ("1990-02-20 10:11:12", "text", "1990-02-20 10:11:12"),
        ("1990-2-20", "text", "1990-2-20"),
        ("1990-02-20T10:11", "text", "1990-02-20T10:11"),
    ],
)
def test_plain_words_mean_what_the_language_says(text, type_, value):
    assert literal(f":{text}") == Literal(text, type_, value)


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "Yes",
        "YES",
        "no",
        "NO",
        "on",
        "On",
        "off",
        "oFF",
        "True",
        "TRUE",
        "False",
        "FALSE",
        "Null",
        "NULL",
    ],
)
def test_words_that_yaml_readers_disagree_about_are_traps(word):
    assert literal(f":{word}") == Literal(word, "trap")


@given(st.text())
def test_quoted_is_always_text(text):
    assert literal(f'"{text}') == Literal(text, "text", text, quoted=True)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_only_json_forms_are_numbers(number):
    text = canonical(number).decode() if abs(number) < 2**63 else str(number)
    found = literal(f":{text}")
    if found.type == "number":
        assert found.value == parse(text)
    else:
        assert len(text.removeprefix("-")) > 15


@given(st.text(alphabet="0123456789.eE+-_xXo:", min_size=1, max_size=12))
def test_what_json_does_not_read_is_no_number(text):
    try:
        is_json = isinstance(json.loads(text), int | float)
    except ValueError:
        is_json = False
    assert (literal(f":{text}").type == "number") <= is_json


def test_trees_become_raw_values():
    tree = {"a": [":1", '"1'], "b": {"c": ":true"}}
    assert raw_of(tree) == {
        "a": [Literal("1", "number", 1), Literal("1", "text", "1", quoted=True)],
        "b": {"c": Literal("true", "boolean", value=True)},
    }


def test_trees_become_json_where_only_their_shape_counts():
    tree = {"a": [":1", '"1'], "b": ":", "c": ":null", "d": ":2020-01-01", "e": ":yes"}
    expected = {"a": [1, "1"], "b": None, "c": None, "d": "2020-01-01", "e": "yes"}
    assert json_of(tree) == expected
