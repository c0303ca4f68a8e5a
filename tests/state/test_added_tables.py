"""Entries of a new state are the same, in whole columns or one by one."""

import pyarrow as pa
import pytest
from msgspec.structs import replace

from ctsync.errors import StateError
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_bodies import lines_of
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import added_tables
from ctsync.state.edit_stream import EditStream, NewEntries
from ctsync.state.entry_edits import put_instead
from ctsync.state.jsonl_store import JsonlStore
from ctsync.state.snapshot_codec import EntryDigest, with_digest

HEADER = Header("lineage-1", 1, Account("A", "in1"))
PLAN = KnownValue("Plan", "string", "Gold", owned=True)


def made(name):
    key = ProfileKey("identity", name)
    return Entry(key, {"plan": PLAN}, ("vip",), fingerprint=f"{ord(name):032x}")


def edits(names):
    return [(each.key, put_instead(each)) for each in map(made, names)]


class Together(NewEntries):
    """New entries as columns."""

    def __init__(self, names):
        self.names = names
        entries = [made(name) for name in names]
        self.columns = EntryColumns(
            "identity",
            [entry.key.id.encode() for entry in entries],
            [entry_line(entry) for entry in entries],
            [("plan",)] * len(names),
            [entry.fingerprint.encode() for entry in entries],
        )

    def __iter__(self):
        return iter(edits(self.names))


RUNS = [
    [Together("abc"), Together("d"), Together("efg")],
    [edits("ab"), Together("cd"), edits("e"), edits("fg")],
    [Together("a"), edits("bcdef"), Together("g")],
    [edits("abcdefg")],
]
NOBODY = [(ProfileKey("objectId", "z"), put_instead(None))]


@pytest.mark.parametrize("group", [2, 4096])
@pytest.mark.parametrize("runs", RUNS)
def test_a_state_begins_with_the_same_rows_however_they_come(monkeypatch, runs, group):
    monkeypatch.setattr(added_tables, "GROUP", group)
    digest = EntryDigest()
    found = [
        *added_tables.added_tables(EditStream(iter([*runs, NOBODY])), digest),
    ]
    entries = [made(name) for name in "abcdefg"]
    assert digest.seal(HEADER) == with_digest(HEADER, entries)
    table = pa.concat_tables(found)
    assert lines_of(table) == list(map(entry_line, entries))
    assert table.drop_columns(["body"]).to_pylist() == [
        {
            "type": "identity",
            "id": name,
            "fingerprint": bytes.fromhex(f"{ord(name):032x}"),
            "gone": False,
            "names": "\nplan\n",
            "bound": True,
        }
        for name in "abcdefg"
    ]


@pytest.mark.parametrize("runs", RUNS)
def test_a_file_of_lines_begins_the_same_however_they_come(runs, tmp_path):
    together, alone = (JsonlStore(tmp_path / f"{name}.jsonl") for name in "ab")
    header = together.amend(HEADER, EditStream(iter([*runs, NOBODY])))
    assert alone.replace(HEADER, map(made, "abcdefg")) == header
    assert together.path.read_bytes() == alone.path.read_bytes()


@pytest.mark.parametrize("runs", [[Together("b"), Together("a")], [Together("ba")]])
def test_a_file_of_lines_does_not_begin_out_of_order(runs, tmp_path):
    store = JsonlStore(tmp_path / "s.jsonl")
    with pytest.raises(ValueError, match="out of order"):
        store.amend(HEADER, EditStream(iter(runs)))
    assert store.read().header is None


@pytest.mark.parametrize("serial", [0, 2])
def test_a_file_of_lines_begins_with_the_first_version(serial, tmp_path):
    store = JsonlStore(tmp_path / "s.jsonl")
    with pytest.raises(StateError, match="does not follow"):
        store.amend(replace(HEADER, serial=serial), EditStream(iter(RUNS[0])))
    assert store.read().header is None


def test_edits_over_a_file_of_lines_see_what_there_is(tmp_path):
    store = JsonlStore(tmp_path / "s.jsonl")
    store.amend(HEADER, EditStream(iter([Together("ad")])))
    gone = [(made("b").key, put_instead(made("b"))), (made("d").key, put_instead(None))]
    store.amend(replace(HEADER, serial=2), EditStream(iter([gone])))
    assert [*store.read().entries()] == [made("a"), made("b")]
