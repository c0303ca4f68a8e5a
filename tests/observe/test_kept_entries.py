"""Entries that are kept come back as they were, one by one or as columns."""

from io import BytesIO

import pytest

from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.kept_entries import KeptEntries
from ctsync.state.edit_stream import NewEntries


def entry(number, names=("plan", "city")):
    known = {name: KnownValue(name, "string", "x") for name in sorted(names)}
    return Entry(ProfileKey("identity", f"ü{number:05}"), known)


def columns(entries):
    alike = {}
    names = [tuple(each.attributes) for each in entries]
    return EntryColumns(
        "identity",
        [each.key.id.encode() for each in entries],
        [entry_line(each) for each in entries],
        [alike.setdefault(each, each) for each in names],
    )


def edits_of(kept):
    return [edit.over(None) for run in kept.runs() for _, edit in run]


def are_as_columns(kept):
    return [isinstance(run, NewEntries) for run in kept.runs()]


@pytest.mark.parametrize("sizes", [(40, 1, 40), (1, 40), (3, 4_500, 5), (2_000, 1, 1)])
def test_entries_come_in_their_order_whichever_way_they_were_kept(sizes):
    """And again: what is asked for twice is the same."""
    kept, entries = KeptEntries(BytesIO()), []
    for turn, size in enumerate(sizes):
        names = ("plan",) if turn == 1 else ("plan", "city")
        some = [entry(n, names) for n in range(len(entries), len(entries) + size)]
        if turn % 2 == 0 and size > 1:
            kept.add_columns(columns(some))
        else:
            for each in some:
                kept.add_line(entry_line(each))
        entries += some
    for _ in range(2):
        found = edits_of(kept)
        assert [text.line for text in found] == [*map(entry_line, entries)]
        assert [[*text.names] for text in found] == [
            [*each.attributes] for each in entries
        ]


def test_names_stand_by_the_entry_that_has_them():
    entries = [entry(n, ("plan", "city")[: n % 3]) for n in range(60)]
    kept = KeptEntries(BytesIO())
    kept.add_columns(columns(entries))
    assert [[*text.names] for text in edits_of(kept)] == [
        [*each.attributes] for each in entries
    ]
    assert are_as_columns(kept) == [True]


def test_few_are_kept_one_by_one_since_columns_are_dear():
    """As they are where every tenth row of an export takes a look."""
    kept = KeptEntries(BytesIO())
    for start in range(0, 100, 10):
        kept.add_columns(columns([entry(n) for n in range(start, start + 9)]))
        kept.add_line(entry_line(entry(start + 9)))
    assert are_as_columns(kept) == [False]
    assert len(edits_of(kept)) == 100


def test_no_run_of_lines_is_longer_than_what_is_kept_in_memory():
    kept = KeptEntries(BytesIO())
    for number in range(4_001):
        kept.add_line(entry_line(entry(number)))
    assert [len([*run]) for run in kept.runs()] == [2_000, 2_000, 1]
