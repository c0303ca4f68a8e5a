"""What the JSON Lines store promises beyond the conformance suite: real files."""

import errno
import fcntl
import os
import stat
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from full_disk import largest_file

from ctsync.canonical_json import parse
from ctsync.errors import StateError, UsageError
from ctsync.state.jsonl_store import JsonlStore
from ctsync.state.snapshot_codec import header_line

HEAD = {"lineage": "lineage-1", "serial": 0}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.jsonl"


def test_the_file_is_a_header_line_and_one_canonical_line_an_entry(path, entry, header):
    JsonlStore(path).replace(header(), [entry("a", plan="Gold"), entry("b")])
    first, *lines = path.read_text().splitlines()
    head = parse(first)
    assert head["format"] == "ctsync.state/1"
    assert set(head) == {
        "format", "lineage", "serial", "account", "digest", "entries",
        "tool_version", "seal", "lines_sha256",
    }  # fmt: skip
    known = '{"kind":"string","name":"plan","value":"Gold"}'
    assert lines == [
        f'{{"attributes":{{"plan":{known}}},"key":{{"identity":"a"}}}}',
        '{"attributes":{},"key":{"identity":"b"}}',
    ]


def test_equal_snapshots_are_equal_bytes(tmp_path, entry, header):
    for name in ("one.jsonl", "two.jsonl"):
        JsonlStore(tmp_path / name).replace(header(), [entry("a", plan="Gold")])
    assert (tmp_path / "one.jsonl").read_bytes() == (
        tmp_path / "two.jsonl"
    ).read_bytes()


def test_state_journal_lock_and_holder_are_private(path, entry, header, holder):
    store = JsonlStore(path)
    path.write_text("")
    path.chmod(0o644)
    with store.lock(holder), store.open_journal(HEAD):
        store.replace(header(), [entry("a")])
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert modes == {
        "state.jsonl": 0o600,
        "state.jsonl.journal": 0o600,
        "state.jsonl.lock": 0o600,
        "state.jsonl.holder": 0o600,
    }


def test_nothing_but_the_lock_file_stays_beside_a_state(path, entry, header, holder):
    store = JsonlStore(path)
    with store.lock(holder):
        store.open_journal(HEAD).close()
        store.replace(header(), [entry("a")])
        store.discard_journal()
    assert {p.name for p in path.parent.iterdir()} == {
        "state.jsonl",
        "state.jsonl.lock",
    }


def test_the_folder_of_a_new_state_is_made(tmp_path, entry, header, holder):
    with JsonlStore(tmp_path / "locked" / "s.jsonl").lock(holder):
        pass
    JsonlStore(tmp_path / "a" / "b" / "s.jsonl").replace(header(), [entry("a")])
    assert list(JsonlStore(tmp_path / "a" / "b" / "s.jsonl").read().entries())


# Links


def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path, entry, header):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "state.jsonl", tmp_path / "link.jsonl"
    link.symlink_to("real/state.jsonl")
    JsonlStore(link).replace(header(), [entry("a")])
    assert link.is_symlink()
    assert not target.is_symlink()
    assert list(JsonlStore(target).read().entries()) == [entry("a")]


def test_two_links_share_one_journal_and_one_lock(tmp_path, holder):
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).symlink_to(tmp_path / "state.jsonl")
    one, two = JsonlStore(tmp_path / "one.jsonl"), JsonlStore(tmp_path / "two.jsonl")
    one.open_journal(HEAD).close()
    assert two.journal() is not None
    with (
        one.lock(holder),
        pytest.raises(StateError, match="is locked by"),
        two.lock(holder),
    ):
        pass


def test_a_link_in_place_of_the_file_aside_is_not_followed(path, entry, header):
    victim = path.with_name("victim.txt")
    victim.write_text("precious")
    path.with_name("state.jsonl.tmp").symlink_to(victim)
    JsonlStore(path).replace(header(), [entry("a")])
    assert victim.read_text() == "precious"
    assert not path.is_symlink()


# What is no state


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\xff\xfe\x00garbage\n", "no header of ctsync"),
        (b"\x00" * 5000, "no header of ctsync"),
        (b"[]\n", "no header of ctsync"),
        (b'{"a": 1}\n{"a": 2}\n', "no header of ctsync"),
        (b'{"format": "ctsync.plan/1"}\n', "no header of ctsync"),
        (b"x" * 2_000_000, "no header of ctsync"),
    ],
    ids=["empty", "not utf-8", "zeros", "list", "table", "plan", "endless"],
)
def test_another_file_is_not_taken_for_a_state(path, content, words):
    path.write_bytes(content)
    for look in (JsonlStore(path).read, JsonlStore(path).read_unverified):
        with pytest.raises(StateError, match=words) as caught:
            look()
        assert str(path) in caught.value.message
        assert caught.value.hint
    assert path.read_bytes() == content


