"""What is told of a whole column, word by word, without a file."""

import pytest

from ctsync.diagnostics import Diagnostic
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.fault import Fault
from ctsync.plan.findings import column_report
from ctsync.plan.findings.column_report import ColumnReport

PLAN = Attribute("Plan", kind="string", enum=("Free", "Gold"))
SIZE = Attribute("Size", kind="number")
CITY = Attribute("City", kind="string")
MAIL = Attribute("Mail", kind="number", sensitive=True)


class View:
    """A project of two tables, both of which stand in one file."""

    class _Table:
        def __init__(self, name):
            self.origin = Origin("tables.yaml", 2, table=name)

        def column_of(self, attribute):
            column = None if attribute == "Made" else attribute.lower() or "id"
            return column, ("tables", attribute)

    def __init__(self):
        self.tables = {name: self._Table(name) for name in ("crm", "more")}

    def locate(self, file, path):
        return (path[-1] and len(path[-1]) + 10, 3) if file == "tables.yaml" else None


def said(code="CT201", severity="error", message="masked", hint="look"):
    return Diagnostic(severity, code, message, hint)


def report(*words, rule=PLAN, table="crm", file="crm.csv", code="CT514", **how):
    """Give what is told of rows, one after the other, with these words."""
    found = ColumnReport(View())
    fault = how.pop("fault", "wrong")
    for row, word in enumerate(words, 1):
        origin = Origin(file, row + 1, row=row, table=table)
        found.add(origin, rule, said(code, **how), Fault(code, fault, "h", word))
    return found


def told(*words, **how):
    return [each.message for each in report(*words, **how).findings()]


def one(*words, **how):
    (found,) = report(*words, **how).findings()
    return found


def test_only_what_more_than_a_few_rows_have_is_told_of_a_column():
    assert told(*["x"] * 3) == []
    found = one(*["x"] * 4)
    assert (found.severity, found.code, found.attribute) == ("error", "CT514", "Plan")
    assert (found.file, found.line, found.column) == ("tables.yaml", 14, 3)
    assert (found.rows, found.row, found.key) == (4, None, None)


def test_words_that_three_rows_have_are_told_the_most_frequent_first():
    (message,) = told(*["b"] * 3, *["a"] * 3, *["c"] * 4, *["d"] * 2)
    assert message == (
        "Plan: 12 rows have 4 words outside Free, Gold: c 4, a 3, b 3 and 1 word "
        "more, the first in crm.csv row 1 (line 2)"
    )


def test_beyond_eight_words_and_all_that_are_rare_are_counted_alone():
    words = [f"w{n}" for n in range(9) for _ in range(3)] + ["x", "y"]
    (message,) = told(*words)
    assert "29 rows have 11 words outside Free, Gold: w0 3, " in message
    assert "w7 3 and 3 words more, the first" in message
    assert " more" not in told(*["w"] * 4)[0]


def test_a_row_with_two_faults_is_one_row_and_its_words_are_two():
    found = ColumnReport(View())
    for row in (1, 1, 2, 2, 3, 3, 4, 4):
        origin = Origin("crm.csv", None, row=row, table="crm")
        found.add(origin, PLAN, said("CT514"), Fault("CT514", "m", None, "x"))
    (summed,) = found.findings()
    assert summed.rows == 4
    assert "4 rows have 1 word outside Free, Gold: x 8, the first in" in summed.message


def test_counts_are_written_with_commas():
    assert told(*["x"] * 1234)[0].startswith("Plan: 1,234 rows have 1 word")
    assert "x 1,234" in told(*["x"] * 1234)[0]
    words = [f"w{n}" for n in range(1001)] + ["x"] * 3
    assert "have 1,002 words outside" in told(*words)[0]


def test_words_beyond_those_that_are_remembered_are_not_told_apart(monkeypatch):
    monkeypatch.setattr(column_report, "_REMEMBERED", 1)
    assert "4 rows have 1 word outside Free, Gold: a 3, the" in told(*"aaba")[0]


