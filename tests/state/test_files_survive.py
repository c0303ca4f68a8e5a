"""What writing to files promises beside what is read: flushed in time, and let go."""

import errno
import os
from pathlib import Path

import pytest
from descriptors import open_below

from ctsync.errors import StateError
from ctsync.state import atomic_files, journal_file
from ctsync.state.atomic_files import PinnedFile, make_private_folder, state_errors
from ctsync.state.journal_file import LineGroup, StoredLine, read_journal
from ctsync.state.journal_writing import create_journal
from ctsync.state.parquet_store import ParquetStore

HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}


@pytest.fixture
def events(monkeypatch):
    """Note what is flushed, renamed and removed, by name and in order."""
    noted = []

    def watch(name, called):
        real = getattr(os, name)

        def watched(*words, **more):
            noted.append((name, Path(called(*words)).name))
            return real(*words, **more)

        monkeypatch.setattr(os, name, watched)

    watch("fsync", lambda fd: Path(f"/proc/self/fd/{fd}").readlink())
    watch("replace", lambda _, path: path)
    watch("unlink", lambda path, **_: path)
    return noted


def test_a_sheet_and_its_name_survive_before_the_manifest_names_it(
    tmp_path, events, entry, header
):
    store = ParquetStore(tmp_path / "state")
    store.replace(header(1), [entry("a")])
    (old,) = (path.name for path in store.path.glob("*.parquet"))
    events.clear()
    store.replace(header(2), [entry("b")])
    (new,) = (path.name for path in store.path.glob("*.parquet"))
    named = events.index(("replace", "manifest.json"))
    assert ("fsync", new) in events[:named]
    assert ("fsync", "state") in events[events.index(("fsync", new)) : named]
    gone = events.index(("unlink", old))
    assert ("fsync", "state") in events[named:gone]
    assert events[named:gone].count(("fsync", "state")) == 2  # else it may come back


def test_the_lines_of_a_plan_survive_before_the_first_call(tmp_path, events):
    with create_journal(tmp_path / "journal", HEAD, "it") as writer:
        events.clear()
        writer.append_plan([b'{"change":1}\n{"chan', b'ge":2}\n'])
        assert events == [("fsync", "journal")]
    lines = read_journal(tmp_path / "journal", "it").lines()
    assert [dict(line) for line in lines] == [{"change": 1}, {"change": 2}]


def test_writing_leaves_no_file_open(file_bench, entry, header, holder, tmp_path):
    store = file_bench.open()

    def write(serial):
        with store.lock(holder), store.open_journal(HEAD) as writer:
            writer.append({"n": 1}, sync=True)
            store.replace(header(serial), [entry("a")])
            store.append_run({"run": "r1"}, [{"n": 1}], keep=1)
        store.discard_journal()

    write(1)
    before = open_below(tmp_path)
    for serial in (2, 3):
        write(serial)
    assert open_below(tmp_path) == before


def test_a_journal_that_cannot_begin_leaves_no_file_open(tmp_path, monkeypatch):
    def full(fd):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left"):
        create_journal(tmp_path / "journal", HEAD, "it")
    assert (open_below(tmp_path), list(tmp_path.iterdir())) == ([], [])


