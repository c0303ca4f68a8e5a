import errno
import gzip
import os

import pytest

from ctsync.sources.project_sources import ProjectSources

TABLE = (
    "tables:\n  t:\n    file: '{}'\n    key: {{identity: id}}\n    columns: {{a: A}}\n"
)
EMPTY = TABLE + "    allow_empty: true\n"


def rows(*ids):
    return "id,a\n" + "".join(f"{id_},x\n" for id_ in ids)


def places(found):
    return [(c.origin.file, c.origin.row) for c in found]


def test_files_are_taken_by_the_bytes_of_their_paths(folder):
    for n, name in enumerate(["b", "é", "a", "Z", "a-1", "a1", "z"]):
        folder.write(f"x/{name}.csv", rows(f"u{n}"))
    found = folder.contributions(TABLE.format("x/*.csv"))
    names = [c.origin.file for c in found]
    assert names == sorted(names, key=str.encode)
    assert len(names) == 7


NAMES = [
    "we[i]rd.csv",
    "a b.csv",
    "it's.csv",
    "a,b.csv",
    "k=v/x.csv",
    "q?.csv",
    "s*.csv",
]
NAMES += ["{a}.csv", "%41.csv", "😀.csv", "a;b.csv", "\\n.csv"]


@pytest.mark.parametrize("name", NAMES)
def test_names_may_hold_what_they_like(folder, name):
    folder.write(name, rows("u1"))
    folder.write("qx.csv", rows("u2"))
    folder.write("sx.csv", rows("u3"))
    folder.write("weird.csv", rows("u4"))
    table = TABLE.format(name.replace("'", "''"))
    assert places(folder.contributions(table)) == [(name, 1)]


def test_hidden_files_are_met_by_hidden_patterns_only(folder):
    folder.write("x/.a.csv", rows("u1"))
    folder.write("x/b.csv", rows("u2"))
    assert places(folder.contributions(TABLE.format("x/*.csv"))) == [("x/b.csv", 1)]
    assert places(folder.contributions(TABLE.format("x/.*.csv"))) == [("x/.a.csv", 1)]


def test_links_are_followed(folder):
    folder.write("x/a.csv", rows("u1"))
    (folder.root / "b.csv").symlink_to("x/a.csv")
    (folder.root / "y").symlink_to("x")
    assert places(folder.contributions(TABLE.format("b.csv"))) == [("b.csv", 1)]
    assert places(folder.contributions(TABLE.format("y/*.csv"))) == [("y/a.csv", 1)]


def test_a_pattern_may_reach_down(folder):
    folder.write("x/a.csv", rows("u1"))
    folder.write("x/y/z/b.csv", rows("u2"))
    found = folder.contributions(TABLE.format("x/**/*.csv"))
    assert places(found) == [("x/a.csv", 1), ("x/y/z/b.csv", 1)]


def test_forms_and_packings_may_be_mixed(folder, make):
    cells = (["id", "a"], [("u1", "x")])
    for n, (kind, packing) in enumerate(
        [("csv", ""), ("csv", ".gz"), ("jsonl", ".zst"), ("parquet", ""), ("jsonl", "")]
    ):
        data = make[kind](cells[0], [(f"u{n}", "x")])
        folder.write(f"x/{n}.{kind}{packing}", make["packed"](data, packing))
    found = folder.contributions(TABLE.format("x/*"))
    assert [c.key.id for c in found] == ["u0", "u1", "u2", "u3", "u4"]
    assert {c.read()["A"].text for c in found} == {"x"}


def test_variables_are_read(folder):
    folder.write("in/a.csv", rows("u1"))
    table = TABLE.format("${WHERE}/a.csv")
    found = folder.contributions(table, variables={"WHERE": "in"})
    assert places(found) == [("${WHERE}/a.csv", 1)]  # not what the variable gave
    (finding,) = folder.findings(table)
    assert "CT105 variable WHERE is not set" in finding


def test_paths_start_from_the_file_that_names_them(folder):
    folder.write("sub/a.csv", rows("u1"))
    folder.write("sub/spec.yaml", TABLE.format("a.csv"))
    assert places(folder.contributions()) == [("sub/a.csv", 1)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x/a.cvs", "CT613"),
        ("b.csv", 'ctsync.yaml:6:5: error CT611 "b.csv" does not exist (did you mean a.csv?)'),  # noqa: E501
        ("y/*.csv", 'ctsync.yaml:6:5: error CT611 no file matches "y/*.csv" (the pattern'),  # noqa: E501
        ("out.parquet", "error CT612 is a folder (name the files in it, as in out.parquet/*.parquet)"),  # noqa: E501
        ("z/*", "z/_SUCCESS: error CT613 is no file that rows can come from"),
    ],
)  # fmt: skip
def test_files_that_are_not_there_or_of_another_kind_are_named(folder, name, said):
    folder.write("a.csv", rows("u1"))
    folder.write("x/a.cvs", rows("u1"))
    folder.write("out.parquet/a.parquet", b"")
    folder.write("z/_SUCCESS", b"")
    folder.write("z/a.csv", rows("u1"))
    if name == "x/a.cvs":
        with pytest.raises(AssertionError, match=said):
            folder.findings(TABLE.format(name))
        return
    (finding,) = folder.findings(TABLE.format(name))
    assert said in finding


