"""Tables in buckets: read as files are, once, and only as they were found."""

import gc
from types import SimpleNamespace

import obstore
import obstore.exceptions
import pytest
from obstore.store import MemoryStore

from ctsync.files import bucket_reader, object_copies
from ctsync.files.bucket_folders import bucket_folder
from ctsync.files.found_objects import Unreachable
from ctsync.sources.project_sources import ProjectSources

TABLE = (
    "tables:\n  t:\n    file: '{}'\n    key: {{identity: id}}\n    columns: {{a: A}}\n"
)
EMPTY = TABLE + "    allow_empty: true\n"
ROOTS = (bucket_folder("s3://crm/in/"),)


def rows(*ids):
    return "id,a\n" + "".join(f"{id_},x\n" for id_ in ids)


def places(found):
    return [(c.origin.file, c.origin.row) for c in found]


class Buckets:
    """Buckets in memory, and what was asked of them."""

    def __init__(self):
        self.stores = {}
        self.asked = []

    def opened(self, client, place, variables):
        return self.stores.setdefault(place.bucket, MemoryStore())

    def put(self, name, data, bucket="crm"):
        store = self.stores.setdefault(bucket, MemoryStore())
        obstore.put(store, name, data if isinstance(data, bytes) else data.encode())

    def remove(self, name):
        obstore.delete(self.stores["crm"], [name])


@pytest.fixture
def buckets(monkeypatch):
    made = Buckets()
    monkeypatch.setattr(bucket_reader, "open_objects", made.opened)
    for verb in ("head", "list", "get"):
        monkeypatch.setattr(obstore, verb, noted(made.asked, verb))
    return made


def noted(asked, verb):
    act = getattr(obstore, verb)

    def ask(store, *words, **more):
        asked.append((verb, *words))
        return act(store, *words, **more)

    return ask


def test_objects_are_read_by_the_bytes_of_their_names(folder, buckets):
    for n, name in enumerate(["b", "é", "a", "Z", "a-1", "a1", "z"]):
        buckets.put(f"in/{name}.csv", rows(f"u{n}"))
    found = folder.contributions(TABLE.format("s3://crm/in/*.csv"), data_roots=ROOTS)
    names = [c.origin.file for c in found]
    assert names == sorted(names, key=str.encode)
    assert names[0] == "s3://crm/in/Z.csv"
    assert len(names) == 7


KEYS = (
    "in/a.csv",
    "in/.h.csv",
    "in/x/a.csv",
    "in/x/y/b.csv",
    "in/.x/c.csv",
    "in/[a].csv",
)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("in/a.csv", ["a.csv"]),
        ("in//a.csv", ["a.csv"]),
        ("in/*.csv", ["[a].csv", "a.csv"]),
        ("in/.*.csv", [".h.csv"]),
        ("in/[a].csv", ["[a].csv"]),
        ("in/[ab].csv", ["a.csv"]),
        ("in/*/*.csv", ["x/a.csv"]),
        ("in/**", ["[a].csv", "a.csv", "x/a.csv", "x/y/b.csv"]),
        ("in/**/*.csv", ["[a].csv", "a.csv", "x/a.csv", "x/y/b.csv"]),
        ("in/**/**/b.csv", ["x/y/b.csv"]),
        ("in/**/y/*", ["x/y/b.csv"]),
        ("in/x/**", ["x/a.csv", "x/y/b.csv"]),
        ("in/.x/*", [".x/c.csv"]),
        ("in/A.csv", []),
        ("in/a.csv/**", []),
    ],
)
def test_patterns_mean_what_they_mean_of_files(folder, buckets, pattern, names):
    """The same names lie in a folder, too."""
    for n, key in enumerate(KEYS):
        buckets.put(key, rows(f"u{n}"))
        folder.write(key, rows(f"u{n}"))
    empty = "    allow_empty: true\n" if not names else ""
    table = TABLE.format(f"s3://crm/{pattern}") + empty
    found = folder.contributions(table, data_roots=ROOTS)
    assert [c.origin.file for c in found] == [f"s3://crm/in/{name}" for name in names]
    here = folder.contributions(TABLE.format(pattern) + empty)
    assert [c.key for c in here] == [c.key for c in found]


def test_many_steps_down_take_no_time(folder, buckets):
    buckets.put("in/" + "a/" * 200 + "b.csv", rows("u1"))
    table = TABLE.format("s3://crm/in/" + "**/a/" * 90 + "c.csv")
    (finding,) = folder.findings(table, data_roots=ROOTS)
    assert "CT611 no object matches" in finding


