"""What the words of a spec mean for text, numbers, counters and booleans."""

import pytest

from ctsync.kinds import KINDS
from ctsync.limits import MAX_COUNTER
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.scalar_value import Literal


def text(words, *, quoted=False):
    return Literal(words, "text", words, quoted=quoted)


def number(words, value):
    return Literal(words, "number", value)


TRUE = Literal("true", "boolean", value=True)
FALSE = Literal("false", "boolean", value=False)
DATE = Literal("1990-02-20", "date")
NULL = Literal("null", "null")
EMPTY = Literal("", "empty")
TILDE = Literal("~", "empty")
A_LIST = [text("a")]
A_MAP = {"a": text("b")}


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("string", text("Gold"), "Gold"),
        ("string", text("42", quoted=True), "42"),
        ("string", text("true", quoted=True), "true"),
        ("string", text("0042"), "0042"),
        ("string", text("Y"), "Y"),
        ("number", number("42", 42), 42),
        ("number", number("-0", -0.0), 0),
        ("number", number("1.5", 1.5), 1.5),
        ("number", number("5.0", 5.0), 5),
        ("number", number("1e3", 1000.0), 1000),
        ("number", number("1e300", 1e300), 1e300),
        ("counter", number("0", 0), 0),
        ("counter", number("9007199254740991", MAX_COUNTER), MAX_COUNTER),
        ("counter", number("-3", -3), -3),
        ("counter", number("2.5", 2.5), 2.5),
        ("boolean", TRUE, True),
        ("boolean", FALSE, False),
        ("subscription", TRUE, True),
        ("Age", number("42", 42), 42),
        ("Age", text("42", quoted=True), 42),
        ("Phone", text("+14155551234", quoted=True), "+14155551234"),
        ("Phone", text("+14155551234"), "+14155551234"),
        ("Email", text("jack@example.com"), "jack@example.com"),
        ("Gender", text("M"), "M"),
        ("Employed", text("Y"), "Y"),
        ("Married", text("N"), "N"),
        ("Education", text("College"), "College"),
        ("ct_is_test_user", text("Yes", quoted=True), "Yes"),
        ("Customer Type", text("Platinum"), "Platinum"),
        ("MSG-email", TRUE, True),
        ("MSG-dndPhone", FALSE, False),
    ],
)
def test_a_value_is_taken_in_its_normal_form(normalize, name, raw, value):
    target = normalize(name, raw)
    assert (type(target.value), target.value) == (type(value), value)


@pytest.mark.parametrize(
    ("name", "raw", "codes"),
    [
        ("string", number("42", 42), ["CT203"]),
        ("string", TRUE, ["CT203"]),
        ("string", DATE, ["CT203"]),
        ("string", A_LIST, ["CT203"]),
        ("string", A_MAP, ["CT203"]),
        ("string", EMPTY, ["CT202"]),
        ("string", TILDE, ["CT202"]),
        ("string", text("", quoted=True), ["CT202"]),
        ("string", text("  ", quoted=True), ["CT202"]),
        ("string", NULL, ["CT204"]),
        ("string", text("$D_1487576752"), ["CT208"]),
        ("string", text("a\x00b"), ["CT208"]),
        ("string", text("a\ud800b"), ["CT208"]),
        ("string", text("x" * 513), ["CT206"]),
        ("string", text("é" * 257), ["CT206"]),
        ("number", text("42", quoted=True), ["CT203"]),
        ("number", text("0042"), ["CT203"]),
        ("number", TRUE, ["CT203"]),
        ("number", EMPTY, ["CT202"]),
        ("number", NULL, ["CT204"]),
        ("number", A_LIST, ["CT203"]),
        ("number", number("inf", float("inf")), ["CT203"]),
        ("number", number("nan", float("nan")), ["CT203"]),
        ("number", number(str(MAX_COUNTER + 1), MAX_COUNTER + 1), ["CT203"]),
        ("number", number("9" * 400, 10**400), ["CT203"]),
        ("counter", text("12", quoted=True), ["CT203"]),
        ("counter", TRUE, ["CT203"]),
        ("counter", NULL, ["CT204"]),
        ("boolean", text("true", quoted=True), ["CT203"]),
        ("boolean", number("1", 1), ["CT203"]),
        ("boolean", EMPTY, ["CT202"]),
        ("boolean", NULL, ["CT204"]),
        ("MSG-email", NULL, ["CT204"]),
        ("MSG-email", text("Y"), ["CT203"]),
        ("Age", text("aa"), ["CT520"]),
        ("Age", text("9" * 16, quoted=True), ["CT520"]),
        ("Age", text("9" * 400, quoted=True), ["CT520"]),
        ("Age", TRUE, ["CT520"]),
        ("Age", NULL, ["CT204"]),
        ("Phone", text("223"), ["CT516"]),
        ("Phone", number("14155551234", 14155551234), ["CT516"]),
        ("Phone", text("+44+441234"), ["CT516"]),
        ("Phone", text("+0123456789"), ["CT516"]),
        ("Phone", NULL, ["CT204"]),
        ("Email", number("1234", 1234), ["CT203"]),
        ("Email", text("$$$$$"), ["CT515"]),
        ("Email", text("a@b@c"), ["CT515"]),
        ("Email", text("a b@c"), ["CT515"]),
        ("Gender", text("Male"), ["CT514"]),
        ("Gender", text("m"), ["CT514"]),
        ("Employed", text("yes", quoted=True), ["CT517"]),
        ("Education", text("school"), ["CT518"]),
        ("Married", text("Yes", quoted=True), ["CT519"]),
        ("ct_is_test_user", text("Y"), ["CT205"]),
        ("DOB", text("1990-02-20", quoted=True), ["CT203"]),
        ("DOB", NULL, ["CT204"]),
    ],
)
def test_a_refused_value_has_its_code(faults_of, name, raw, codes):
    assert [fault.code for fault in faults_of(name, raw)] == codes


