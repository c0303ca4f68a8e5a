"""Entries written from the lines of new profiles, by patterns that were learned."""

import pytest

from ctsync.canonical_json import canonical
from ctsync.plan.document import line_patterns
from ctsync.plan.entries.plain_entry import Taking, entry_after
from ctsync.plan.entries.row_patterns import RowPatterns

MARK = "0123456789abcdef" * 2
GOLD, VIP = ["Plan", "Gold"], ["VIP", True]
TAGS = ["Tags", ["a", "b"], "+~"]


def row_of(*said, id_type="identity", identifier="u1"):
    return ["create", id_type, identifier, [*said], [["a.csv", 7, "rows"]], MARK]


def line_of(row):
    return canonical({"change": row, "does": [8, 1]}) + b"\n"


def learned(*rows, taking=Taking.ACKNOWLEDGED):
    patterns = RowPatterns(taking)
    for row in rows:
        patterns.learn(row)
    return patterns


def each_of(columns):
    """The entries of columns, and None for each line that was not told."""
    for found in columns:
        yield from [None] if found is None else found.texts()


@pytest.mark.parametrize("taking", Taking)
def test_entries_of_many_lines_are_those_of_each(taking):
    patterns = learned(row_of(GOLD, TAGS, VIP, ["age", 3]), taking=taking)
    rows = [
        row_of(GOLD, ["age", 7], identifier="u1"),
        row_of(GOLD, TAGS, identifier="u2"),
        row_of(["Tags", ["b", "a"], "+~"], identifier="u3"),
        row_of(VIP, identifier="u4"),
        row_of(VIP, id_type="objectId", identifier="v1"),
        row_of(["Hat", "red"], id_type="objectId", identifier="v2"),
        row_of(GOLD, VIP, id_type="objectId", identifier="v3"),
    ]
    lines = [*map(line_of, rows)]
    columns = patterns.columns(b"".join(lines))
    assert [each and len(each) for each in columns] == [2, None, 1, 1, None, 1]
    told = [*each_of(columns)]
    assert told == [*map(patterns.entry, lines)]
    for row, found in zip(rows, told, strict=True):
        if found is not None:
            assert found == entry_after(row, taking)


def test_nothing_is_told_of_lines_before_one_was_learned_or_if_they_are_no_text():
    line = line_of(row_of(GOLD))
    assert learned().columns(line) is None
    assert learned(row_of(GOLD)).columns(line) is not None
    assert learned(row_of(GOLD)).columns(line.replace(b"u1", b"\xff")) is None


@pytest.mark.parametrize(
    ("texts", "is_told"),
    [(["a", "b"], True), (["c"], True), (["b", "a"], False), (["a", "a"], False)],
)
def test_a_list_is_taken_as_it_is_spelled_if_it_is_as_an_entry_has_it(texts, is_told):
    patterns = learned(row_of(TAGS))
    line = line_of(row_of(["Tags", texts, "+~"]))
    assert (patterns.entry(line) is not None) == is_told
    assert [each is not None for each in each_of(patterns.columns(line))] == [is_told]


UNUSUAL = {
    "who is known": ["update", *row_of(GOLD)[1:]],
    "cohorts": [*row_of(GOLD), ["vip"]],
    "no fingerprint": row_of(GOLD)[:5],
    "two places": [
        *row_of(GOLD)[:4],
        [["a.csv", 7, "rows"], ["b.csv", 1, "more"]],
        MARK,
    ],
    "a value before": row_of(["Plan", "Gold", "=", "Free"]),
    "a removal": row_of(["Tags", ["a"], "-"]),
    "two names of one attribute": row_of(["PLAN", "Gold"], GOLD),
}


@pytest.mark.parametrize("row", UNUSUAL.values(), ids=UNUSUAL)
def test_of_a_row_that_does_anything_unusual_nothing_is_learned(row):
    assert learned(row).patterns == []


def test_a_pattern_is_learned_anew_once_as_many_rows_again_had_something_new():
    """Each costs as much as reading hundreds of rows."""
    patterns, rows = learned(), [row_of([name, "x"]) for name in "abcdefghi"]
    told = []
    for number, row in enumerate(rows, 1):
        patterns.learn(row)
        told.append(sum(patterns.entry(line_of(row)) is not None for row in rows))
        assert len(patterns.patterns) == 1, number
    assert told == [1, 2, 2, 4, 4, 4, 4, 8, 8]


@pytest.mark.parametrize("said", [(["Plan", "\n"],), (["Plan", "\n"], VIP)])
def test_a_row_whose_values_are_odd_teaches_no_other_pattern(said):
    patterns = learned(row_of(GOLD, VIP))
    made = [*patterns.patterns]
    patterns.learn(row_of(*said))
    assert patterns.patterns == made


def test_of_values_that_are_spelled_in_several_ways_the_last_ones_are_told(
    monkeypatch,
):
    monkeypatch.setattr(line_patterns, "MOST_TRIED", 2)
    rows = [row_of(["Plan", value]) for value in ("Gold", 7, True)]
    patterns = learned(*rows)
    told = [patterns.entry(line_of(row)) is not None for row in rows]
    assert told == [False, True, True]


def test_two_names_of_one_attribute_are_told_but_not_in_one_line():
    rows = [row_of(GOLD), row_of(["PLAN", "Free"])]
    patterns = learned(*rows)
    assert None not in [patterns.entry(line_of(row)) for row in rows]
    assert patterns.entry(line_of(row_of(["PLAN", "Free"], GOLD))) is None


def test_lines_are_told_alike_whether_or_not_what_writes_them_is_remembered(
    monkeypatch,
):
    lines = [line_of(row_of(*said)) for said in ((GOLD,), (VIP,), (GOLD, VIP))]
    whole = [*map(learned(row_of(GOLD, VIP)).entry, lines)]
    monkeypatch.setattr(line_patterns, "_MOST_WRITERS", 0)
    patterns = learned(row_of(GOLD, VIP))
    assert [*map(patterns.entry, lines * 2)] == whole * 2
    assert [each.names for each in whole] == [["plan"], ["vip"], ["plan", "vip"]]


def test_a_row_without_any_operation_that_is_told_is_not_told():
    patterns = learned(row_of(GOLD))
    assert patterns.entry(line_of(row_of())) is None
    assert patterns.columns(line_of(row_of())) == [None]
