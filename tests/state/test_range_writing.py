"""Sheets that others wrote range by range: named if they are sound, and left if not."""

from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from ctsync.canonical_json import parse
from ctsync.errors import StateError
from ctsync.model.entry import entry_from_line
from ctsync.model.entry_bodies import lines_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state import parquet_files
from ctsync.state.atomic_files import PinnedFile
from ctsync.state.edit_stream import EditStream
from ctsync.state.key_range import KeyRange
from ctsync.state.manifest import Compaction
from ctsync.state.parquet_store import ParquetStore
from ctsync.state.range_writing import OddRanges, RangeTerms

IDS = [f"{n:03d}" for n in range(9)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def store(path):
    """A store that keeps what is amended in segments."""
    made = ParquetStore(path, "state/")
    made.compaction = Compaction(small_rows=0, share=0)
    return made


def ranges(*bounds):
    keys = [None, *(ProfileKey("identity", each) for each in bounds), None]
    return [KeyRange(*keys[n : n + 2]) for n in range(len(keys) - 1)]


def written_by(parts, entries, spoil=None):
    """What writes entries of parts, as many executors would; `spoil` goes after."""

    def write(terms):
        found = []
        for within in parts:
            edits = [
                (one.key, lambda _, one=one: one)
                for one in entries
                if within.holds(one.key)
            ]
            found.append(
                terms.write(within, EditStream(iter([edits])), str(uuid4().int))
            )
        return found if spoil is None else spoil(terms, found)

    return write


def names(path):
    return sorted(each.name for each in path.iterdir())


def amend(store, header, entries, parts, spoil=None):
    write = written_by(parts, entries, spoil)
    return store.amend_by_ranges(header, len(entries), write)


def test_a_first_base_is_as_many_files_as_there_are_ranges(store, path, entry, header):
    everyone = [entry(each) for each in IDS]
    said = amend(store, header(1), everyone, ranges("003", "006"))
    manifest = parse((path / "manifest.json").read_bytes())
    assert [file["rows"] for file in manifest["base"]] == [3, 3, 3]
    assert store.read().header == said
    assert [*store.read().entries()] == everyone
    alone = ParquetStore(path.with_name("alone"), "alone/")
    assert alone.replace(header(1), everyone) == said


def test_a_segment_has_what_changed_alone(store, path, entry, header):
    store.replace(header(1), [entry(each) for each in IDS])
    changed = [entry(each, plan="Gold") for each in ("001", "002", "007", "x")]
    amend(store, header(2), changed, ranges("003", "005", "008"))
    manifest = parse((path / "manifest.json").read_bytes())
    assert manifest["base"]["rows"] == len(IDS)
    (segment,) = manifest["segments"]
    assert [file["rows"] for file in segment] == [2, 1, 1]  # one range has none
    assert store.read().header.entries == len(IDS) + 1
    found = [*store.read().pick(one.key for one in changed)]
    assert found == changed
    assert [e.key.id for e in store.read().entries()] == [*IDS, "x"]


def test_what_would_be_joined_later_is_joined_at_once(store, path, entry, header):
    store.replace(header(1), [entry(each) for each in IDS])
    for serial in (2, 3):
        changed = [entry(each, plan=f"{serial}") for each in IDS[serial:6]]
        amend(store, header(serial), changed, ranges("003"))
    manifest = parse((path / "manifest.json").read_bytes())
    assert [len(each) for each in manifest["segments"]] == [2]
    plans = [e.attributes["plan"].value for e in store.read().entries() if e.attributes]
    assert plans == ["2", "3", "3", "3"]
    store.compaction = Compaction(small_rows=0)
    amend(store, header(4), [entry("000", plan="4")], ranges("004", "006"))
    manifest = parse((path / "manifest.json").read_bytes())
    assert [file["rows"] for file in manifest["base"]] == [4, 2, 3]
    assert manifest["segments"] == []
    store.discard_journal()
    assert len(names(path)) == 4


def test_whoever_writes_alone_goes_on_from_what_others_wrote(
    store, path, entry, header
):
    amend(store, header(1), [entry(each) for each in IDS], ranges("003", "006"))
    store.amend(header(2), [(ProfileKey("identity", "004"), lambda _: None)])
    assert [e.key.id for e in store.read().entries()] == [*IDS[:4], *IDS[5:]]
    store.compaction = Compaction(small_rows=0)
    store.amend(header(3), [(ProfileKey("identity", "005"), lambda _: None)])
    store.discard_journal()
    # Names go on from those that are counted.
    assert names(path) == ["ctsync-base-2.parquet", "manifest.json"]
    assert [e.key.id for e in store.read().entries()] == [*IDS[:4], *IDS[6:]]


def lost(terms, found):
    (path_of(terms, found[1])).unlink()
    return found


def stale(terms, found):
    """Another process has written something else there since."""
    one, other = (path_of(terms, each) for each in found[:2])
    other.write_bytes(one.read_bytes())
    return found


def exchanged(_, found):
    files = [found[1].file, found[0].file, found[2].file]
    return [replace(e, file=f) for e, f in zip(found, files, strict=True)]


def fewer(_, found):
    return [replace(e, file=replace(e.file, rows=1)) for e in found]


def other_words(terms, found):
    """The same people, and other things said of them."""
    people = [replace(entry, cohorts=("vip",)) for entry in read_back(terms, found[1])]
    (again,) = written_by([found[1].within], people)(terms)
    path_of(terms, found[1]).write_bytes(path_of(terms, again).read_bytes())
    return found


def read_back(terms, written):
    rows = pq.read_table(path_of(terms, written))
    return list(map(entry_from_line, lines_of(rows)))


def outside(terms, found):
    name = "../x.parquet"
    Path(terms.folder, name).write_bytes(path_of(terms, found[0]).read_bytes())
    return [replace(found[0], file=replace(found[0].file, name=name)), *found[1:]]


def with_a_gap(_, found):
    return [found[0], found[2]]


def twice(_, found):
    return [found[0], *found]


def none_at_all(*_):
    return []


def left_out(_, found):
    """A range says that it is empty, and is not."""
    return [*found[:2], replace(found[2], file=replace(found[2].file, rows=0))]


def path_of(terms, written):
    return Path(terms.folder, written.file.name)


SPOILED = [
    lost, stale, other_words, exchanged, fewer, outside, with_a_gap, twice, none_at_all,
    left_out,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda each: each.__name__)
def test_what_is_not_sound_is_never_named(store, path, entry, header, spoil):
    store.compaction = Compaction(small_rows=0)
    store.replace(header(1), [entry(each) for each in IDS])
    before, files = [*store.read().entries()], names(path)
    changed = [entry(each, plan="Gold") for each in IDS]
    with pytest.raises(OddRanges):
        amend(store, header(2), changed, ranges("003", "006"), spoil)
    assert ([*store.read().entries()], names(path)) == (before, files)
    store.amend(header(2), [(one.key, lambda _, one=one: one) for one in changed])
    store.discard_journal()
    assert [*store.read().entries()] == changed
    assert len(names(path)) == 2  # what nobody named is gone


def test_a_base_has_no_row_of_whom_is_gone(store, path, entry, header):
    store.replace(header(1), [entry(each) for each in IDS])
    store.amend(header(2), [(ProfileKey("identity", "004"), lambda _: None)])
    store.compaction = Compaction(small_rows=0)
    amend(store, header(3), [entry("000", plan="Gold")], ranges("003", "006"))
    base = store._version().manifest.base
    assert [each.rows for each in base.files] == [3, 2, 3]
    assert all(each.name.startswith("ctsync-base-") for each in base.files)


def one_more(_, found):
    parts = [replace(each.part, entries=each.part.entries + 1) for each in found]
    return [replace(e, part=part) for e, part in zip(found, parts, strict=True)]


def test_a_base_has_a_row_for_each_entry(store, entry, header):
    everyone = [entry(each) for each in IDS]
    with pytest.raises(OddRanges, match="9 rows were written for 12 entries"):
        amend(store, header(1), everyone, ranges("003", "006"), one_more)
    assert store.read().header is None


def backwards(_, found):
    return found[::-1]


@pytest.mark.parametrize("spoil", [with_a_gap, twice, none_at_all, backwards])
def test_a_segment_has_to_have_all_keys_too(store, entry, header, spoil):
    """How many rows it should have, nobody knows."""
    store.replace(header(1), [entry(each) for each in IDS])
    before = store.read().header
    changed = [entry(each, plan="Gold") for each in IDS]
    with pytest.raises(OddRanges, match="some keys are in no range, or in several"):
        amend(store, header(2), changed, ranges("003", "006"), spoil)
    assert store.read().header == before


@pytest.mark.parametrize("bounds", [("006", "003"), ("003", "006", "004")])
def test_ranges_that_overlap_are_never_named(store, entry, header, bounds):
    """Each begins where the one before ends, and yet some keys are in two of them."""
    store.replace(header(1), [entry(each) for each in IDS])
    changed = [entry(each, plan="Gold") for each in IDS]
    with pytest.raises(OddRanges, match="some keys are in no range, or in several"):
        amend(store, header(2), changed, ranges(*bounds))
    assert store.read().header.serial == 1


def test_who_does_not_see_the_folder_of_a_state_makes_none(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(NotADirectoryError):
        RangeTerms(str(elsewhere)).write(KeyRange(), EditStream(iter([])), "7")
    assert not elsewhere.exists()


def test_who_sees_other_files_writes_nothing(store, path, entry, header):
    store.replace(header(1), [entry(each) for each in IDS])
    (base,) = path.glob("*.parquet")

    def write(terms):
        held = base.read_bytes()
        base.write_bytes(held[:-1])
        with pytest.raises(FileNotFoundError):
            written_by(ranges(), [entry("000", plan="Gold")])(terms)
        base.write_bytes(held)
        raise OddRanges("no")

    with pytest.raises(OddRanges):
        store.amend_by_ranges(header(2), 1, write)
    store.discard_journal()
    assert len(names(path)) == 2


def test_a_large_sheet_of_small_files_is_known_by_its_stamps(
    store, entry, header, monkeypatch
):
    read, chunks = [], PinnedFile.chunks

    def counted(file, start=0):
        read.append(file)
        return chunks(file, start)

    amend(store, header(1), [entry(each) for each in IDS], ranges("003", "006"))
    size = max(each.size for each in store._version().manifest.parquet_files)
    monkeypatch.setattr(PinnedFile, "chunks", counted)
    for always_hashed, files in ((1 << 26, 4), (size, 1)):
        monkeypatch.setattr(parquet_files, "ALWAYS_HASHED", always_hashed)
        read.clear()
        store.read()
        assert len(read) == files  # the manifest is one


@pytest.mark.parametrize(
    ("bounds", "groups"),
    [
        ((None, None), [0, 1, 2]),
        (("0", "a"), []),
        (("a", "b"), [0]),
        (("c", "e"), [0, 1]),
        (("d", "d1"), [1]),
        (("h", None), [2]),
        ((None, "d"), [0]),
    ],
)
def test_only_groups_that_may_have_a_key_are_read(bounds, groups):
    firsts = [ProfileKey("identity", each) for each in "adg"]
    keys = [each and ProfileKey("identity", each) for each in bounds]
    assert [*KeyRange(*keys).groups(firsts)] == groups


def test_for_a_version_that_does_not_follow_nobody_writes(store, entry, header):
    store.replace(header(1), [entry(each) for each in IDS])
    for other in (header(1), header(3), header(2, lineage="another")):
        with pytest.raises(StateError, match="does not follow"):
            store.amend_by_ranges(other, 1, pytest.fail)
    assert store.read().header.serial == 1


def test_a_stream_of_edits_begins_a_state_and_amends_one(store, entry, header):
    def stream(*names):
        edits = [(entry(each).key, lambda _, each=each: entry(each)) for each in names]
        return EditStream(iter([edits]))

    store.compaction = Compaction()
    for serial, names_of in enumerate((IDS[:5], IDS[5:]), start=1):
        said = store.amend(header(serial), stream(*names_of))
        assert said == store.read().header
    assert [e.key.id for e in store.read().entries()] == IDS
