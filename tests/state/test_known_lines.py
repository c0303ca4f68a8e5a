"""Lines of many profiles are those that are found of each."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.model.entry import Entry, KnownValue, entry_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import arrow_rows, parquet_files
from ctsync.state.entry_edits import put_instead
from ctsync.state.manifest import Compaction
from ctsync.state.parquet_store import ParquetStore

TYPES = ("FBID", "identity", "objectId")
KEYS = [ProfileKey(kind, f"{name}ä") for kind in TYPES for name in "abcdefgh"]


PLAN = KnownValue("Plan", "string", "Gold")


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """A base in groups of three, what came and went since, and what came back."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (arrow_rows, parquet_files):
            patch.setattr(module, "GROUP", 3)
        store = ParquetStore(tmp_path_factory.mktemp("state"))
        store.compaction = Compaction(0, 0)
        store.replace(Header("l", 1, Account("A", "in1")), map(Entry, KEYS[1::2]))
        edits = {
            2: {KEYS[0]: "new", KEYS[3]: None, KEYS[9]: None, KEYS[20]: "new"},
            3: {KEYS[3]: "back", KEYS[5]: "moved", KEYS[20]: None},
        }
        for serial, each in edits.items():
            made = [
                (key, put_instead(mark and Entry(key, {mark: PLAN}, fingerprint=mark)))
                for key, mark in each.items()
            ]
            store.amend(Header("l", serial, Account("A", "in1")), made)
        yield store._version()


@settings(max_examples=100, deadline=None)
@given(wanted=st.sets(st.sampled_from([*KEYS, ProfileKey("identity", "zz")])))
def test_lines_are_those_of_each_key(version, wanted):
    keys = sorted(wanted)
    found = dict(version.known_lines().pick(keys))
    assert found == dict(version.pick_lines(keys))
    known, lines = version.known_lines(), []
    for kind in TYPES:  # asked for in parts, the file of each stays open
        ids = [key.id.encode() for key in keys if key.type == kind]
        half = len(ids) // 2
        lines += [*known.of(kind, ids[:half]), *known.of(kind, ids[half:])]
    assert lines == [found.get(key) for key in keys]


@given(wanted=st.sets(st.sampled_from(KEYS), min_size=1))
def test_names_of_attributes_are_those_of_the_line(version, wanted):
    known = version.known_lines()
    for kind in TYPES:
        ids = [key.id.encode() for key in sorted(wanted) if key.type == kind]
        lines, names = known.texts(kind, ids)
        assert lines == known.of(kind, ids)
        entries = [line and entry_from_line(line) for line in lines]
        assert names == [tuple(each.attributes) if each else () for each in entries]


def test_an_id_that_is_asked_for_twice_is_found_twice(version):
    known = version.known_lines()
    first, second = (KEYS[at].id.encode() for at in (5, 7))
    lines = known.of("FBID", [first, second])
    assert known.of("FBID", [first, first, second]) == [lines[0], *lines]


def test_a_group_that_somebody_holds_is_not_read_again(version):
    """Who writes entries anew comes to each group soon after who edits them."""
    (name,) = [each.name for each in version.manifest.base.files]
    held = version.reader(name).group(0, arrow_rows.COLUMNS)
    assert version.reader(name).group(0, arrow_rows.COLUMNS) is held
    assert version.reader(name).group(1, arrow_rows.COLUMNS) is not held