@pytest.mark.parametrize(
    ("written", "variables", "name"),
    [
        ("${FROM}/*.csv", {"FROM": "s3://crm/in"}, "${FROM}/a.csv"),
        ("${FROM}*.csv", {"FROM": "s3://crm/in/"}, "${FROM}*.csv"),
        ("s3://${B}/in/a.csv", {"B": "crm"}, "s3://${B}/in/a.csv"),
        ("s3://crm/in/${N}", {"N": "a.csv"}, "s3://crm/in/${N}"),
        ("${S}://crm/in/a.csv", {"S": "s3"}, "${S}://crm/in/a.csv"),
        ("${ALL}", {"ALL": "s3://crm/in/a.csv"}, "${ALL}"),
    ],
)
def test_what_a_variable_gave_is_not_shown(folder, buckets, written, variables, name):
    buckets.put("in/a.csv", rows("u1"))
    table = TABLE.format(written)
    found = folder.contributions(table, variables=variables, data_roots=ROOTS)
    assert places(found) == [(name, 1)]


def test_forms_and_packings_are_those_of_files(folder, buckets, make):
    for n, (kind, packing) in enumerate(
        [("csv", ""), ("csv", ".gz"), ("jsonl", ".zst"), ("parquet", ""), ("arrow", "")]
    ):
        data = make[kind](["id", "a"], [(f"u{n}", "x")])
        buckets.put(f"in/{n}.{kind}{packing}", make["packed"](data, packing))
    found = folder.contributions(TABLE.format("s3://crm/in/*"), data_roots=ROOTS)
    assert [c.key.id for c in found] == ["u0", "u1", "u2", "u3", "u4"]
    assert {c.read()["A"].text for c in found} == {"x"}