def test_no_word_that_is_one_persons_own_is_told():
    assert told("a", "b", "c", None, rule=CITY, message="City is odd") == [
        "City: 4 rows: is odd, the first in crm.csv row 1 (line 2)"
    ]
    skipped = "City is odd; the row is skipped"
    assert told(*"abcd", rule=CITY, message=skipped, severity="warning") == [
        "City: 4 rows: is odd, the first in crm.csv row 1 (line 2)"
    ]


def test_of_a_sensitive_attribute_words_are_only_counted():
    assert told(*"aaaab", rule=MAIL) == [
        (
            "Mail: 5 rows have 2 words that cannot be taken, "
            "the first in crm.csv row 1 (line 2)"
        )
    ]
    assert told(*[None] * 4, rule=MAIL, message="Mail is odd")[0].startswith(
        "Mail: 4 rows: is odd, the first"
    )
    assert told(*"aaaa", rule=MAIL, severity="warning", message="it is odd")[
        0
    ].startswith("Mail: 4 rows: it is odd")


def test_what_may_mean_something_else_says_so():
    assert (
        "4 rows have 1 word that may mean something else: x 4"
        in (told(*"xxxx", rule=CITY, code="CT631", severity="warning")[0])
    )
    assert "that cannot be taken: x 4" in told(*"xxxx", rule=SIZE)[0]


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("Gender", "M, F"),
        ("Employed", "Y, N"),
        ("Married", "Y, N"),
        ("Education", "School, College, Graduate"),
    ],
)
def test_words_that_the_platform_takes_are_named(attribute, words):
    rule = Attribute(attribute, kind="string")
    assert f" outside {words}: x 4" in told(*"xxxx", rule=rule)[0]


def test_keys_are_told_without_a_cure():
    found = one(*[None] * 4, rule=None, code="CT314", message="the id is empty")
    assert found.message == (
        "the key: 4 rows: the id is empty, the first in crm.csv row 1 (line 2)"
    )
    assert (found.attribute, found.hint) == (None, "look")


@pytest.mark.parametrize("code", ["CT630", "CT631"])
def test_several_sorts_of_doubt_under_one_code_are_told_apart(code):
    found = ColumnReport(View())
    for row, fault in enumerate(("b", "a", "b", "a", "c"), 1):
        origin = Origin("crm.csv", None, row=row, table="crm")
        doubt = said(code, "warning", message=fault)
        found.add(origin, CITY, doubt, Fault(code, fault, "h", None))
    assert [(each.rows, each.message[6:15]) for each in found.findings()] == [
        (2, "2 rows: a"),
        (2, "2 rows: b"),
        (1, "1 row: c,"),
    ]


def test_one_row_among_several_sorts_is_told_as_one():
    found = ColumnReport(View())
    for row, fault in enumerate("aaab", 1):
        origin = Origin("crm.csv", None, row=row, table="crm")
        word = "w" if fault == "a" else None
        found.add(
            origin, MAIL, said("CT631", message=fault), Fault("CT631", fault, "h", word)
        )
    messages = [each.message for each in found.findings()]
    assert messages[0].startswith("Mail: 3 rows have 1 word that cannot")
    assert messages[1].startswith("Mail: 1 row: b")


def test_other_codes_are_one_sort_whatever_their_message():
    found = ColumnReport(View())
    for row, fault in enumerate("abcd", 1):
        origin = Origin("crm.csv", None, row=row, table="crm")
        found.add(origin, CITY, said(message=fault), Fault("CT201", fault, "h", None))
    (summed,) = found.findings()
    assert summed.rows == 4


def test_tables_and_attributes_and_codes_are_apart_and_in_order():
    found = ColumnReport(View())
    for table in ("more", "crm"):
        for rule in (SIZE, CITY):
            for code in ("CT514", "CT201"):
                for row in range(1, 5):
                    origin = Origin("x.csv", None, row=row, table=table)
                    found.add(origin, rule, said(code), Fault(code, "m", None, None))
    told_ = [(each.attribute, each.code) for each in found.findings()]
    assert told_ == [
        ("City", "CT201"), ("City", "CT514"), ("Size", "CT201"), ("Size", "CT514"),
    ] * 2  # fmt: skip


