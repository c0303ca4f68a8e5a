"""Which YAML is advised for a column, word by word, without a file."""

import pytest

from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.plan.findings.column_cures import CellPlace, cure_of, in_table
from ctsync.sources.doubtful_cells import AS_LIST, ROUND

LISTED = "json_extract_string(a, '$[*]')"
POINTS = "replace(replace(a, '.', ''), ',', '.')"
DAY = "CAST(strptime(CAST(a AS VARCHAR), '{}') AS DATE)"


def place(kind, *, column="a", attribute="A", is_csv=True):
    return CellPlace(column, Attribute(attribute, kind=kind), is_csv)


def computed(expression, attribute="A"):
    return f'compute: {{{attribute}: "{expression}"}}'


@pytest.mark.parametrize("is_csv", [True, False])
@pytest.mark.parametrize(
    ("kind", "words", "cure"),
    [
        ("boolean", ["on", "off"], 'map: {"on": true, "off": false}'),
        ("boolean", ["y", "n"], "map: {y: true, n: false}"),
        ("boolean", ["Ja", "hm"], 'map: {"Ja": true}'),
        ("boolean", ["hm"], None),
        ("boolean", ["1 "], 'map: {"1 ": true}'),
        ("number", ["5 EUR"], None),
        ("number", ["1,5", "x"], None),
        ("counter", ["x"], None),
        ("list", ['["x"]', "[]"], computed(LISTED)),
        ("list", ['["x"]', "x;y"], 'split: ";"'),
        ("list", ["[x", "y|z,w"], 'split: "|"'),
        ("list", ["y]", "z,w"], 'split: ","'),
        ("list", ["x"], None),
        ("list", ["[x;y"], 'split: ";"'),
        ("list", ["x;y]"], 'split: ";"'),
        ("string", ["5"], computed("CAST(a AS VARCHAR)")),
        ("string", ["[a]", "b"], computed("CAST(a AS VARCHAR)")),
        ("string", ["[a]", "[b]"], None),
        ("string", ["[a"], computed("CAST(a AS VARCHAR)")),
        ("string", ["a]"], computed("CAST(a AS VARCHAR)")),
        ("date", ["31.03.2027"], 'format: "%d.%m.%Y"'),
        ("date", ["1806481800"], computed("to_timestamp(CAST(a AS BIGINT))")),
        ("date", ["soon"], None),
        ("list-labels", ["x;y"], 'split: ";"'),
        ("colour", ["5"], computed("CAST(a AS VARCHAR)")),
        (None, ["5"], None),
        ("subscription", ["x"], computed("CAST(a AS VARCHAR)")),
    ],
)
def test_words_of_a_column_have_the_cure_of_their_kind(kind, words, cure, is_csv):
    assert cure_of(place(kind, is_csv=is_csv), words, ()) == cure


@pytest.mark.parametrize(
    ("kind", "words", "in_csv", "elsewhere"),
    [
        ("number", ["1,5", "1.000,5"], 'csv: {decimal: ","}', computed(POINTS)),
        ("counter", ["1,0"], 'csv: {decimal: ","}', computed(POINTS)),
        ("number", ["1.5"], None, computed("CAST(a AS VARCHAR)")),
        ("number", [], None, None),
        ("number", ["1.5", "x"], None, None),
        (
            "date",
            ["20270331"],
            'format: "%Y%m%d"',
            computed(DAY.format("%Y%m%d")),
        ),
        ("date", ["123"], None, None),
        (
            "date",
            ["03/04/2027"],
            'format: "%d/%m/%Y" or format: "%m/%d/%Y"',
            'format: "%d/%m/%Y" or format: "%m/%d/%Y"',
        ),
    ],
)
def test_other_files_than_csv_have_cures_of_their_own(kind, words, in_csv, elsewhere):
    assert cure_of(place(kind), words, ()) == in_csv
    assert cure_of(place(kind, is_csv=False), words, ()) == elsewhere


def test_words_for_nothing_come_first_and_all_else_after_them():
    assert cure_of(place("number"), ["x", "NULL", "nan", "NULL"], ()) == (
        'nulls: ["NULL", "nan"]'
    )
    assert cure_of(place("number"), ["1,5", "NULL"], ()) == (
        'nulls: ["NULL"] and csv: {decimal: ","}'
    )
    assert cure_of(place("boolean"), ["NULL", "yes"], ()) == (
        'nulls: ["NULL"] and map: {"yes": true}'
    )
    nulls = ["undefined", "NULL", "None", "n/a", "nan", "NaN", "-", "nat"]
    assert cure_of(place("string"), nulls, ()) == (
        'nulls: ["-", "NULL", "NaN", "None", "n/a", "nan", "nat", "undefined"]'
    )
    assert cure_of(place("string"), [], ()) == computed("CAST(a AS VARCHAR)")


