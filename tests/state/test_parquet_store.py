"""What the Parquet store promises beyond the conformance suite: real files."""

import gc
import os
import shutil
import stat
import sys
from contextlib import contextmanager, nullcontext

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from full_disk import largest_file
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.duckdb_connection import open_connection
from ctsync.errors import StateError, UsageError
from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.entry_bodies import line_sql
from ctsync.model.entry_text import text_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state import arrow_rows, parquet_files
from ctsync.state.arrow_rows import tables_of
from ctsync.state.edited_parquet import _sorted
from ctsync.state.manifest import Compaction, Manifest, Sheet
from ctsync.state.parquet_files import FIRST_KEYS, ParquetFile, ParquetFileReader
from ctsync.state.parquet_snapshot import _SheetReader
from ctsync.state.parquet_store import ParquetStore
from ctsync.state.snapshot_codec import with_digest

HEAD = {"lineage": "lineage-1", "serial": 0}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def store(path):
    """A store that keeps what is amended in segments."""
    made = ParquetStore(path, "state/")
    made.compaction = Compaction(small_rows=0, share=0)
    return made


def key(identity):
    return ProfileKey("identity", identity)


def put(one):
    return one.key, lambda _: one


def names(path):
    return sorted(each.name for each in path.iterdir())


def write_three(store, entry, header):
    """One base and two segments."""
    store.replace(header(1), [entry(f"{n:03d}", plan="Gold") for n in range(9)])
    edits = [put(entry(f"{n:03d}", plan="Free")) for n in range(2)]
    store.amend(header(2), edits)
    store.amend(header(3), [put(entry("005", plan="Free"))])


# Files


def test_a_folder_holds_a_manifest_a_base_and_segments(store, path, entry, header):
    write_three(store, entry, header)
    assert names(path) == [
        "ctsync-base-1.parquet",
        "ctsync-segment-2.parquet",
        "ctsync-segment-3.parquet",
        "manifest.json",
    ]
    manifest = parse((path / "manifest.json").read_bytes())
    assert manifest["format"] == "ctsync.state/1"
    assert [manifest["base"]["rows"], manifest["entries"]] == [9, 9]
    assert [segment["rows"] for segment in manifest["segments"]] == [2, 1]
    base = pq.read_table(path / "ctsync-base-1.parquet")
    assert base.column_names == [
        "type", "id", "fingerprint", "gone", "names", "bound", "body"
    ]  # fmt: skip