def test_a_header_without_its_parts_cannot_be_accepted(path):
    path.write_text('{"format": "ctsync.state/1", "lineage": "x"}\n')
    with pytest.raises(StateError, match="no header of ctsync"):
        JsonlStore(path).read_unverified()
    with pytest.raises(StateError, match="was edited"):
        JsonlStore(path).read()


def test_a_file_without_the_checksum_of_its_lines_is_refused(path, entry, header):
    written = JsonlStore(path).replace(header(), [entry("a")])
    _, _, lines = path.read_bytes().partition(b"\n")
    path.write_bytes(header_line(written) + b"\n" + lines)
    with pytest.raises(StateError, match="made before the first release"):
        JsonlStore(path).read()
    assert JsonlStore(path).read_unverified().header == written


def test_a_file_cut_in_an_entry_is_named_as_edited(path, entry, header):
    JsonlStore(path).replace(header(), [entry("a"), entry("b")])
    os.truncate(path, path.stat().st_size - 3)
    with pytest.raises(StateError, match=r"wrote 2 entries .* there are 1 with"):
        JsonlStore(path).read()
    with pytest.raises(StateError, match=r"line 3 of .* is no entry"):
        JsonlStore(path).read_unverified()


def test_blank_lines_are_passed_over_and_lines_keep_their_numbers(path, entry, header):
    JsonlStore(path).replace(header(), [entry("a"), entry("b")])
    first, a, b = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"\n" + b + b"  \n" + a)
    found = JsonlStore(path).read_unverified().entries()
    assert [each.key.id for each in found] == ["a", "b"]
    path.write_bytes(first + b"\n" + a + b"\n" + a)
    with pytest.raises(StateError, match=r"line 5 of .* same profile as line 3$"):
        JsonlStore(path).read_unverified()


def test_another_file_is_not_taken_for_a_journal(path):
    path.with_name("state.jsonl.journal").write_text('{"hello": 1}\n')
    with pytest.raises(StateError, match=r"line 1 of .*jsonl.journal is damaged"):
        JsonlStore(path).journal()


def test_a_folder_is_refused_for_reading_and_writing(path, entry, header):
    path.mkdir()
    with pytest.raises(StateError, match=r"cannot read .*not a regular file"):
        JsonlStore(path).read()
    with pytest.raises(StateError, match="cannot write"):
        JsonlStore(path).replace(header(), [entry("a")])
    assert [p.name for p in path.parent.iterdir()] == ["state.jsonl"]


def test_a_named_pipe_is_refused_at_once(path):
    os.mkfifo(path)
    with pytest.raises(StateError, match="not a regular file"):
        JsonlStore(path).read()


def test_a_path_through_a_file_is_refused_everywhere(tmp_path, entry, header, holder):
    (tmp_path / "file").write_text("x")
    store = JsonlStore(tmp_path / "file" / "state.jsonl")
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
        with pytest.raises(StateError, match=r"cannot .*state\.jsonl") as caught:
            act()
        assert caught.value.hint


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "a.jsonl").symlink_to("b.jsonl")
    (tmp_path / "b.jsonl").symlink_to("a.jsonl")
    with pytest.raises(StateError, match="cannot read"):
        JsonlStore(tmp_path / "a.jsonl").read()


# What survives a power cut


@contextmanager
def system_calls():
    """Collect the names of calls to the system, in order."""
    names: list[str] = []

    def watch(frame, event, function):
        if event == "c_call" and function.__module__ == "posix":
            names.append(function.__name__)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield names
    finally:
        sys.setprofile(before)


KEEPING = ("write", "pwrite", "fsync", "replace", "unlink", "ftruncate")


def test_a_snapshot_is_flushed_before_and_its_name_after_the_rename(
    path, entry, header
):
    store = JsonlStore(path)
    with system_calls() as names:
        store.replace(header(), [entry("a")])
    kept = [name for name in names if name in KEEPING]
    assert kept[-5:] == ["write", "pwrite", "fsync", "replace", "fsync"]


def test_a_journal_line_is_one_write_and_flushed_on_demand(path):
    store = JsonlStore(path)
    with system_calls() as begun:
        store.open_journal(HEAD).close()
    assert [n for n in begun if n in KEEPING][-3:] == ["write", "fsync", "fsync"]
    store.discard_journal()
    with store.open_journal(HEAD) as writer, system_calls() as names:
        writer.append({"n": 1}, sync=False)
        writer.append({"n": 2}, sync=True)
    kept = [n for n in names if n in KEEPING]
    assert kept == ["write", "write", "fsync", "pwrite"]  # and marked after that
    with system_calls() as ended:
        store.discard_journal()
    # A mark without its journal would be missed: it is gone for good before.
    assert [n for n in ended if n in KEEPING] == ["unlink", "fsync"] * 2


# What cannot be written