def test_a_journal_with_half_a_line_at_its_end_takes_no_further_one(
    tmp_path, monkeypatch
):
    """The rest of it could not be cut off, so that the next would be damage."""
    writer = create_journal(tmp_path / "journal", HEAD, "it")
    write = os.write

    def half(fd, data):
        if len(data) > 10:
            return write(fd, data[:10])
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def failing(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        patch.setattr(os, "ftruncate", failing)
        with pytest.raises(StateError):
            writer.append({"long": "x" * 20}, sync=False)
    with pytest.raises(StateError, match="an earlier write failed"):
        writer.append({"n": 1}, sync=False)
    writer.close()
    assert list(read_journal(tmp_path / "journal", "it").lines()) == []


def test_of_a_long_journal_no_more_is_held_than_a_few_groups(tmp_path, monkeypatch):
    with create_journal(tmp_path / "journal", HEAD, "it") as writer:
        for number in range(50):
            writer.append({"n": number}, sync=False)
    opened, really = [], journal_file.open_line

    def noted(line, checksum):
        opened.append(line)
        return really(line, checksum)

    monkeypatch.setattr(journal_file, "WORTH_BYTES", 1)
    monkeypatch.setattr(journal_file, "open_line", noted)
    lines = read_journal(tmp_path / "journal", "it").lines()
    first = next(lines)
    assert len(opened) < 20
    assert [dict(each) for each in (first, *lines)] == [{"n": n} for n in range(50)]


def test_a_new_folder_of_a_state_is_private_whatever_makes_it(tmp_path, header, holder):
    def locked(store):
        with store.lock(holder):
            pass

    acts = (
        locked,
        lambda store: store.open_journal(HEAD).close(),
        lambda store: store.replace(header(), []),
    )
    for number, act in enumerate(acts):
        store = ParquetStore(tmp_path / str(number) / "deep" / "state")
        act(store)
        assert store.path.stat().st_mode & 0o777 == 0o700
        assert store.path.parent.stat().st_mode & 0o777 != 0o700


def test_a_folder_that_is_there_keeps_its_mode(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o755)
    make_private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EACCES, "owner and mode"),
        (errno.EROFS, "owner and mode"),
        (errno.ENXIO, "ends in .jsonl"),
        (errno.ENOLCK, "has no locks"),
        (errno.EIO, "check the path"),
    ],
)
def test_what_the_system_says_comes_with_what_to_do(number, word):
    with pytest.raises(StateError) as caught, state_errors("read", "it"):
        raise OSError(number, "why")
    assert word in caught.value.hint
    assert caught.value.code == "state_unreadable"


def test_what_is_no_file_says_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, number in ((tmp_path, errno.EISDIR), (tmp_path / "pipe", errno.ENXIO)):
        with pytest.raises(OSError, match="not a regular file") as caught:
            PinnedFile(path)
        assert caught.value.errno == number


def test_a_file_is_read_as_long_as_it_was_when_it_was_opened(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"one\ntwo")
    pinned = PinnedFile(path)
    with path.open("ab") as file:
        file.write(b"three\n")
    assert b"".join(pinned.chunks()) == b"one\ntwo"
    assert b"".join(pinned.chunks(4)) == b"two"
    assert list(pinned.texts()) == [[b"one"], [b"two"]]
    assert list(pinned.lines()) == [b"one\n", b"two"]


LINES = (b"", b"one", b"one\n", b"\none\n", b"one\n\ntwo", b"one\ntwo\nthree\n")


@pytest.mark.parametrize("data", LINES)
@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 100])
def test_lines_are_whole_however_much_is_read_at_once(
    tmp_path, monkeypatch, data, at_once
):
    path = tmp_path / "lines"
    path.write_bytes(data)
    monkeypatch.setattr(atomic_files, "_READ", at_once)
    file, lines = PinnedFile(path), data.splitlines(keepends=True)
    assert file.first_line() == b"".join(lines[:1])
    assert list(file.lines()) == lines
    assert [each for some in file.texts() for each in some] == data.splitlines()


# Lines of a journal that show their first key at once


def test_a_stored_line_is_what_it_says():
    line = StoredLine(b'{"intent":{"call":1},"more":2}', 7, "the journal")
    assert "intent" in line
    assert "more" in line
    assert "call" not in line
    assert (list(line), len(line), line["more"]) == (["intent", "more"], 2, 2)
    assert repr(line) == "StoredLine(7)"  # and no value of it
    assert list(StoredLine(b'{"":1}\n', 7, "the journal")) == [""]


def test_a_group_of_lines_is_what_they_say():
    group = LineGroup(b'{"a":1}\n{"b":2}\n', 7, "the journal")
    assert [dict(line) for line in group] == [{"a": 1}, {"b": 2}]
    assert len(group) == 2
    assert group.first.text == b'{"a":1}\n'
    assert {"b": 2} in group
    assert {"b": 3} not in group


@pytest.mark.parametrize("text", [b"", b'{"', b'{"\xff":1}', b"[1]", b"7"])
def test_a_stored_line_without_a_key_is_damage_whatever_is_asked(text):
    for ask in (lambda line: "intent" in line, list, len, dict):
        with pytest.raises(StateError, match="line 7 of it is damaged"):
            ask(StoredLine(text, 7, "it"))


@pytest.mark.parametrize("text", [b'{"intent":', b'{"intent"}', b'["intent"]'])
def test_a_stored_line_that_is_none_is_damage(text):
    line = StoredLine(text, 7, "the journal")
    assert "intent" in line
    with pytest.raises(StateError, match="line 7 of the journal is damaged") as caught:
        line["intent"]
    assert caught.value.code == "journal_damaged"
