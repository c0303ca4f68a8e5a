"""Edits of a journal come by key, each key once, in whatever runs they come."""

from itertools import product

import pytest

from ctsync.apply.journal.edit_order import runs_in_order
from ctsync.errors import StateError
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.state.edit_stream import KnownEntries, NewEntries


class Known(KnownEntries):
    """A run of known profiles, of whose edits nothing is asked."""

    def __init__(self, key_type, ids):
        self.key_type, self.ids = key_type, ids

    def __iter__(self):
        raise AssertionError

    def over(self, before):
        raise AssertionError

    def over_all(self, before):
        raise AssertionError


class New(NewEntries):
    """A run of new profiles, of whose edits nothing is asked."""

    def __init__(self, key_type, ids):
        self.columns = EntryColumns(key_type, ids, (), (), ())

    def __iter__(self):
        raise AssertionError


def one_by_one(key_type, ids):
    return [(ProfileKey(key_type, each.decode()), each) for each in ids]


WAYS = (New, Known, one_by_one)


def taken(*told):
    """Take runs as a store does: of those one by one, each edit before the next run."""
    runs = [way("identity", [*map(str.encode, ids)]) for way, ids in told]
    return runs, [
        run if isinstance(run, New | Known) else [*run] for run in runs_in_order(runs)
    ]


@pytest.mark.parametrize(("first", "second"), [*product(WAYS, WAYS)])
def test_runs_that_come_by_key_are_given_as_they_are(first, second):
    given, found = taken((first, "abé"), (second, "íñ"), (second, "語"))
    assert found == given


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ids", ["ba", "aa", "bac", "acb", "abb"])
def test_a_key_that_comes_late_or_again_within_a_run_is_damage(way, ids):
    with pytest.raises(StateError, match="not by key") as refused:
        taken((way, ids))
    assert refused.value.code == "journal_damaged"


@pytest.mark.parametrize(("first", "second"), [*product(WAYS, WAYS)])
@pytest.mark.parametrize("ids", ["de", "cd", "ad"])
def test_so_is_one_that_comes_in_a_later_run(first, second, ids):
    """A run is held against the last of the one before, and not against its first."""
    with pytest.raises(StateError, match="not by key") as refused:
        taken((first, "bd"), (second, ids))
    assert refused.value.code == "journal_damaged"


def test_id_types_have_an_order_as_well():
    runs = [Known("identity", [b"z"]), New("objectId", [b"a"])]
    assert [*runs_in_order(runs)] == runs
    with pytest.raises(StateError, match="not by key"):
        [*runs_in_order(runs[::-1])]