def test_a_full_disk_keeps_the_last_snapshot_and_leaves_no_rest(path, entry, header):
    store = JsonlStore(path)
    store.replace(header(1), [entry("a")])
    many = [entry(f"{number:05d}", plan="x" * 50) for number in range(20_000)]
    with (
        largest_file(1_500_000),
        pytest.raises(StateError, match="cannot write") as caught,
    ):
        store.replace(header(2), many)
    assert "make room" in caught.value.hint
    assert list(store.read().entries()) == [entry("a")]
    assert [p.name for p in path.parent.iterdir()] == ["state.jsonl"]


def test_a_full_disk_tears_no_line_of_a_journal(path):
    store = JsonlStore(path)
    with store.open_journal(HEAD) as writer:
        writer.append({"n": 1}, sync=True)
        with (
            largest_file(path.with_name("state.jsonl.journal").stat().st_size + 10),
            pytest.raises(StateError, match=r"cannot write .*journal"),
        ):
            writer.append({"n": 2, "text": "x" * 100}, sync=True)
        writer.append({"n": 3}, sync=True)
    assert list(store.journal().lines()) == [{"n": 1}, {"n": 3}]


def test_a_full_disk_leaves_no_journal_without_a_head(path):
    store = JsonlStore(path)
    with largest_file(10), pytest.raises(StateError, match="cannot write"):
        store.open_journal(HEAD)
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_refuses_the_lock_and_frees_it(path, holder):
    store = JsonlStore(path)
    with (
        largest_file(10),
        pytest.raises(StateError, match=r"cannot write .*holder"),
        store.lock(holder),
    ):
        pass
    with store.lock(holder):
        pass


def test_after_a_failed_flush_a_journal_takes_no_line(path, monkeypatch):
    store = JsonlStore(path)
    with store.open_journal(HEAD) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", _refuse)
            with pytest.raises(StateError, match="Input/output error"):
                writer.append({"n": 1}, sync=True)
        with pytest.raises(StateError, match="an earlier write failed"):
            writer.append({"n": 2}, sync=True)


def _refuse(fd):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture
def open_folder():
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="ctsync-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def nobody():
    """Be someone without rights, where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_read_only_folder_can_be_read_and_not_written(
    open_folder, entry, header, holder
):
    store = JsonlStore(open_folder / "state.jsonl")
    store.replace(header(1), [entry("a")])
    store.path.chmod(0o644)
    open_folder.chmod(0o555)
    acts = (
        lambda: store.replace(header(2), [entry("b")]),
        lambda: store.open_journal(HEAD),
        lambda: store.lock(holder).__enter__(),
    )
    with nobody():
        assert list(store.read().entries()) == [entry("a")]
        for act in acts:
            with pytest.raises(StateError, match="Permission denied") as caught:
                act()
            assert "owner and mode" in caught.value.hint
    open_folder.chmod(0o755)
    assert [p.name for p in open_folder.iterdir()] == ["state.jsonl"]


def test_an_unreadable_state_is_refused(open_folder, entry, header):
    store = JsonlStore(open_folder / "state.jsonl")
    store.replace(header(), [entry("a")])
    store.path.chmod(0o000)
    with nobody(), pytest.raises(StateError, match="Permission denied") as caught:
        store.read()
    assert caught.value.code == "state_unreadable"


# Holders


@pytest.mark.parametrize("left", [b"", b'{"user":', b"\xff", b"[1]", b'{"pid": 1}'])
def test_a_strange_holder_file_confuses_nobody(path, holder, left):
    store = JsonlStore(path)
    with store.lock(holder):
        path.with_name("state.jsonl.holder").write_bytes(left)
        with (
            pytest.raises(StateError, match="another run that has not named itself"),
            store.lock(holder),
        ):
            pass
    with store.lock(holder):
        pass


def test_a_file_system_without_locks_is_refused_rather_than_trusted(
    path, holder, monkeypatch
):
    def no_locks(fd, operation):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with (
        pytest.raises(StateError, match="cannot lock") as caught,
        JsonlStore(path).lock(holder),
    ):
        pass
    assert "local disk" in caught.value.hint


def test_a_lock_names_nobody_where_the_holder_file_is_gone(path, holder):
    with JsonlStore(path).lock(holder):
        path.with_name("state.jsonl.holder").unlink()
        with (
            pytest.raises(StateError, match="has not named itself"),
            JsonlStore(path).lock(holder),
        ):
            pass


def test_the_holder_of_a_killed_run_is_not_shown_as_holding(path, holder):
    path.with_name("state.jsonl.holder").write_bytes(holder.as_line())
    with JsonlStore(path).lock(holder):
        pass


# Resources


def test_reading_leaves_no_file_open(path, entry, header):
    store = JsonlStore(path)
    store.replace(header(), [entry("a")])
    store.open_journal(HEAD).close()
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - the folder lists itself too
    for _ in range(5):
        list(store.read().entries())
        next(store.read().entries())
        list(store.journal().lines())
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_a_name_means_nothing_in_a_file(tmp_path):
    with pytest.raises(UsageError, match="holds one state"):
        JsonlStore.at("state.jsonl", folder=tmp_path, name="prod")