@pytest.mark.parametrize("attribute", ["Name", "Gender"])
def test_null_removes_name_and_gender(normalize, attribute):
    assert normalize(attribute, NULL).value is None


def test_a_text_of_512_bytes_is_taken(normalize):
    assert normalize("string", text("é" * 256)).value == "é" * 256


def test_all_faults_of_a_text_are_found_at_once(faults_of):
    faults = faults_of("string", text("$D_\x07" + "x" * 600))
    assert sorted(fault.code for fault in faults) == ["CT206", "CT208", "CT208"]


def test_an_enum_of_the_catalog_is_held(normalize, faults_of):
    rule = {"enum": ("Free", "Gold")}
    assert normalize("string", text("Gold"), **rule).value == "Gold"
    (fault,) = faults_of("string", text("gold"), **rule)
    assert (fault.code, fault.hint) == ("CT205", "write Free or Gold")


def test_a_target_carries_what_the_rule_says(normalize):
    target = normalize("string", text("Gold"), write="once", sensitive=True)
    assert target == DesiredValue(
        "Plan", "string", "Gold", write="once", sensitive=True
    )


@pytest.mark.parametrize(
    ("name", "raw", "hint"),
    [
        ("string", number("42", 42), 'write "42", with quotes'),
        ("string", DATE, 'write "1990-02-20", with quotes'),
        ("number", text("42", quoted=True), "write 42 without quotes"),
        ("boolean", text("true", quoted=True), "write true or false, without quotes"),
        ("DOB", text("1990-02-20", quoted=True), "write 1990-02-20 without quotes"),
    ],
)
def test_a_value_of_another_type_is_shown_the_right_spelling(
    faults_of, name, raw, hint
):
    (fault,) = faults_of(name, raw)
    assert fault.say()[1] == hint


def test_no_fault_shows_a_value_that_is_to_be_hidden(faults_of):
    secret = "s3cr3t@@x"
    for name in ("Email", "Phone", "Gender", "Age", "DOB", "boolean", "number"):
        for fault in faults_of(name, text(secret, quoted=True)):
            assert secret not in " ".join(map(str, fault.say(shown="(sensitive)")))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("Gold", []),
        ("0042", ["CT210"]),
        ("1234567890123456", ["CT210"]),
        (" Gold", ["CT211"]),
        ("²", []),
    ],
)
def test_text_that_the_platform_may_change_is_warned_of(normalize, words, codes):
    target = normalize("string", text(words, quoted=True))
    assert [fault.code for fault in KINDS["string"].lint(target)] == codes


def test_a_phone_is_not_warned_of():
    phone = DesiredValue("Phone", "string", "0000000000000000000")
    assert KINDS["string"].lint(phone) == ()


@pytest.mark.parametrize(
    ("attribute", "kind"), [("Age", "number"), ("Phone", "string"), ("Plan", "string")]
)
def test_a_schema_takes_the_right_json_types(attribute, kind):
    types = KINDS[kind].schema(Attribute(attribute, kind))["type"]
    expected = {
        "Age": ["number", "string"],
        "Phone": ["string", "number"],
        "Plan": ["string"],
    }
    assert types == expected[attribute]
