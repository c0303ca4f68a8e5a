"""An entry that is taken apart as far as its attributes loses nothing of its line."""

import pytest

from ctsync.canonical_json import canonical, parse
from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.spelled_entry import spelled_entry

KEY = ProfileKey("identity", "u1")


def known(*names):
    return {name: KnownValue(name, "string", "x") for name in names}


@pytest.mark.parametrize("read", [spelled_entry, entry_from_line])
def test_a_line_that_says_more_than_an_entry_has_is_refused(read):
    """Written again without it, what somebody noted there would be gone."""
    more = {**parse(entry_line(Entry(KEY, known("plan")))), "note": "ours"}
    with pytest.raises(ValueError, match="unknown field `note`"):
        read(canonical(more) + b"\n")


@pytest.mark.parametrize("names", ["a", "bc", "cz", "ad"])
def test_what_is_assigned_stands_in_its_place(names):
    """Whether it was known before, or is new."""
    entry, other = Entry(KEY, known("b", "c")), known(*names)
    parted = spelled_entry(entry_line(entry))
    parted.assign(spelled_entry(entry_line(Entry(KEY, other))).attributes)
    after = dict(sorted({**entry.attributes, **other}.items()))
    assert parted.line() == entry_line(Entry(KEY, after))
