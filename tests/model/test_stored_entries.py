"""A line tells by itself whether its profile is as desired."""

from hypothesis import given
from hypothesis import strategies as st

from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.stored_entries import FINGERPRINT, StoredEntries, mark_of, marks_of

TRICKY = ['"', "\\", "\n", "}", '"}', 'fingerprint":"', '"key":{', "é", ",", "a"]
TEXTS = st.lists(st.sampled_from(TRICKY), max_size=4).map("".join)
KEYS = st.builds(ProfileKey, st.sampled_from(ID_TYPES), TEXTS)
MARKS = st.sampled_from(["0" * 32, "f" * 32, "0123456789abcdef" * 2])
ENTRIES = st.builds(
    Entry,
    KEYS,
    st.dictionaries(TEXTS, st.builds(KnownValue, TEXTS, st.just("string"), TEXTS)),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.none() | MARKS,
    st.booleans(),
)


def fits(line, mark):
    return line.startswith(mark, line.rfind(FINGERPRINT) + len(FINGERPRINT))


@given(ENTRIES, KEYS, MARKS)
def test_a_mark_fits_the_line_of_its_profile_and_no_other(entry, key, fingerprint):
    is_same = (entry.key, entry.fingerprint, entry.gone) == (key, fingerprint, False)
    assert fits(entry_line(entry), mark_of(fingerprint, key)) == is_same


@given(ENTRIES, MARKS)
def test_a_line_has_the_mark_of_its_entry(entry, fingerprint):
    line = entry_line(entry)
    has_mark = entry.fingerprint == fingerprint and not entry.gone
    assert fits(line, mark_of(fingerprint, entry.key)) == has_mark


@given(st.lists(st.tuples(MARKS, TEXTS)), st.sampled_from(ID_TYPES))
def test_marks_of_many_are_those_of_each(profiles, kind):
    marks, ids = [m for m, _ in profiles], [text for _, text in profiles]
    found = marks_of(marks, kind, ids)
    each = [mark_of(mark, ProfileKey(kind, text)) for mark, text in profiles]
    assert found == b"\n".join(each)
    assert found.split(b"\n") == (each or [b""])


def test_a_line_that_is_taken_is_an_entry_that_does_not_come_again():
    entries = [Entry(ProfileKey("identity", text)) for text in "abc"]
    stored = StoredEntries(map(entry_line, entries))
    assert next(stored) == entries[0]
    assert next(stored.lines) == entry_line(entries[1])
    assert list(stored) == entries[2:]