def test_folder_and_files_are_private(store, path, entry, header, holder):
    with store.lock(holder), store.open_journal(HEAD):
        write_three(store, entry, header)
        modes = {stat.S_IMODE(each.stat().st_mode) for each in path.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_nothing_but_the_state_and_the_lock_file_stays(
    store, path, entry, header, holder
):
    with store.lock(holder):
        store.open_journal(HEAD).close()
        write_three(store, entry, header)
        store.replace(header(4), [entry("a")])
        store.discard_journal()
    assert names(path) == ["ctsync-base-4.parquet", "lock", "manifest.json"]


def test_a_file_that_was_adopted_goes_with_what_is_not_published(
    store, path, entry, header
):
    store.replace(header(1), [entry("a")])
    other = path / "ctsync-segment-77.parquet"
    other.write_bytes(b"rows of an executor")

    def give_up():
        with store._writing() as writing:
            writing.adopted(ParquetFile(other.name, 1, 19, "", 0, 0))
            raise RuntimeError("sender gave up")

    with pytest.raises(RuntimeError, match="gave up"):
        give_up()
    assert names(path) == ["ctsync-base-1.parquet", "manifest.json"]


def test_files_of_others_in_the_folder_are_left_alone(store, path, entry, header):
    path.mkdir()
    (path / "base-1.parquet").write_bytes(b"precious")
    write_three(store, entry, header)
    store.replace(header(4), [entry("a")])
    assert (path / "base-1.parquet").read_bytes() == b"precious"


def test_a_file_stays_as_long_as_somebody_reads_it(store, path, entry, header):
    write_three(store, entry, header)
    before = list(store.read().entries())
    snapshot = store.read()
    columns = store.read().columns
    store.replace(header(4), [entry("a")])
    assert len(names(path)) == 5
    assert list(snapshot.entries()) == before
    del snapshot
    store.replace(header(5), [entry("b")])
    assert len(relation(columns)) == 9
    del columns
    store.discard_journal()
    assert names(path) == ["ctsync-base-5.parquet", "manifest.json"]


def test_reading_leaves_no_file_open(store, entry, header):
    write_three(store, entry, header)
    gc.collect()  # of what other tests left
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - the folder lists itself too
    for _ in range(5):
        list(store.read().entries())
        next(iter(store.read().entries()))
        list(store.read().pick([key("005")]))
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_two_links_are_one_state(tmp_path, store, path, entry, header, holder):
    write_three(store, entry, header)
    (tmp_path / "link").symlink_to(path)
    other = ParquetStore.at("link/", folder=tmp_path, name=None)
    assert other.read().header == store.read().header
    with (
        store.lock(holder),
        pytest.raises(StateError, match="is locked by"),
        other.lock(holder),
    ):
        pass


def test_a_folder_is_called_as_the_project_does_or_by_its_path(path):
    assert ParquetStore(path, "state/").location == "state/"
    assert ParquetStore(path).location == f"{path}/"


def test_a_name_means_nothing_in_a_folder(tmp_path):
    with pytest.raises(UsageError, match="holds one state"):
        ParquetStore.at("state/", folder=tmp_path, name="prod")


# Compaction


def sheet(rows):
    return Sheet((ParquetFile("", rows, 0, "", 0, 0),))


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([], 0),
        ([5], 1),
        ([5, 5], 2),
        ([10, 5], 1),
        ([100, 9, 5], 2),
        ([20, 9, 5], 3),
        ([100, 40, 9], 1),
    ],
)
def test_each_segment_is_twice_as_large_as_the_next(rows, count):
    assert Compaction().tail(tuple(map(sheet, rows))) == count


@pytest.mark.parametrize(("segments", "is_due"), [([], 0), ([40, 60], 0), ([101], 1)])
def test_segments_of_more_than_a_tenth_become_a_base(header, segments, is_due):
    manifest = Manifest(header(), sheet(1000), tuple(map(sheet, segments)))
    assert Compaction().is_due(manifest) == is_due


def test_rows_that_are_about_to_follow_count_as_segments_do(header):
    manifest = Manifest(header(), sheet(1000), (sheet(60),))
    assert [Compaction().is_due(manifest, more) for more in (40, 41)] == [False, True]
    segments = tuple(map(sheet, (200, 40, 9)))
    counts = [Compaction().tail(segments, more) for more in (0, 4, 5, 11, 12, 51, 52)]
    assert counts == [1, 0, 1, 1, 2, 2, 3]


def test_many_amendments_leave_few_files(store, path, entry, header):
    store.replace(header(1), [entry(f"{n:03d}") for n in range(200)])
    store.compaction = Compaction(small_rows=0)
    for serial in range(2, 60):
        store.amend(header(serial), [put(entry(f"{serial:03d}", plan="Free"))])
        assert len(names(path)) <= 7
        assert store.read().header.entries == 200
    plans = [len(each.attributes) for each in store.read().entries()]
    assert plans == [0] * 2 + [1] * 58 + [0] * 140


def test_a_base_of_many_groups_is_read_in_order_and_by_key(store, entry, header):
    entries = [entry(f"{n:05d}", plan="Gold") for n in range(0, 20_000, 2)]
    store.replace(header(1), entries)
    changed = [entry(f"{n:05d}", plan="Free") for n in range(0, 20_000, 5)]
    store.amend(header(2), map(put, changed))
    expected = {each.key: each for each in entries} | {e.key: e for e in changed}
    assert list(store.read().entries()) == [e for _, e in sorted(expected.items())]
    keys = [key(f"{n:05d}") for n in range(0, 20_000, 7)]
    picked = [expected[each] for each in keys if each in expected]
    assert list(store.read().pick(keys)) == picked
    store.compaction = Compaction(small_rows=0)
    store.amend(header(3), [])
    assert len(parse((store.path / "manifest.json").read_bytes())["segments"]) == 0
    assert list(store.read().entries()) == [e for _, e in sorted(expected.items())]
    assert list(store.read().pick(keys)) == picked