def test_members_come_from_buckets_too(folder, buckets):
    buckets.put("in/vip.csv", "id\nu1\n")
    members = "{file: s3://crm/in/vip.csv, key: {identity: id}}"
    words = f"cohorts:\n  vip:\n    members: {members}\n    attributes: {{A: x}}\n"
    found = folder.contributions(words, data_roots=ROOTS)
    assert places(found) == [("s3://crm/in/vip.csv", 1)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("in/none.csv", 'ctsync.yaml:6:5: error CT611 no object matches "s3://crm/in/none.csv"'),
        ("in/n*.csv", 'CT611 no object matches "s3://crm/in/n*.csv"'),
        ("in/a.*", "s3://crm/in/a.cvs: error CT613 is no file that rows can come from"),
        ("in/bad.csv", "s3://crm/in/bad.csv row 1 (line 2): error CT617"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_the_address(folder, buckets, name, said):
    buckets.put("in/a.cvs", rows("u1"))
    buckets.put("in/bad.csv", 'id,a\nu1,"x\n')
    found = folder.findings(TABLE.format(f"s3://crm/{name}"), data_roots=ROOTS)
    assert said in "\n".join(found)
    assert "/tmp" not in "\n".join(found)


def test_a_table_that_may_be_absent_may_be_so_in_a_bucket(folder, buckets):
    assert (
        folder.contributions(EMPTY.format("s3://crm/in/*.csv"), data_roots=ROOTS) == []
    )


def test_what_stands_for_a_folder_is_no_file(folder, buckets):
    buckets.put("in/sub", b"")
    buckets.put("in/_SUCCESS", b"")
    buckets.put("in/sub/a.csv", rows("u1"))
    found = folder.contributions(TABLE.format("s3://crm/in/**"), data_roots=ROOTS)
    assert places(found) == [("s3://crm/in/sub/a.csv", 1)]


def test_an_address_of_another_sort_is_told_what_tables_come_from(folder):
    for url in ("S3://crm/in/a.csv", "https://crm/in/a.csv", "s3a://crm/in/a.csv"):
        (finding,) = folder.findings(TABLE.format(url))
        assert f'CT611 "{url}" does not exist (tables come from files, and' in finding


# --- Once, and as they were found


def test_an_object_is_copied_once_however_often_it_is_read(folder, buckets):
    buckets.put("in/a.csv", rows("u1"))
    project = folder.load(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    for _ in range(3):
        assert len(list(ProjectSources(project).contributions())) == 1
    assert [each for each in buckets.asked if each[0] == "get"] == [("get", "in/a.csv")]


def test_copies_are_private_and_go_with_the_project(
    folder, buckets, tmp_path, monkeypatch
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    buckets.put("in/a.csv", rows("u1"))
    project = folder.load(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    (source,) = ProjectSources(project).row_sources()
    (path,) = source.reads
    assert path.is_relative_to(scratch)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]
    del source, project
    gc.collect()
    assert list(scratch.iterdir()) == []


def change(buckets):
    buckets.put("in/a.csv", rows("u2"))


@pytest.mark.parametrize(
    "act", [change, lambda buckets: buckets.remove("in/a.csv")], ids=["new", "gone"]
)
def test_an_object_that_changes_while_it_is_read_is_noticed(folder, buckets, act):
    buckets.put("in/a.csv", rows("u1"))
    project = folder.load(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    (source,) = ProjectSources(project).row_sources()
    assert len(source.files) == 1
    act(buckets)
    with pytest.raises(Exception, match="changed while it was read"):
        source.check_unchanged()


def test_an_object_that_changes_before_it_is_copied_is_noticed(
    folder, buckets, monkeypatch
):
    buckets.put("in/a.csv", rows("u1"))
    get = obstore.get

    def late(*words):
        change(buckets)
        return get(*words)

    monkeypatch.setattr(obstore, "get", late)
    (finding,) = folder.findings(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    assert "s3://crm/in/a.csv: error CT619" in finding


def test_an_object_that_went_before_it_is_copied_is_noticed(
    folder, buckets, monkeypatch
):
    buckets.put("in/a.csv", rows("u1"))
    get = obstore.get

    def late(*words):
        buckets.remove("in/a.csv")
        return get(*words)

    monkeypatch.setattr(obstore, "get", late)
    (finding,) = folder.findings(TABLE.format("s3://crm/in/*.csv"), data_roots=ROOTS)
    assert "s3://crm/in/a.csv: error CT619" in finding


def test_two_tables_never_read_two_versions_of_one_object(folder, buckets):
    buckets.put("in/a.csv", rows("u1"))
    project = folder.load(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    sources = [next(ProjectSources(project).row_sources()) for _ in range(2)]
    assert len(sources[0].files) == 1
    change(buckets)
    with pytest.raises(Exception, match="changed while it was read"):
        _ = sources[1].files


# --- What keeps one from having them


@pytest.mark.parametrize("verb", ["head", "list", "get"])
@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("GenericError", "dns error: secret-host", "DNS knows no such host (check"),
        ("GenericError", "cut off at secret-host", "not answer as it should (check"),
        ("GenericError", "NoSuchBucket secret-host", "no such bucket (check"),
        ("PermissionDeniedError", "secret-host", "do not allow it (give them"),
        ("UnauthenticatedError", "secret-host", "do not allow it (give them"),
    ],
)  # fmt: skip
def test_a_bucket_that_gives_nothing_is_told_in_our_words(
    folder, buckets, monkeypatch, verb, kind, words, said
):
    buckets.put("in/a.csv", rows("u1"))

    def away(*_, **__):
        raise getattr(obstore.exceptions, kind)(words)

    monkeypatch.setattr(obstore, verb, away)
    name = "*.csv" if verb == "list" else "a.csv"
    table = EMPTY.format(f"s3://crm/in/{name}")
    (finding,) = folder.findings(table, data_roots=ROOTS)
    assert (
        f'ctsync.yaml:6:5: error CT612 "s3://crm/in/{name}" cannot be read' in finding
    )
    assert said in finding
    assert "secret-host" not in finding


def test_a_bucket_that_is_not_there_is_told_for_a_single_name(
    folder, buckets, monkeypatch
):
    def gone(*_):
        raise FileNotFoundError("404: NoSuchBucket")

    monkeypatch.setattr(obstore, "head", gone)
    table = EMPTY.format("s3://crm/in/a.csv")
    (finding,) = folder.findings(table, data_roots=ROOTS)
    assert "there is no such bucket" in finding


@pytest.mark.parametrize("chunks", [[b"id"], [b"id,a\nu1,x\n", b"u2,x\n"], []])
def test_an_object_comes_whole_or_not_at_all(folder, buckets, monkeypatch, chunks):
    """Whatever a server says of its size, no more is written."""
    buckets.put("in/a.csv", rows("u1"))
    get = obstore.get

    def other(*words):
        result = get(*words)
        return SimpleNamespace(meta=result.meta, stream=lambda _: iter(chunks))

    monkeypatch.setattr(obstore, "get", other)
    (finding,) = folder.findings(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    assert "CT612" in finding
    assert "does not answer as it should" in finding


def test_an_answer_that_breaks_off_is_told(folder, buckets, monkeypatch):
    buckets.put("in/a.csv", rows("u1"))
    get = obstore.get

    def broken(_):
        yield b"id"
        raise obstore.exceptions.GenericError("reset at secret-host")

    def other(*words):
        return SimpleNamespace(meta=get(*words).meta, stream=broken)

    monkeypatch.setattr(obstore, "get", other)
    (finding,) = folder.findings(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    assert '"s3://crm/in/a.csv" cannot be read: it does not answer' in finding


def test_what_broke_off_is_in_nobodys_way(tmp_path, buckets, monkeypatch):
    """A command asks for its tables more than once, and tells of the last time."""
    buckets.put("in/a.csv", rows("u1"))
    reader = bucket_reader.BucketReader(ROOTS[0].address)
    found = reader.object_at(ROOTS[0].within("a.csv"))
    get = obstore.get

    def broken(_):
        yield b"id"
        raise obstore.exceptions.GenericError("reset")

    def other(*words):
        return SimpleNamespace(meta=get(*words).meta, stream=broken)

    monkeypatch.setattr(obstore, "get", other)
    for _ in range(2):
        with pytest.raises(Unreachable):
            reader.fetch(found, tmp_path / "0.csv")
    monkeypatch.setattr(obstore, "get", get)
    reader.fetch(found, tmp_path / "0.csv")
    assert (tmp_path / "0.csv").read_text() == rows("u1")


def test_a_disk_without_room_is_told_before_anything_is_copied(
    folder, buckets, monkeypatch
):
    buckets.put("in/a.csv", rows("u1"))
    status = SimpleNamespace(f_bavail=1, f_frsize=(64 << 20) + 5)
    monkeypatch.setattr(object_copies.os, "statvfs", lambda _: status)
    (finding,) = folder.findings(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    assert '"s3://crm/in/a.csv" has 10 bytes, and 5 are free' in finding
    assert "TMPDIR" in finding
    assert ("get", "in/a.csv") not in buckets.asked


def test_a_copy_that_cannot_be_written_is_told(folder, buckets, monkeypatch):
    buckets.put("in/a.csv", rows("u1"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bucket_reader, "_new_file", full)
    (finding,) = folder.findings(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    assert '"s3://crm/in/a.csv" cannot be copied: No space left on device' in finding


def test_nobody_lists_a_bucket_for_ever(folder, buckets, monkeypatch):
    monkeypatch.setattr(bucket_reader, "MOST_LISTED", 1)
    for name in ("a", "b"):
        buckets.put(f"in/{name}.csv", rows("u1"))
    (finding,) = folder.findings(TABLE.format("s3://crm/in/a*"), data_roots=ROOTS)
    assert "CT612" in finding
    assert "begins with a folder of more objects than are looked at" in finding


def test_a_missing_client_is_told_with_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    project = folder.load(TABLE.format("s3://crm/in/a.csv"), data_roots=ROOTS)
    with pytest.raises(Exception, match="a table in a bucket needs the package") as met:
        list(ProjectSources(project).contributions())
    assert "ctsync[object-store]" in met.value.hint


# --- What ctsync keeps is no table


@pytest.mark.parametrize(
    "state",
    [
        "s3://crm/in/",
        "s3://crm/",
        "{url: 's3://crm/', name: in}",
        "{url: 's3://crm/in/', name: prod}",
    ],
)
def test_what_lies_in_the_folder_of_the_state_is_no_table(folder, buckets, state):
    buckets.put("in/prod/a.csv", rows("u1"))
    words = TABLE.format("s3://crm/in/prod/a.csv")
    (folder.root / "ctsync.yaml").write_text("")
    base = f"version: 1\naccount: {{id: A1, region: in1}}\nstate: {state}\n"
    (folder.root / "ctsync.yaml").write_text(base + words)
    from ctsync.project import load_project

    project = load_project(folder.root, data_roots=ROOTS)
    with pytest.raises(Exception, match="is a state, journal or plan of ctsync"):
        list(ProjectSources(project).contributions())
    assert ("get", "in/prod/a.csv") not in buckets.asked


def test_what_looks_like_a_state_is_no_table(folder, buckets):
    buckets.put("in/ctsync-base-1.parquet", b"")
    buckets.put("in/old.jsonl", b'{"account":"A1","format":"ctsync.state/1"}\n')
    found = folder.findings(TABLE.format("s3://crm/in/*"), data_roots=ROOTS)
    assert [each.split(" (")[0] for each in found] == [
        "s3://crm/in/ctsync-base-1.parquet: error CT015 is a state, journal or plan of ctsync",  # noqa: E501
        "s3://crm/in/old.jsonl: error CT015 is a state, journal or plan of ctsync",
    ]
    assert ("get", "in/ctsync-base-1.parquet") not in buckets.asked
