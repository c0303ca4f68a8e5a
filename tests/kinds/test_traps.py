"""Words that YAML readers take for different things: refused, with the right hint."""

import pytest

from ctsync.model.attribute import Attribute
from ctsync.model.scalar_value import Literal

SWITCHES = ("yes", "Yes", "YES", "no", "No", "on", "On", "off", "OFF")
WORDS = ("True", "TRUE", "False", "FALSE", "Null", "NULL")
SCALARS = ("string", "number", "counter", "boolean", "date", "subscription", "list")


def trap(words):
    return Literal(words, "trap")


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("words", [*SWITCHES, *WORDS])
def test_a_trap_is_refused_by_every_kind(faults_of, kind, words):
    assert [fault.code for fault in faults_of(kind, trap(words))] == ["CT201"]


@pytest.mark.parametrize(
    ("attribute", "hint"),
    [
        ("Employed", "write Y or N"),
        ("Married", "write Y or N"),
        ("Gender", "write M or F"),
        ("Education", "write School, College or Graduate"),
    ],
)
def test_a_trap_where_values_are_fixed_names_them(faults_of, attribute, hint):
    (fault,) = faults_of(attribute, trap("yes"))
    assert fault.say()[1] == hint


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("yes", "write true or quote it"),
        ("On", "write true or quote it"),
        ("TRUE", "write true or quote it"),
        ("no", "write false or quote it"),
        ("off", "write false or quote it"),
        ("False", "write false or quote it"),
        ("NULL", "write null or quote it"),
    ],
)
def test_any_other_trap_is_to_be_written_plainly_or_quoted(faults_of, words, hint):
    (fault,) = faults_of("string", trap(words))
    assert fault.hint == hint


def test_a_trap_that_is_an_allowed_value_is_to_be_quoted(faults_of):
    (fault,) = faults_of("ct_is_test_user", trap("Yes"))
    assert fault.say()[1] == 'write "Yes", with quotes'


def test_a_trap_inside_a_list_is_refused(faults_of):
    rule = Attribute("Tags", "list", enum=("a", "b"))
    (fault,) = faults_of("list", [trap("no")], rule=rule)
    assert (fault.code, fault.hint) == ("CT201", "write a or b")