@pytest.mark.parametrize(("rows", "segments"), [(3, 0), (4, 1)])
def test_a_base_of_so_many_rows_is_written_anew_each_time_and_no_larger_one(
    store, path, entry, header, rows, segments
):
    store.compaction = Compaction(small_rows=3, share=0)
    store.replace(header(1), [entry(f"{n}") for n in range(rows)])
    store.amend(header(2), [put(entry("0", plan="Gold"))])
    manifest = parse((path / "manifest.json").read_bytes())
    assert len(manifest["segments"]) == segments
    assert manifest["base"]["rows"] == rows


def test_two_segments_alike_become_one(store, path, entry, header):
    store.replace(header(1), [entry(f"{n}") for n in range(9)])
    for serial in (2, 3):
        store.amend(header(serial), [put(entry(f"{serial}", plan="Gold"))])
    manifest = parse((path / "manifest.json").read_bytes())
    assert [segment["rows"] for segment in manifest["segments"]] == [2]


def test_fingerprints_are_not_compressed_and_bodies_so_that_they_are_read_fast(
    store, path, entry, header
):
    store.replace(header(1), [entry("a")])
    group = pq.ParquetFile(path / "ctsync-base-1.parquet").metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    packed = {each.path_in_schema: each.compression for each in columns}
    assert packed == {
        **dict.fromkeys(("type", "id", "gone", "names", "bound"), "ZSTD"),
        "fingerprint": "UNCOMPRESSED",
        "body": "LZ4",
    }


def test_no_length_stands_between_two_bodies_or_two_ids(store, path, entry, header):
    store.replace(header(1), [entry("a")])
    group = pq.ParquetFile(path / "ctsync-base-1.parquet").metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    apart = [
        e.path_in_schema for e in columns if "DELTA_LENGTH_BYTE_ARRAY" in e.encodings
    ]
    assert apart == ["id", "body"]


# Bodies


@pytest.fixture
def before_bodies_were_cut(monkeypatch):
    """Write the files of a state as they were when each body was a whole line."""

    @contextmanager
    def old():
        with monkeypatch.context() as patch:
            for module in (arrow_rows, parquet_files):
                patch.setattr(module, "with_cut_bodies", lambda rows: rows)
            yield

    return old


def bodies_of(path):
    return pq.read_table(path)["body"].to_pylist()


def test_a_file_says_key_and_fingerprint_once(store, path, entry, header):
    one = replace(entry("a", plan="Gold"), fingerprint="0f" * 16)
    store.replace(header(1), [one])
    assert bodies_of(path / "ctsync-base-1.parquet") == [
        '"attributes":{"plan":{"kind":"string","name":"plan","value":"Gold"}}'
    ]


def test_a_state_from_before_bodies_were_cut_is_read_and_amended(
    store, path, entry, header, before_bodies_were_cut
):
    with before_bodies_were_cut():
        write_three(store, entry, header)
    expected = {each.key: each for each in store.read().entries()}
    base = path / "ctsync-base-1.parquet"
    assert {body[0] for body in bodies_of(base)} == {"{"}
    changed = [entry("003", plan="Late"), entry("100", plan="Late")]
    store.amend(header(4), map(put, changed))
    expected |= {each.key: each for each in changed}
    entries = [one for _, one in sorted(expected.items())]
    snapshot = store.read()
    assert list(snapshot.entries()) == entries
    assert list(snapshot.pick(sorted(expected))) == entries
    keys = sorted(expected)
    lines = snapshot.known_lines().of("identity", [k.id.encode() for k in keys])
    assert lines == [entry_line(one) for one in entries]
    assert [entry_from_line(row[-1]) for row in relation(snapshot.columns)] == entries
    assert list(store.read_unverified().entries()) == entries
    assert snapshot.header == with_digest(snapshot.header, entries)


