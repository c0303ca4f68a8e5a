"""Files of an export: private, whole or not there, and never too large."""

import resource
import stat
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import pytest
from exported import operation, rows_of, written

from ctsync.channels import part_files, part_tables
from ctsync.channels.part_files import PartWriter
from ctsync.channels.sftp import SftpChannel
from ctsync.errors import CtsyncError


@pytest.fixture
def channel(settings):
    return SftpChannel(settings)


def _people(count):
    return [(f"u{n:04d}", [operation("Plan", f"p{n}")]) for n in range(count)]


def test_a_file_has_fewer_bytes_than_the_limit_and_none_is_lost(channel, tmp_path):
    parts = written(channel, tmp_path, _people(100), limit_bytes=300)
    assert len(parts) > 5
    sizes = [(tmp_path / part.name).stat().st_size for part in parts]
    assert max(sizes) < 300
    assert sizes == [part.size for part in parts]
    found = [row[0] for part in parts for row in rows_of(tmp_path / part.name)[1]]
    assert found == [identity for identity, _ in _people(100)]
    assert [part.rows for part in parts] == [
        len(rows_of(tmp_path / part.name)[1]) for part in parts
    ]


def test_what_fits_into_no_file_is_refused(channel, tmp_path):
    with pytest.raises(CtsyncError, match="fewer than 30") as caught:
        written(channel, tmp_path, _people(1), limit_bytes=30)
    assert caught.value.code == "export_limit"
    assert [*tmp_path.iterdir()] == []


def test_rows_of_one_profile_never_part(channel, tmp_path):
    likes = operation("Likes", tuple("abcdefgh"), "$add", "list")
    parts = written(
        channel, tmp_path, [("u1", [likes]), ("u2", [likes])], limit_bytes=200
    )
    owners = [{row[0] for row in rows_of(tmp_path / part.name)[1]} for part in parts]
    assert owners == [{"u1"}, {"u2"}]


def test_the_second_step_comes_after_all_of_the_first(channel, tmp_path):
    first = operation("Likes", ("a",), "$remove", "list")
    second = operation("Likes", ("b",), "$add", "list", step=2)
    parts = written(
        channel,
        tmp_path,
        [("u1", [first, second]), ("u2", [operation("Plan", "Gold")])],
    )
    assert [(part.name, part.step) for part in parts] == [
        ("ctsync-test-1-00001.csv", 1),
        ("ctsync-test-1-00002.csv", 1),
        ("ctsync-test-2-00001.csv", 2),
    ]


def test_files_are_for_their_owner_alone(channel, tmp_path):
    written(channel, tmp_path / "out", _people(3))
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "out").iterdir()}
    assert modes == {0o600}


def test_the_same_changes_give_the_same_bytes(settings, tmp_path):
    for name in "ab":
        written(SftpChannel(settings), tmp_path / name, _people(50), limit_bytes=400)
    a, b = (
        {each.name: each.read_bytes() for each in (tmp_path / name).iterdir()}
        for name in "ab"
    )
    assert a == b


def test_what_is_not_kept_was_never_there(channel, tmp_path):
    with PartWriter(channel, tmp_path, "ctsync-test") as writer:
        writer.add("u1", [operation("Plan", "Gold")])
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "name", ["ctsync-test-1-00001.csv", "ctsync-test-1-00001.manifest"]
)
def test_no_file_takes_the_place_of_what_is_none(channel, tmp_path, name):
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    (tmp_path / name).symlink_to(target)
    with pytest.raises(OSError, match="it is a link"):
        written(channel, tmp_path, _people(2))
    assert target.read_text() == "mine"
    assert {each.name for each in tmp_path.iterdir()} == {"elsewhere", name}


def test_more_sets_of_attributes_than_there_are_files_stand_one_by_one(
    channel, tmp_path
):
    both = [operation("City", "Pune"), operation("Plan", "Gold")]
    parts = written(
        channel,
        tmp_path,
        [("u1", both), ("u2", both[:1]), ("u3", both[1:]), ("u4", both)],
        most_shapes=1,
    )
    rows = [rows_of(tmp_path / part.name) for part in parts]
    assert [(header[1::2], [row[0] for row in own]) for header, own in rows] == [
        (["City", "Plan"], ["u1", "u4"]),
        (["City"], ["u2"]),
        (["Plan"], ["u3"]),
    ]


@contextmanager
def few_files_open():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    others = len(list(Path("/proc/self/fd").iterdir()))  # what earlier tests hold open
    limit = min(soft, others + part_tables.MOST_OPEN + 50)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_parts_do_not_hold_many_files_open(channel, tmp_path):
    with few_files_open():
        parts = written(channel, tmp_path, _people(800), limit_bytes=90)
    assert len(parts) > part_tables.MOST_OPEN + 100


def test_many_attributes_do_not_hold_many_files_open(channel, tmp_path):
    """And what is written after a file was let go of stands behind what was before."""
    names = [f"a{n:03}" for n in range(part_tables.MOST_OPEN + 150)]
    profiles = [
        (f"u{turn}", [operation(name, f"{name} {turn}")])
        for turn in range(3)
        for name in names
    ]
    with few_files_open():
        parts = written(channel, tmp_path, profiles)
    found = {
        part.columns[0].attribute: rows_of(tmp_path / part.name)[1] for part in parts
    }
    assert found == {
        name: [[f"u{turn}", f"{name} {turn}", "$set"] for turn in range(3)]
        for name in names
    }


def test_as_many_sets_as_profiles_are_not_all_remembered(
    channel, tmp_path, monkeypatch
):
    monkeypatch.setattr(part_files, "MOST_REMEMBERED", 5)
    names = "abcdef"
    sets = [
        [n for at, n in enumerate(names) if bits >> at & 1] for bits in range(1, 64)
    ]
    with PartWriter(channel, tmp_path, "ctsync-test", most_shapes=2) as writer:
        for number, own in enumerate(sets):
            writer.add(f"u{number:02}", [operation(name, "x") for name in own])
        assert len(writer._sheets) == 5
        parts = writer.keep()
    found = {
        (row[0], name)
        for part in parts
        for header, rows in [rows_of(tmp_path / part.name)]
        for row in rows
        for name in header[1::2]
    }
    assert found == {(f"u{n:02}", name) for n, own in enumerate(sets) for name in own}
    assert len(parts) == len(names)  # "a" and "b" alone were the first two sets


def test_what_is_written_is_not_kept(channel, tmp_path):
    """Memory does not grow with the profiles."""
    tracemalloc.start()
    try:
        written(channel, tmp_path / "few", iter(_people(10)))
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        many = ((f"u{n}", [operation("Plan", f"p{n}")]) for n in range(20_000))
        written(channel, tmp_path / "many", many)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 500_000
