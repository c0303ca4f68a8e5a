"""What edits change is the same, in runs of known profiles or one by one."""

import pytest

from ctsync.model.entry import Entry, KnownValue
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import text_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state import changed_tables
from ctsync.state.edit_stream import EditStream, KnownEntries
from ctsync.state.parquet_store import ParquetStore
from ctsync.state.snapshot_codec import EntryDigest, with_digest

TYPES = ("FBID", "identity")
KNOWN = "ABCEabcdef"


def key(name):
    return ProfileKey(TYPES[name.islower()], name)


def made(name, plan):
    known = {"plan": KnownValue("Plan", "string", plan, owned=True)}
    return Entry(key(name), known, ("vip",), fingerprint=f"{ord(name):032x}")


@pytest.fixture
def version(tmp_path, header):
    """Some have one plan, `e` and `E` the other; `x` is somebody whom nobody knows."""
    store = ParquetStore(tmp_path / "state")
    plans = {name: "Gold" if name in "Ee" else "Free" for name in KNOWN}
    store.replace(header(1), [made(*each) for each in plans.items()])
    return store._version()


class Upgrades(KnownEntries):
    """The same plan for some of one id type, `gone` where one is to go."""

    def __init__(self, names, gone=""):
        self.names, self.gone = names, gone
        self.key_type = key(names[0]).type
        self.ids = [name.encode() for name in names]

    def __iter__(self):
        return (
            (key(name), lambda _, name=name: self.after(name)) for name in self.names
        )

    def after(self, name):
        return None if name in self.gone else made(name, "Gold")

    def over(self, before):
        found = [self.after(name) for name in self.names]
        assert len(before) == len(found)
        return [each and text_of(each) for each in found]

    def over_all(self, before):
        del before
        if self.gone or not set(self.names) <= set(KNOWN):
            return None
        texts = [text_of(self.after(name)) for name in self.names]
        names, marks = [("plan",)] * len(texts), [t.fingerprint for t in texts]
        return EntryColumns(
            self.key_type,
            self.ids,
            [each.line for each in texts],
            names,
            [mark.encode() for mark in marks],
        )


def one_by_one(run):
    return [*run]


def found(version, runs):
    """The rows that are written, and the digest after."""
    digest = EntryDigest(version.manifest.header)
    edits = EditStream(iter(runs))
    tables = [*changed_tables.changed_tables(version, edits, digest)]
    rows = [row for table in tables for row in table.to_pylist()]
    return rows, digest.seal(version.manifest.header)


RUNS = [
    [Upgrades("abcd")],
    [Upgrades("ABC"), Upgrades("abcd"), Upgrades("f")],
    [Upgrades("ae")],
    [Upgrades("e"), Upgrades("f")],
    [Upgrades("ax"), Upgrades("z")],
    [Upgrades("abc", gone="b"), Upgrades("dx", gone="x")],
    [one_by_one(Upgrades("AE")), Upgrades("ab"), one_by_one(Upgrades("cex"))],
    [Upgrades("A"), one_by_one(Upgrades("BC")), one_by_one(Upgrades("ab"))],
    [],
]


@pytest.mark.parametrize("runs", RUNS)
def test_what_runs_change_is_written_as_if_they_came_one_by_one(version, runs):
    rows, header = found(version, runs)
    edits = [edit for run in runs for edit in run]
    assert (rows, header) == found(version, [edits])
    before = {each.key: each for each in version.entries()}
    after = {**before, **{whose: edit(None) for whose, edit in edits}}
    present = [each for _, each in sorted(after.items()) if each is not None]
    assert header == with_digest(version.manifest.header, present)
    assert [ProfileKey(row["type"], row["id"]) for row in rows] == [
        whose for whose, _ in edits if after[whose] != before.get(whose)
    ]


@pytest.mark.parametrize(
    "runs",
    [
        [Upgrades("ba")],
        [Upgrades("abd"), Upgrades("cf")],
        [Upgrades("abd"), Upgrades("df")],
        [Upgrades("abb")],
        [Upgrades("acb")],
        [Upgrades("a"), Upgrades("A")],
        [Upgrades("bc"), one_by_one(Upgrades("ad"))],
        [one_by_one(Upgrades("bc")), Upgrades("cd")],
    ],
)
def test_runs_out_of_order_or_with_a_key_twice_are_refused(version, runs):
    with pytest.raises(ValueError, match="twice or out of order"):
        found(version, runs)
