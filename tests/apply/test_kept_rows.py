"""What is kept of a run, beside the entries that were there before it."""

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import to_builtins

from ctsync.apply.folding import kept_rows
from ctsync.apply.folding.history import run_change_from
from ctsync.apply.folding.kept_rows import rows_over, touched
from ctsync.apply.folding.plain_profiles import SpelledRow
from ctsync.canonical_json import canonical, fold_name, parse, spelled
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import change_line

MARK = "0123456789abcdef" * 2
NAMES = ("Plan", "Home City", "100 %", 'q"q')
values = st.sampled_from(["Gold", 'q"q', "{", "a},{", "é", 7, True])
names = st.sets(st.sampled_from(NAMES), min_size=1)


def entry_of(number, known, *rest):
    found = {
        fold_name(name): KnownValue(name, "string", known[name], owned=True)
        for name in sorted(known, key=fold_name)
    }
    return Entry(ProfileKey("identity", f"u{number}"), found, *rest)


def change_of(number, chosen):
    told = tuple(
        Operation(name, "string", "set", "x", "known", "y", "x")
        for name in sorted(chosen)
    )
    places = (Origin("a.csv", None, 3, table="rows"),)
    settled = EntryAfter(MARK, ("table=rows",))
    key = ProfileKey("identity", f"u{number}")
    return Change(key, "update", told, places, settled=settled)


entries = st.tuples(
    st.dictionaries(st.sampled_from(NAMES), values),
    st.sampled_from([(), ("table=rows",), ("vip", "table=rows")]),
    st.sampled_from([(), ("plan",)]),
    st.sampled_from([MARK, MARK, None]),
    st.sampled_from([False, False, True]),
)


class Known:
    """Lines of entries, as a store finds them."""

    def __init__(self, lines):
        self.lines = lines

    def of(self, key_type, ids):
        assert (key_type, len(ids)) == ("identity", len(self.lines))
        return self.lines


def kept(entries, changes):
    rows = SpelledRow.of_lines(b"".join(map(change_line, changes)))
    lines = [None if each is None else entry_line(each) for each in entries]
    return [*rows_over(Known(lines), rows)]


EVERY = [
    {name for name, is_one in zip(NAMES, chosen, strict=True) if is_one}
    for chosen in product([True, False], repeat=len(NAMES))
    if any(chosen)
]
KNOWN = dict.fromkeys(NAMES, "Gold")


@given(st.lists(st.tuples(st.none() | entries, names), min_size=1, max_size=20))
@example([((KNOWN, (), (), MARK, False), names) for names in EVERY])
def test_what_is_kept_says_what_was_known_of_whatever_a_row_is_about(people):
    """However many ways there are to be about some attributes and not others."""
    before = [
        None if told is None else entry_of(number, *told)
        for number, (told, _) in enumerate(people)
    ]
    changes = [change_of(number, each) for number, (_, each) in enumerate(people)]
    found = kept(before, changes)
    for line, entry, change in zip(found, before, changes, strict=True):
        row = spelled(SpelledRow.of_line(change_line(change)).text)
        if entry is None or entry.gone:
            assert line == canonical({"new": row})
            continue
        touched = {fold_name(each.attribute) for each in change.operations}
        there = touched & entry.attributes.keys()
        known = {name: entry.attributes[name] for name in there}
        says = {"cohorts": entry.cohorts, "known": to_builtins(known)}
        assert line == canonical({**says, "known_row": row})
        told = run_change_from(parse(line))
        assert (told.key, told.is_new, told.known) == (change.key, False, known)


@pytest.mark.parametrize(("ways", "readers"), [(1, 1), (8, 8), (9, 1), (15, 1)])
def test_of_many_ways_to_be_about_attributes_there_is_one_reader(ways, readers):
    """Else whoever has hundreds of attributes would have one made for each row."""
    kept_rows._reader.cache_clear()
    entry = entry_of(0, KNOWN)
    changes = [change_of(number, names) for number, names in enumerate(EVERY[:ways])]
    assert len(kept([entry] * ways, changes)) == ways
    assert kept_rows._reader.cache_info().currsize == readers


def test_entries_at_hand_are_as_many_as_rows():
    lines = [change_line(change_of(number, {"Plan"})) for number in (0, 1)]
    rows = SpelledRow.of_lines(b"".join(lines)).over([None], [("plan",)] * 2)
    with pytest.raises(ValueError, match="shorter"):
        [*rows_over(Known([]), rows)]


@pytest.mark.parametrize("odd", [b"[[,]]", b"[7,[1]]", b"[[{}]]"])
def test_a_row_that_nobody_wrote_so_is_no_matter_of_those_beside_it(odd):
    entry = entry_of(0, {"Plan": "Gold"}, ("table=rows",), (), MARK)
    plain, other = (change_line(change_of(number, {"Plan"})) for number in (0, 1))
    told = other.replace(b'[["Plan","x","=","y"]]', odd)
    rows, alone = SpelledRow.of_lines(plain + told), SpelledRow.of_lines(plain)
    line = entry_line(entry)
    first, second = rows_over(Known([line, None]), rows)
    assert [first] == [*rows_over(Known([line]), alone)]
    assert odd in second


def test_a_row_is_about_what_it_changes_and_what_it_releases():
    """However much it says beside it: rows end where nothing unusual comes."""
    row = ["update", "identity", "u1", [["Plan", "x"], ["Tags", ["a"], "+"]]]
    for more in ([], [[["a.csv", 3, "rows"]]], [[], MARK], [[], MARK, ["vip"]]):
        assert touched(canonical([*row, *more])) == ("Plan", "Tags")
    whole = canonical([*row, [], MARK, None, ["City"]])
    assert touched(whole) == ("Plan", "Tags", "City")