# Cures


@pytest.mark.parametrize(
    ("rule", "code", "words", "cure"),
    [
        (PLAN, "CT514", ["gold"] * 4, "map: {gold: Gold}"),
        (PLAN, "CT514", ["robot"] * 4, "look"),
        (PLAN, "CT514", ["gold", "Gold1", "free", "x"], "look"),
        (SIZE, "CT201", ["1,5", "2,5", "3,5", "4,5"], 'csv: {decimal: ","}'),
        (SIZE, "CT201", [None] * 4, "look"),
        (CITY, "CT514", ["x"] * 4, "look"),
        (CITY, "CT203", [None] * 4, 'compute: {City: "CAST(city AS VARCHAR)"}'),
        (CITY, "CT631", [None] * 4, "look"),
        (CITY, "CT631", ["NULL"] * 4, 'nulls: ["NULL"]'),
        (Attribute("Made", kind="number"), "CT201", ["1,5"] * 4, "look"),
        (
            Attribute("Tags", kind="list"),
            "CT201",
            ["a;b", "b;c", "c", "d"],
            'split: ";"',
        ),
        (
            Attribute("Labels", kind="list-labels"),
            "CT201",
            ["a;b", "b;c", "c", "d"],
            'split: ";"',
        ),
        (
            Attribute("Day", kind="date"),
            "CT202",
            ["31.03.2027", "30.03.2027", "29.03.2027", "28.03.2027"],
            'format: "%d.%m.%Y"',
        ),
        (
            Attribute("Sizes", kind="number", enum=("1", "2")),
            "CT514",
            ["1,5", "2,5", "3,5", "4,5"],
            "look",
        ),
        (Attribute("Gender", kind="string"), "CT514", ["Male"] * 4, "map: {Male: M}"),
        (Attribute("Flag", kind="boolean"), "CT201", ["Yes"] * 4, 'map: {"Yes": true}'),
        (Attribute("Flag", kind="boolean"), "CT201", ["a", "b", "c", "d"], "look"),
        (Attribute("Any"), "CT203", [None] * 4, "look"),
    ],
)
def test_a_column_is_cured_by_what_its_words_and_its_kind_say(rule, code, words, cure):
    assert one(*words, rule=rule, code=code).hint == cure


def test_phone_numbers_are_cured_whatever_they_are_told_for():
    phone = Attribute("Phone", kind="string", sensitive=True)
    words = ["+91 98765 43210", "+91 98765 43211", "+91 1", "+91 98765 43213"]
    found = one(*words, rule=phone, code="CT513")
    assert found.hint.startswith("compute: {Phone: ")
    found = one(*words[:2], *words[:2], rule=phone, code="CT513")
    assert found.hint == (
        "compute: {Phone: \"regexp_replace(phone, '[^0-9+]', '', 'g')\"}"
    )


def test_of_ever_so_many_words_the_first_two_hundred_tell():
    words = [f"{n},5" for n in range(200)]
    size = one(*words, "x", rule=SIZE)
    assert size.hint == 'csv: {decimal: ","}'
    assert one("x", *words, rule=SIZE).hint == "look"
    assert one(*words[:199], "x", rule=SIZE).hint == "look"


@pytest.mark.parametrize(
    ("file", "is_csv"), [("a.csv", True), ("a.tsv.gz", True), ("a.jsonl", False)]
)
def test_files_with_a_dialect_are_cured_by_it(file, is_csv):
    hint = one("1,5", "2,5", "3,5", "4,5", rule=SIZE, file=file).hint
    assert hint.startswith('csv: {decimal: ","}' if is_csv else "compute: {Size: ")


def test_what_is_no_file_of_ours_has_no_dialect():
    assert column_report.is_csv(Origin("a.unknown")) is False