def test_a_file_that_is_written_anew_has_cut_bodies_and_the_same_digest(
    store, path, entry, header, before_bodies_were_cut
):
    with before_bodies_were_cut():
        write_three(store, entry, header)
    entries, digest = list(store.read().entries()), store.read().header.digest
    store.compaction = Compaction(small_rows=0, share=1000)
    store.amend(header(4), [])
    manifest = parse((path / "manifest.json").read_bytes())
    assert manifest["segments"] == []
    bodies = bodies_of(path / manifest["base"]["name"])
    assert {body[0] for body in bodies} == {'"'}
    assert list(store.read().entries()) == entries
    assert store.read().header.digest == digest


def test_after_a_fault_nothing_more_is_written_to_a_data_file(
    tmp_path, entry, monkeypatch
):
    wrote = []
    monkeypatch.setattr(parquet_files, "CHUNK", 1)
    # A thread that makes tables ahead would give up before the first is written.
    monkeypatch.setattr(parquet_files, "ahead", nullcontext)
    monkeypatch.setattr(parquet_files, "write_all", lambda _, data: wrote.append(data))

    def tables():
        yield from tables_of([(entry("a").key, text_of(entry("a")))])
        assert wrote
        wrote.clear()
        raise RuntimeError("source gave up")

    with pytest.raises(RuntimeError, match="gave up"):
        parquet_files.write_parquet(tmp_path / "new", tables())
    gc.collect()
    assert wrote == []


class OneFile:
    """Has all keys that are asked of it; its groups begin with some."""

    def __init__(self, name, *firsts):
        self.name, self.firsts = name, [key(each) for each in firsts]

    def lines(self, keys):
        return ((each, self.name) for each in keys)


def test_a_key_is_looked_for_in_the_one_file_that_may_have_it():
    files = (OneFile("1", "b", "d"), OneFile("2", "f", "h"), OneFile("3", "j", "l"))
    found = _SheetReader(files).lines(map(key, "abcdefghijklm"))
    assert "".join(line for _, line in found) == "1111122223333"


# Columns


def relation(columns):
    with open_connection(files=columns.files) as connection:
        spelled = f"SELECT * REPLACE ({line_sql('e')} AS body) FROM ({columns.sql}) e"
        rows = connection.sql(f"{spelled} ORDER BY type, id")
        assert rows.columns == [
            "type", "id", "fingerprint", "gone", "names", "bound", "body"
        ]  # fmt: skip
        assert [str(kind) for kind in rows.types] == [
            "VARCHAR", "VARCHAR", "BLOB", "BOOLEAN", "VARCHAR", "BOOLEAN", "VARCHAR"
        ]  # fmt: skip
        return rows.fetchall()


def test_columns_say_what_the_entries_say(store, entry, header):
    listed = KnownValue("Tags", "list", ours=("a",))
    plain = KnownValue("Plan", "string", "Gold")
    entries = [
        Entry(ProfileKey("FBID", "z"), {"plan": plain, "branch": plain}),
        Entry(key("a"), fingerprint="0f" * 16),
        Entry(key("b"), {"tags": listed}, fingerprint="odd"),
        Entry(key("c"), cohorts=("vip",), gone=True),
        Entry(key("d"), fingerprint="0F" * 16),
        Entry(key("e"), fingerprint="0f"),
    ]
    store.replace(header(1), entries)
    found = relation(store.read().columns)
    assert [row[:-1] for row in found] == [
        ("FBID", "z", None, False, "\nbranch\nplan\n", False),
        ("identity", "a", bytes([15]) * 16, False, "\n", False),
        ("identity", "b", None, False, "\ntags\n", True),
        ("identity", "c", None, True, "\n", True),
        ("identity", "d", None, False, "\n", False),
        ("identity", "e", None, False, "\n", False),
    ]
    assert [entry_from_line(row[-1]) for row in found] == entries


