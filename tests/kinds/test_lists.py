"""What the words of a spec mean for a list."""

import pytest

from ctsync.canonical_json import canonical, parse
from ctsync.kinds import KINDS
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.scalar_value import Literal

LIST = KINDS["list"]


def words(*texts):
    return [Literal(text, "text", text) for text in texts]


def target(**fields):
    return DesiredValue("Plan", "list", **fields)


NULL = Literal("null", "null")
NUMBER = Literal("7", "number", 7)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (words("b", "a"), target(exact=("a", "b"))),
        (words("a", "a"), target(exact=("a",))),
        ([], target(exact=())),
        (NULL, target(exact=())),
        ({"include": words("b", "a")}, target(include=("a", "b"))),
        ({"exclude": words("x")}, target(exclude=("x",))),
        (
            {"include": words("a"), "exclude": words("x")},
            target(include=("a",), exclude=("x",)),
        ),
        ({"include": words("a"), "x-why": words("b")}, target(include=("a",))),
        ({"include": []}, target()),
    ],
)
def test_a_list_is_a_sorted_set(normalize, raw, wanted):
    assert normalize("list", raw) == wanted


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (words("a")[0], ["CT203"]),
        (NUMBER, ["CT203"]),
        (Literal("", "empty"), ["CT202"]),
        ([NUMBER], ["CT203"]),
        ([NULL], ["CT203"]),
        ([Literal("~", "empty")], ["CT202"]),
        ([words("a")], ["CT203"]),
        ([{"a": NUMBER}], ["CT203"]),
        (words("  "), ["CT202"]),
        (words("$D_5", "x" * 513), ["CT208", "CT206"]),
        ({}, ["CT203"]),
        ({"x-note": words("a")}, ["CT203"]),
        ({"includes": words("a")}, ["CT203"]),
        ({"include": words("a")[0]}, ["CT203"]),
        ({"include": words("a"), "exclude": words("a")}, ["CT310"]),
        (words(*(f"v{n}" for n in range(101))), ["CT209"]),
        ({"include": words(*(f"v{n}" for n in range(101)))}, ["CT209"]),
    ],
)
def test_a_refused_list_has_its_codes(faults_of, raw, codes):
    assert [fault.code for fault in faults_of("list", raw)] == codes


def test_a_hundred_values_are_taken(normalize):
    raw = words(*(f"v{n:03}" for n in range(100)))
    assert len(normalize("list", raw).exact) == 100


def test_an_item_of_another_type_is_to_be_quoted(faults_of):
    (fault,) = faults_of("list", [NUMBER])
    assert fault.say()[1] == 'write "7", with quotes'


def test_an_enum_holds_for_every_item(faults_of):
    faults = faults_of("list", words("a", "z", "y"), enum=("a", "b"))
    assert [(fault.code, fault.value) for fault in faults] == [
        ("CT205", "z"),
        ("CT205", "y"),
    ]


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        (target(exact=("Beta", "beta")), ["CT212"]),
        (target(include=("be ta", "beta")), ["CT212"]),
        (target(exact=("007",)), ["CT210"]),
        (target(exact=("a", "b")), []),
        (target(exclude=("Beta", "beta")), []),
    ],
)
def test_values_that_the_platform_may_take_for_one_are_warned_of(wanted, codes):
    assert [fault.code for fault in LIST.lint(wanted)] == codes


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ([], True),
        (["a"], True),
        (None, True),
        ({"include": ["a"]}, True),
        ({"exclude": ["a"], "include": []}, True),
        ({"include": ["a"], "x-why": "because"}, True),
        ({}, False),
        ({"includes": ["a"]}, False),
        ("a", False),
        ([1], False),
        (["z"], False),
    ],
)
def test_the_schema_takes_what_the_language_takes(value, valid):
    import jsonschema

    schema = parse(canonical(LIST.schema(Attribute("Plan", "list", enum=("a", "b")))))
    assert jsonschema.Draft202012Validator(schema).is_valid(value) is valid