def test_a_pipe_is_no_file(folder):
    os.mkfifo(folder.root / "a.csv")
    (finding,) = folder.findings(TABLE.format("a.csv"))
    assert finding.startswith("a.csv: error CT612 is no regular file")


def test_a_link_to_nothing_is_named(folder):
    (folder.root / "a.csv").symlink_to("gone.csv")
    (finding,) = folder.findings(TABLE.format("a.csv"))
    assert finding.startswith("a.csv: error CT612 cannot be read")


def test_a_file_that_may_not_be_read_is_named(folder, monkeypatch):
    # Whoever runs the tests as root may read everything: the system's no is played.
    folder.write("a.csv", rows("u1"))
    really_open = os.open

    def refuse(path, *words, **options):
        if path == "a.csv":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return really_open(path, *words, **options)

    monkeypatch.setattr(os, "open", refuse)
    (finding,) = folder.findings(TABLE.format("a.csv"))
    assert finding.startswith("a.csv: error CT612 cannot be read: Permission denied")


def test_a_table_without_rows_is_an_error_unless_it_may_be(folder):
    folder.write("a.csv", "id,a\n")
    (finding,) = folder.findings(TABLE.format("a.csv"))
    assert finding.startswith('ctsync.yaml:6:5: error CT618 table "t" has no rows')
    assert folder.contributions(EMPTY.format("a.csv")) == []
    assert folder.contributions(EMPTY.format("*.parquet")) == []
    where = "    where: a = 'y'\n"
    folder.write("a.csv", rows("u1"))
    (finding,) = folder.findings(TABLE.format("a.csv") + where)
    assert 'CT618 table "t" has no rows that `where` keeps' in finding
    assert folder.contributions(EMPTY.format("a.csv") + where) == []


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("packing", [".gz", ".zst"])
@pytest.mark.parametrize("cut", [-1, -4, -9, 0.5, 5])
def test_a_file_that_was_cut_off_is_named(folder, make, kind, packing, cut):
    data = make[kind](["id", "a"], [(f"u{n}", f"{n * n}") for n in range(20_000)])
    data = make["packed"](data, packing)
    name = f"a.{kind}{packing}"
    folder.write(name, data[: int(len(data) * cut) if isinstance(cut, float) else cut])
    (finding,) = folder.findings(TABLE.format(name))
    assert finding.startswith(f"{name}: error CT612 ")


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.jsonl.gz", "a.jsonl.zst"])
@pytest.mark.parametrize(
    "data", [b"", b"id,a\nu1,x\n", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"]
)
def test_a_file_that_is_not_packed_as_its_name_says_is_named(folder, name, data):
    folder.write(name, data)
    (finding,) = folder.findings(TABLE.format(name))
    assert finding.startswith(f"{name}: error CT61"), finding


def test_a_packed_file_may_have_several_members(folder, make):
    for packing in (".gz", ".zst"):
        pack = make["packed"]
        data = pack(rows("u1").encode(), packing) + pack(b"u2,y\n", packing)
        folder.write(f"a.csv{packing}", data)
        found = folder.words(TABLE.format(f"a.csv{packing}"))
        assert [*found] == ["u1", "u2"]


def test_damage_inside_a_packed_file_is_found(folder):
    data = bytearray(gzip.compress(rows(*(f"u{n}" for n in range(5000))).encode()))
    data[-8] ^= 1  # of the checksum
    folder.write("a.csv.gz", bytes(data))
    (finding,) = folder.findings(TABLE.format("a.csv.gz"))
    assert finding.startswith("a.csv.gz: error CT612 ")


@pytest.mark.parametrize("change", ["longer", "touched", "replaced", "gone"])
def test_a_file_that_changes_while_it_is_read_is_named(folder, change):
    path = folder.write("a.csv", rows("u1", "u2"))
    (source,) = ProjectSources(folder.load(TABLE.format("a.csv"))).row_sources()
    assert dict(source.inputs())
    if change == "longer":
        path.write_text(rows("u1", "u2", "u3"))
    elif change == "touched":
        os.utime(path, ns=(1, 1))
    elif change == "replaced":
        was = path.stat()
        other = folder.write("b", rows("u8", "u9"))
        os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
        other.replace(path)
    else:
        path.unlink()
    with pytest.raises(Exception, match="changed while it was read") as caught:
        source.check_unchanged()
    (finding,) = caught.value.findings
    assert (finding.code, finding.file) == ("CT619", "a.csv")


def test_the_digest_of_an_input_covers_all_of_a_small_file(folder):
    folder.write("a.csv", rows("u1"))
    (source,) = ProjectSources(folder.load(TABLE.format("a.csv"))).row_sources()
    ((name, one),) = source.inputs()
    assert (name, len(one)) == ("a.csv", 64)
    folder.write("a.csv", rows("u2"))
    (source,) = ProjectSources(folder.load(TABLE.format("a.csv"))).row_sources()
    assert [*source.inputs()] != [(name, one)]


def test_the_digest_of_a_big_input_says_that_it_covers_its_ends(folder, monkeypatch):
    monkeypatch.setattr("ctsync.formats.data_file.WHOLE_BYTES", 1 << 20)
    folder.write("a.csv", rows("u1") + "x,y\n" * 600_000)
    (source,) = ProjectSources(folder.load(TABLE.format("a.csv"))).row_sources()
    ((_, digest),) = source.inputs()
    assert digest.startswith("ends:")