def test_in_columns_the_last_word_counts(store, entry, header):
    write_three(store, entry, header)
    store.amend(header(4), [(key("000"), lambda _: None), put(entry("zzz"))])
    store.amend(header(5), [put(entry("001", plan="Last"))])
    snapshot = store.read()
    found = [entry_from_line(row[-1]) for row in relation(snapshot.columns)]
    assert found == list(snapshot.entries())
    assert len(found) == 9


@pytest.mark.parametrize("name", ["a b", "it's", "[x]", "a*b?", 'q"q', "ä"])
def test_columns_can_be_read_wherever_the_folder_is(tmp_path, name, entry, header):
    store = ParquetStore(tmp_path / name / "state")
    store.compaction = Compaction(small_rows=0, share=0)
    write_three(store, entry, header)
    assert len(relation(store.read().columns)) == 9


def test_a_jsonl_state_has_no_columns(tmp_path, entry, header):
    from ctsync.state import open_store

    other = open_store("state.jsonl", folder=tmp_path)
    other.replace(header(), [entry("a")])
    assert other.read().columns is None


# What is not as it was written


def flip(path):
    """Change one bit among the bodies, and neither size nor name."""
    bodies = pq.ParquetFile(path).metadata.row_group(0).column(6)
    data = bytearray(path.read_bytes())
    data[bodies.data_page_offset + bodies.total_compressed_size // 2] ^= 1
    with path.open("r+b") as file:
        file.write(data)


@pytest.mark.parametrize("always_hashed", [1 << 26, 0], ids=["small", "large"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_changed_bit_is_named_as_an_edit(
    store, path, entry, header, number, always_hashed, monkeypatch
):
    write_three(store, entry, header)
    monkeypatch.setattr(parquet_files, "ALWAYS_HASHED", always_hashed)
    assert store.read().header.serial == 3
    changed = sorted(path.glob("*.parquet"))[number]
    flip(changed)
    for act in (store.read, lambda: store.amend(header(4), [])):
        with pytest.raises(StateError, match="was edited since") as caught:
            act()
        assert caught.value.code == "state_edited"
        assert changed.name in caught.value.message


def test_a_large_file_is_hashed_only_where_its_stamps_differ(
    store, path, entry, header, monkeypatch, tmp_path
):
    write_three(store, entry, header)
    monkeypatch.setattr(parquet_files, "ALWAYS_HASHED", 0)
    shutil.copytree(path, tmp_path / "copy")
    hashed = []
    monkeypatch.setattr(parquet_files, "CHUNK", 1)
    monkeypatch.setattr(
        "ctsync.state.atomic_files.PinnedFile.chunks",
        _told(hashed, parquet_files.PinnedFile.chunks),
    )
    store.read()
    assert len(hashed) == 1  # the manifest
    hashed.clear()
    assert ParquetStore(tmp_path / "copy").read().header == store.read().header
    assert len(hashed) == 1 + 3 + 1


def test_a_small_file_is_hashed_whatever_its_stamps_are(
    store, path, entry, header, monkeypatch
):
    write_three(store, entry, header)
    flip(path / "ctsync-base-1.parquet")
    monkeypatch.setattr(ParquetFile, "stamped", lambda self, _: self)
    with pytest.raises(StateError, match="has other bytes than it wrote"):
        store.read()


def _told(calls, original):
    def told(self, start=0):
        calls.append(self)
        return original(self, start)

    return told


def test_a_missing_file_is_named(store, path, entry, header):
    write_three(store, entry, header)
    (path / "ctsync-segment-2.parquet").unlink()
    with pytest.raises(StateError, match="a file that its manifest names is missing"):
        store.read()


def test_a_file_cut_short_cannot_be_accepted(store, path, entry, header):
    write_three(store, entry, header)
    os.truncate(path / "ctsync-segment-2.parquet", 100)
    with pytest.raises(StateError, match="has 100 bytes, it wrote"):
        store.read()
    with pytest.raises(StateError, match="cannot be read any more") as caught:
        store.read_unverified()
    assert caught.value.code == "state_unreadable"
    assert "state doubt" not in caught.value.hint


def test_a_file_of_another_kind_of_rows_cannot_be_accepted(store, path, entry, header):
    write_three(store, entry, header)
    other = path / "ctsync-base-1.parquet"
    table = pq.read_table(other).drop_columns(["id"])
    other.unlink()
    pq.write_table(table, other)
    with pytest.raises(StateError, match="cannot be read any more"):
        store.read_unverified()


@pytest.mark.parametrize("words", [b"", b"[7]", b'[["identity"]]', b"{}", b"\xff"])
def test_a_file_whose_first_keys_are_none_cannot_be_accepted(
    store, path, entry, header, words
):
    write_three(store, entry, header)
    base = path / "ctsync-base-1.parquet"
    table = pq.read_table(base).replace_schema_metadata({FIRST_KEYS: words})
    base.unlink()
    pq.write_table(table, base)
    with pytest.raises(StateError, match="parquet is damaged"):
        ParquetFileReader(base, "it")
    with pytest.raises(StateError, match="cannot be read any more"):
        store.read_unverified()


def test_ids_that_are_no_text_cannot_be_accepted(store, path, entry, header):
    store.replace(header(1), [entry("a")])
    base = path / "ctsync-base-1.parquet"
    ids = pa.array([b"\xff"], pa.binary()).view(pa.string())
    table = pq.read_table(base).set_column(1, "id", ids)
    base.unlink()
    pq.write_table(table, base)
    with pytest.raises(StateError, match="cannot be read any more"):
        store.read_unverified()


def test_damage_in_a_page_is_met_where_it_is_read(
    store, path, entry, header, monkeypatch
):
    entries = [entry(f"{n:05d}", plan="Gold") for n in range(5000)]
    store.replace(header(1), entries)
    monkeypatch.setattr(ParquetFile, "check", lambda *_: None)
    flip(path / "ctsync-base-1.parquet")
    with pytest.raises(StateError, match=r"ctsync-base-1.parquet is damaged"):
        list(store.read().entries())


def test_a_data_file_that_cannot_be_opened_is_no_edit(tmp_path):
    with pytest.raises(StateError, match="cannot read it: Failed to open") as caught:
        ParquetFileReader(tmp_path / "gone.parquet", "it")
    assert caught.value.code == "state_unreadable"


@pytest.mark.parametrize("column", ["type", "id"])
@pytest.mark.parametrize("row", [0, 1])
def test_a_row_without_a_key_cannot_be_accepted(
    store, path, entry, header, column, row
):
    store.replace(header(1), [entry("a"), entry("b")])
    base = path / "ctsync-base-1.parquet"
    table = pq.read_table(base)
    values = table[column].to_pylist()
    values[row] = None
    place = table.column_names.index(column)
    base.unlink()
    pq.write_table(table.set_column(place, column, pa.array(values, pa.string())), base)
    with pytest.raises(StateError, match="cannot be read any more"):
        store.read_unverified()


def test_an_edit_by_a_tool_without_bytes_of_one_length_is_accepted(
    store, path, entry, header
):
    one = replace(entry("a", plan="Gold"), fingerprint="0f" * 16)
    store.replace(header(1), [one, entry("b")])
    base = path / "ctsync-base-1.parquet"
    table = pq.read_table(base)
    marks = table["fingerprint"].cast(pa.binary())
    base.unlink()
    pq.write_table(table.set_column(2, "fingerprint", marks), base)
    assert list(store.read_unverified().entries()) == [one, entry("b")]


def test_a_fingerprint_of_another_length_cannot_be_accepted(store, path, entry, header):
    store.replace(header(1), [entry("a")])
    base = path / "ctsync-base-1.parquet"
    table = pq.read_table(base)
    base.unlink()
    short = pa.array([b"short"], pa.binary())
    pq.write_table(table.set_column(2, "fingerprint", short), base)
    with pytest.raises(StateError, match="cannot be read any more"):
        store.read_unverified()


@pytest.fixture
def edited_base(store, path, entry, header):
    """Let another tool write the rows of a base anew, in groups of two."""
    store.replace(header(1), [entry(f"{n}", plan="Gold") for n in range(5)])
    base = path / "ctsync-base-1.parquet"
    table = pq.read_table(base)

    def edit(rows, row=None, body=None):
        taken = table.take(rows)
        if row is not None:
            bodies = taken["body"].to_pylist()
            bodies[row - 1] = body
            taken = taken.set_column(6, "body", pa.array(bodies))
        base.unlink()
        pq.write_table(taken, base, row_group_size=2)

    return edit


def test_edited_rows_of_many_groups_are_sorted_anew(store, edited_base, entry):
    edited_base([0, 2, 1, 3, 4])
    ids = [each.key.id for each in store.read_unverified().entries()]
    assert ids == ["0", "1", "2", "3", "4"]


def test_only_a_file_that_is_out_of_order_is_kept_whole(store, edited_base):
    for rows, groups in (([0, 1, 2, 3, 4], [2, 2, 1]), ([1, 0, 2, 3, 4], [5])):
        edited_base(rows)
        tables = _sorted(store._version(is_verified=False), "ctsync-base-1.parquet")
        assert [len(table) for table in tables] == groups


def test_an_edit_among_segments_is_accepted_and_who_is_gone_stays_gone(
    store, path, entry, header
):
    write_three(store, entry, header)
    store.amend(header(4), [(key("003"), lambda _: None), put(entry("zzz"))])
    expected = list(store.read().entries())
    assert list(store.read_unverified().entries()) == expected
    base = path / "ctsync-base-1.parquet"
    table = pq.read_table(base)
    bodies = [body.replace("Gold", "Edit") for body in table["body"].to_pylist()]
    base.unlink()
    pq.write_table(table.set_column(6, "body", pa.array(bodies)), base)
    plans = {
        each.key.id: each.attributes["plan"].value
        for each in store.read_unverified().entries()
        if each.attributes
    }
    free = dict.fromkeys(("000", "001", "005"), "Free")
    assert plans == dict.fromkeys(("002", "004", "006", "007", "008"), "Edit") | free


def test_a_row_of_a_later_group_is_told_by_its_number(store, edited_base):
    for row in (2, 3, 5):
        edited_base([0, 1, 2, 3, 4], row, "{}")
        with pytest.raises(StateError, match=rf"row {row} of .* is no entry"):
            store.read_unverified()
    edited_base([0, 1, 1, 2, 3])
    with pytest.raises(StateError, match=r"row 3 of .* same profile as row 2$"):
        store.read_unverified()


def test_a_row_whose_line_is_about_somebody_else_is_no_entry(store, edited_base, entry):
    line = entry_line(entry("3", plan="Free")).decode()[:-1]
    edited_base([0, 1, 2, 3, 4], 2, line)
    with pytest.raises(StateError, match=r"row 2 of .* is no entry"):
        store.read_unverified()


def test_a_changed_fingerprint_is_met_where_it_is_read(store, path, entry, header):
    """It is not compressed, so that nothing but the checksum of its page tells."""
    store.replace(header(1), [replace(entry("a"), fingerprint="0f" * 16)])
    base = path / "ctsync-base-1.parquet"
    marks = pq.ParquetFile(base).metadata.row_group(0).column(2)
    data = bytearray(base.read_bytes())
    data[marks.data_page_offset + marks.total_compressed_size - 1] ^= 1
    base.write_bytes(data)
    with pytest.raises(StateError, match="parquet is damaged"):
        list(ParquetFileReader(base, "it").tables())


def test_a_manifest_names_no_file_elsewhere(store, path, entry, header):
    write_three(store, entry, header)
    manifest = path / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace("ctsync-base-1.parquet", "../other.parquet"))
    with pytest.raises(StateError, match="its manifest names no files"):
        store.read_unverified()


def test_of_several_files_of_a_sheet_none_lies_elsewhere(store, path, entry, header):
    write_three(store, entry, header)
    manifest = path / "manifest.json"
    said = parse(manifest.read_bytes())
    own, other = said["base"], {**said["base"], "name": "../other.parquet"}
    for base in ([own, other], [other, own], []):
        manifest.write_bytes(canonical({**said, "base": base}))
        with pytest.raises(StateError, match="its manifest names no files"):
            store.read_unverified()


def test_a_manifest_that_says_more_of_a_file_is_refused(store, path, entry, header):
    write_three(store, entry, header)
    manifest = path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows":9', '"rows":9,"more":1'))
    with pytest.raises(StateError, match="its manifest names no files"):
        store.read_unverified()


@pytest.mark.parametrize("content", [b"", b"[]\n", b"{}\n", b"\xff\x00" * 500])
def test_another_manifest_is_not_taken_for_ours(store, path, content):
    path.mkdir()
    (path / "manifest.json").write_bytes(content)
    for look in (store.read, store.read_unverified):
        with pytest.raises(StateError, match="is not a file of ctsync"):
            look()
    assert (path / "manifest.json").read_bytes() == content


def test_what_is_needed_is_not_removed_where_the_manifest_is_damaged(
    store, path, entry, header
):
    write_three(store, entry, header)
    (path / "manifest.json").write_bytes(b"{}")
    store.discard_journal()
    assert len(names(path)) == 4


def test_what_an_edited_manifest_does_not_name_is_not_removed(
    store, path, entry, header
):
    write_three(store, entry, header)
    manifest = path / "manifest.json"
    edited = {**parse(manifest.read_bytes()), "segments": []}
    manifest.write_bytes(canonical(edited))
    store.discard_journal()
    assert len(names(path)) == 4


def test_data_files_outlive_a_manifest_that_is_gone(store, path, entry, header):
    write_three(store, entry, header)
    (path / "manifest.json").unlink()
    assert store.read().header is None
    store.open_journal(HEAD).close()
    store.discard_journal()
    assert len(names(path)) == 3


def test_a_file_where_the_folder_should_be_is_refused_everywhere(
    store, path, entry, header, holder
):
    path.write_text("x")
    acts = (
        store.read,
        store.journal,
        store.discard_journal,
        lambda: list(store.runs()),
        lambda: store.replace(header(), [entry("a")]),
        lambda: store.open_journal(HEAD),
        lambda: store.lock(holder).__enter__(),
    )
    for act in acts:
        with pytest.raises(StateError, match=r"cannot .*state/") as caught:
            act()
        assert caught.value.hint


# What survives a power cut, and what cannot be written


@contextmanager
def system_calls():
    calls = []

    def watch(frame, event, function):
        if event == "c_call" and function.__module__ == "posix":
            calls.append(function.__name__)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def test_files_and_their_names_are_flushed_before_the_manifest_moves(
    store, entry, header
):
    store.replace(header(1), [entry("a"), entry("b")])
    with system_calls() as calls:
        store.amend(header(2), [put(entry("b", plan="Gold"))])
    kept = [name for name in calls if name in {"write", "fsync", "replace", "unlink"}]
    wrote_segment, named_it = ["write", "fsync"], ["fsync"]
    moved_manifest = ["write", "fsync", "replace", "fsync"]
    assert [name for name in kept if name != "unlink"] == (
        wrote_segment + named_it + moved_manifest
    )


@pytest.mark.parametrize("size", [0, 100, 4_000, 60_000])
def test_a_full_disk_keeps_the_last_snapshot_and_leaves_no_rest(
    store, path, entry, header, size
):
    write_three(store, entry, header)
    before, files = list(store.read().entries()), names(path)
    many = [entry(f"{n:05d}", plan=os.urandom(20).hex()) for n in range(9_000)]
    for act in (
        lambda: store.replace(header(4), many),
        lambda: store.amend(header(4), map(put, many)),
    ):
        with largest_file(size), pytest.raises(StateError) as caught:
            act()
        assert caught.value.code == "state_unwritable"
        assert "make room" in caught.value.hint
        assert (list(store.read().entries()), names(path)) == (before, files)