def test_of_allowed_values_that_is_meant_which_a_word_begins_with():
    rule = place("string")
    assert (
        cure_of(rule, ["Female", "m", "robot"], ("M", "F")) == "map: {Female: F, m: M}"
    )
    assert cure_of(rule, ["robot"], ("M", "F")) is None
    assert (
        cure_of(rule, ["GOLD", "no"], ("Gold", "No")) == 'map: {GOLD: Gold, "no": "No"}'
    )


@pytest.mark.parametrize("kind", ["string", None])
def test_a_phone_number_is_made_international_whatever_its_kind(kind):
    phone = place(kind, attribute="Phone")
    assert cure_of(phone, ["+91 98765 43210"], ()) == computed(
        "regexp_replace(a, '[^0-9+]', '', 'g')", "Phone"
    )
    assert cure_of(phone, ["98765"], ()).endswith(", with your country's code")


def test_names_and_words_are_quoted_where_yaml_would_read_something_else():
    assert place("date", attribute="Home City").computed("x") == (
        'compute: {"Home City": x}'
    )
    assert place("date", attribute="Größe").computed("a b") == (
        'compute: {"Größe": "a b"}'
    )
    words = {"null": True, "n": False, "x1": True, "é": False}
    rule = place("boolean", attribute="no")
    assert rule.computed("On") == 'compute: {"no": "On"}'
    assert cure_of(place("string"), [*words], tuple("xe")).startswith("nulls: ")


# One row


@pytest.mark.parametrize(
    ("kind", "word", "advice"),
    [
        ("boolean", "yes", 'map: {"True": true, "False": false}'),
        ("number", "1,5", 'csv: {decimal: ","}'),
        ("number", "x", 'csv: {decimal: ","} reads 1,5; compute: casts other text'),
        ("counter", "x", 'csv: {decimal: ","} reads 1,5; compute: casts other text'),
        ("date", "soon", 'format: "%d/%m/%Y" reads dates as they are written'),
        ("date", "31.03.2027", 'format: "%d.%m.%Y"'),
        ("list", "x", 'split: ";" parts a text into values'),
        ("list", "x|y", 'split: "|"'),
        ("string", "5", computed("CAST(a AS VARCHAR)")),
        ("string", "[a]", computed("CAST(a AS VARCHAR)")),
    ],
)
@pytest.mark.parametrize("code", ["CT201", "CT202", "CT203", "CT207"])
def test_a_cell_that_is_of_no_type_has_advice_for_its_table(kind, word, advice, code):
    told = in_table(Fault(code, "said", "quote it", word), place(kind))
    assert told.hint == advice
    assert (told.message == "said") == (code != "CT201")
    assert told.value == word


def test_a_cell_of_the_wrong_type_is_told_what_its_attribute_takes():
    told = in_table(Fault("CT201", "said", None, "x"), place("number"))
    assert told.message == "A takes a number, not {value}"
    elsewhere = in_table(Fault("CT201", "m", None, "x"), place("number", is_csv=False))
    assert elsewhere.hint.startswith(f"{computed(POINTS)} reads 1,5")


def test_a_cell_without_a_word_has_advice_all_the_same():
    told = in_table(Fault("CT202", "said", "quote it"), place("list"))
    assert told.hint == 'split: ";" parts a text into values'


def test_what_is_computed_is_cured_in_its_expression():
    told = in_table(Fault("CT202", "said", "h", "x"), place("date", column=""))
    assert told.hint == "change its expression in compute:"


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (Fault("CT514", "said", "h", "x"), place("string")),
        (Fault("CT201", "said", "h", "x"), place(None)),
        (Fault("CT631", "said", AS_LIST, "x"), place("string", column="")),
        (Fault("CT631", "said", "else", "x"), place("string")),
    ],
)
def test_what_no_mapping_mends_keeps_the_advice_that_it_had(fault, rule):
    assert in_table(fault, rule) == fault


def test_doubts_of_a_column_are_cured_by_an_expression():
    doubt = Fault("CT631", "said", AS_LIST, "[a]")
    assert in_table(doubt, place("list")).hint == computed(LISTED)
    assert in_table(doubt, place("string")).hint == (
        f"{computed(LISTED)}, with type: list in the catalog"
    )
    lost = in_table(Fault("CT633", "said", ROUND, "1.1"), place("number"))
    assert lost.hint == computed("round(CAST(a AS DECIMAL(38, 18)), 6)")
    assert lost.message == "said"
