"""What is known after changes of known profiles, by patterns that were learned."""

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.model import cut_entries
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.known_texts import KnownTexts
from ctsync.model.profile_key import ProfileKey
from ctsync.model.spelled_entry import spelled_entry
from ctsync.plan.entries import known_patterns
from ctsync.plan.entries.known_patterns import KnownPatterns
from ctsync.plan.entries.plain_entry import Taking, entry_after

MARK = "0123456789abcdef" * 2
GOLD, OVER_FREE, VIP = ["Plan", "Gold"], ["Plan", "Gold", "=", "Free"], ["VIP", True]
FREE = KnownValue("Plan", "string", "Free", owned=True)
CITY = KnownValue("City", "string", "Goa")


def row_of(*said, identifier="u1", id_type="identity", mark=MARK):
    return ["update", id_type, identifier, [*said], [["a.csv", 7, "rows"]], mark]


def line_of(row):
    return canonical({"change": row, "does": [8, 1]}) + b"\n"


def entry_of(identifier="u1", gone=False, **known):
    key = ProfileKey("identity", identifier)
    return entry_line(Entry(key, known, ("vip",), ("plan",), "f" * 32, gone))


def learned(*rows):
    patterns = KnownPatterns()
    for row in rows:
        patterns.learn(row)
    return patterns


def told(*rows):
    """What lines of one id type come to, all of which are told."""
    (columns,) = learned(*rows).columns(b"".join(map(line_of, rows)))
    return columns


def known_texts(*lines):
    return KnownTexts(lines, [("city", "plan")] * len(lines))


def test_what_is_assigned_stands_over_what_was_known_and_the_rest_stays():
    before = entry_of(city=CITY, plan=FREE)
    over = told(row_of(OVER_FREE)).over(0, before)
    assert over == entry_after(row_of(OVER_FREE), Taking.ACKNOWLEDGED, before)
    assert (over.key.id, over.names, over.fingerprint) == ("u1", ["city", "plan"], MARK)
    assert over.is_bound


def test_what_was_never_known_comes_in_its_place_among_the_names():
    after = told(row_of(GOLD, VIP)).over_all(known_texts(entry_of(city=CITY)))
    assert after.names == [("city", "plan", "vip")]


def test_what_each_change_is_about_is_told_of_all():
    rows = (
        row_of(GOLD),
        row_of(GOLD, VIP, identifier="u2"),
        row_of(VIP, identifier="u3"),
    )
    assert told(*rows).names == [("plan",), ("plan", "vip"), ("vip",)]


@pytest.mark.parametrize("before", [None, entry_of(plan=FREE, gone=True)])
def test_over_no_entry_that_goes_on_nothing_is_told(before):
    """Such a profile is made anew, which the row of a known one does not say."""
    rows = row_of(GOLD), row_of(GOLD, identifier="u2")
    columns, there = told(*rows), entry_of("u2", plan=FREE)
    assert columns.over(0, before) is None
    assert columns.over(1, there) is not None
    assert columns.over_all(known_texts(before, there)) is None


MANY = [
    ([OVER_FREE], {"city": CITY, "plan": FREE}),
    ([VIP], {"city": CITY}),
    ([OVER_FREE], {"plan": FREE}),
    ([OVER_FREE, VIP], {"city": CITY}),
    ([OVER_FREE], {"city": CITY}),
]
"""What is said of profiles, and what was known of them; the last two cannot be cut."""


@pytest.mark.parametrize("worth", [1, 2, 9])
def test_entries_of_many_are_those_of_each_however_they_are_cut(monkeypatch, worth):
    monkeypatch.setattr(cut_entries, "WORTH_LINES", worth)
    rows, before = [], []
    for number, (said, known) in enumerate(MANY):
        who, mark = f"u{number}", f"{number:032x}"
        rows.append(row_of(*said, identifier=who, mark=mark))
        before.append(entry_of(who, **known))
    columns = told(*rows)
    names = [tuple(known) for _, known in MANY]
    together = [*columns.over_all(KnownTexts(before, names)).texts()]
    assert len(columns) == len(together) == len(MANY)
    for at, (row, line) in enumerate(zip(rows, before, strict=True)):
        over = columns.over(at, line)
        assert over == entry_after(row, Taking.ACKNOWLEDGED, line)
        assert together[at] == replace(over, names=tuple(over.names))


def test_entries_that_can_be_cut_are_taken_apart_one_by_one_only_where_few_are_alike(
    monkeypatch,
):
    """To take each apart takes several times as long, and gives the same."""
    taken_apart = []

    def noted(line):
        taken_apart.append(line)
        return spelled_entry(line)

    monkeypatch.setattr(known_patterns, "spelled_entry", noted)
    columns = told(*(row_of(OVER_FREE, identifier=who) for who in ("u1", "u2")))
    before = known_texts(*(entry_of(who, plan=FREE) for who in ("u1", "u2")))
    for worth, looks in ((2, 0), (3, 2)):
        monkeypatch.setattr(cut_entries, "WORTH_LINES", worth)
        taken_apart.clear()
        assert len(columns.over_all(before)) == 2
        assert len(taken_apart) == looks


@pytest.mark.parametrize("before", ["Free", 7, -1.5, True, ["a", "b"], []])
def test_the_value_before_is_passed_over_whatever_it_was(before):
    patterns = learned(row_of(["Plan", "Gold", "=", "Silver"]))
    line = line_of(row_of(["Plan", "Gold", "=", before]))
    (columns,) = patterns.columns(line)
    assert len(columns) == 1


def test_as_most_are_no_value_stands_before():
    """A form that says something else would be taken for it."""
    assert learned(row_of(GOLD)).columns(line_of(row_of(OVER_FREE))) == [None]


UNUSUAL = {
    "who is new": ["create", *row_of(GOLD)[1:]],
    "cohorts": [*row_of(GOLD), ["vip"]],
    "no fingerprint": row_of(GOLD)[:5],
    "two places": [
        *row_of(GOLD)[:4],
        [["a.csv", 7, "rows"], ["b.csv", 1, "more"]],
        MARK,
    ],
    "a list": row_of(["Tags", ["a"], "+"]),
    "a removal": row_of(["Tags", ["a"], "-"]),
    "a way of its own": row_of(["Plan", "Gold", "=", None, "file"]),
    "no operation": row_of(),
}


@pytest.mark.parametrize("row", UNUSUAL.values(), ids=UNUSUAL)
def test_of_a_row_that_does_anything_unusual_nothing_is_learned(row):
    patterns = learned(row)
    assert patterns.patterns == []
    assert patterns.columns(line_of(row)) is None


def test_lines_of_each_id_type_and_those_that_are_not_told_stand_apart():
    rows = [
        row_of(GOLD),
        row_of(["Hat", "red"], identifier="u2"),
        row_of(GOLD, identifier="u3"),
        row_of(GOLD, identifier="u4"),
        row_of(GOLD, id_type="objectId", identifier="v1"),
    ]
    found = learned(rows[0]).columns(b"".join(map(line_of, rows)))
    assert [each and each.key_type for each in found] == [
        "identity", None, "identity", "objectId",
    ]  # fmt: skip
    assert [[*each.ids] for each in found if each] == [[b"u1"], [b"u3", b"u4"], [b"v1"]]
