"""What is kept of a run is the same, whether entries are cut or taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.apply.history import run_change_from
from ctsync.apply.kept_rows import rows_over, touched
from ctsync.apply.plain_profiles import SpelledRow
from ctsync.canonical_json import fold_name, parse
from ctsync.model import cut_entries
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.change_codec import change_line

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


def kept(entries, changes, worth):
    rows = SpelledRow.of_lines(b"".join(map(change_line, changes)))
    lines = [None if each is None else entry_line(each) for each in entries]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut_entries, "WORTH_LINES", worth)
        return [*rows_over(Known(lines), rows)]


@given(st.lists(st.tuples(st.none() | entries, names), min_size=1, max_size=8))
def test_what_is_kept_has_the_same_bytes_either_way(people):
    before = [
        None if told is None else entry_of(number, *told)
        for number, (told, _) in enumerate(people)
    ]
    changes = [change_of(number, each) for number, (_, each) in enumerate(people)]
    found = kept(before, changes, 1)
    assert found == kept(before, changes, 1000)
    for line, entry, change in zip(found, before, changes, strict=True):
        told = run_change_from(parse(line))
        is_known = entry is not None and not entry.gone
        assert (told.key, told.is_new) == (change.key, not is_known)
        touched = map(fold_name, (each.attribute for each in change.operations))
        there = {*touched} & entry.attributes.keys() if is_known else ()
        assert told.known == {name: entry.attributes[name] for name in there}
        assert told.cohorts == (entry.cohorts if is_known else ())


def test_entries_that_can_be_cut_are_not_taken_apart(monkeypatch):
    def taken_apart(_):
        raise AssertionError

    monkeypatch.setattr("ctsync.apply.kept_rows.spelled_entry", taken_apart)
    rest = ("table=rows",), (), MARK
    people = [entry_of(n, {"Plan": "Gold", "100 %": n}, *rest) for n in range(3)]
    changes = [change_of(n, {"Plan", "100 %"}) for n in range(3)]
    assert len(kept(people, changes, 3)) == 3
    with pytest.raises(AssertionError):
        kept(people, changes, 4)


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
        assert touched([*row, *more]) == ("Plan", "Tags")
    assert touched([*row, [], MARK, None, ["City"]]) == ("Plan", "Tags", "City")
