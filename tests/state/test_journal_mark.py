"""A journal that lost calls it had noted is not taken for one that a crash left."""

import errno
import os

import pytest

from ctsync.errors import StateError
from ctsync.state.journal_mark import JournalMark, is_behind
from ctsync.state.jsonl_store import JsonlStore

HEAD = {"lineage": "lineage-1", "serial": 3, "run": "r1"}
INTENTS = [{"intent": {"call": n, "spans": [[n, 1]], "wave": 1}} for n in range(3)]


def receipt(call):
    return {"receipt": {"call": call, "outcomes": [[1, "acknowledged"]]}}


@pytest.fixture
def store(tmp_path):
    return JsonlStore(tmp_path / "state.jsonl")


@pytest.fixture
def journal(store):
    """The journal of a run that was killed; calls were noted, and some answered."""
    with store.open_journal(HEAD) as writer:
        writer.append_plan([b'{"change":{}}\n'])
        for call, intent in enumerate(INTENTS):
            writer.append(intent, sync=True)
            if call < 2:
                writer.append(receipt(call), sync=False)
    return store.path.with_name("state.jsonl.journal")


def ways(journal):
    """Every beginning of a journal that ends with a line."""
    lines = journal.read_bytes().splitlines(keepends=True)
    return [b"".join(lines[:count]) for count in range(1, len(lines) + 1)]


def test_one_that_lost_a_call_it_had_noted_is_refused(store, journal):
    *cut, whole = ways(journal)
    for data in cut:
        journal.write_bytes(data)
        with pytest.raises(StateError) as refused:
            store.journal()
        assert refused.value.code == "journal_damaged"
        assert "state doubt --all" in refused.value.hint
    journal.write_bytes(whole)
    assert len([*store.journal().lines()]) == len(INTENTS) + 3


def test_one_that_lost_the_answers_after_its_last_call_is_what_a_crash_leaves(
    store, tmp_path
):
    with store.open_journal(HEAD) as writer:
        writer.append(INTENTS[0], sync=True)
        writer.append(receipt(0), sync=False)
        writer.append({"left": {"call": 0, "at": 1.0}}, sync=False)
    journal = tmp_path / "state.jsonl.journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    for count in (2, 3, 4):
        journal.write_bytes(b"".join(lines[:count]))
        assert len([*store.journal().lines()]) == count - 1


def test_one_that_is_gone_is_missed(store, journal):
    journal.unlink()
    with pytest.raises(StateError) as refused:
        store.journal()
    assert refused.value.code == "journal_gone"
    store.discard_journal()
    assert store.journal() is None


def test_another_journal_in_its_place_is_refused(store, journal, tmp_path):
    other = JsonlStore(tmp_path / "other.jsonl")
    with other.open_journal({**HEAD, "run": "r2"}) as writer:
        for intent in INTENTS * 9:
            writer.append(intent, sync=False)
    journal.write_bytes((tmp_path / "other.jsonl.journal").read_bytes())
    with pytest.raises(StateError, match="lacks calls"):
        store.journal()


def test_one_without_a_mark_is_taken_as_it_is(store, journal):
    journal.with_name("state.jsonl.sent").unlink()
    journal.write_bytes(ways(journal)[2])
    assert len([*store.journal().lines()]) == 2


@pytest.mark.parametrize("odd", [b"", b"\0" * 30, b"nothing\n"])
def test_a_mark_that_was_not_finished_says_nothing(store, journal, odd):
    journal.with_name("state.jsonl.sent").write_bytes(odd)
    assert store.journal() is not None


@pytest.mark.parametrize("name", ["state.jsonl.sent", "state.jsonl.journal"])
def test_a_disk_that_cannot_be_read_is_told_as_such(store, journal, name, monkeypatch):
    read, bad = os.pread, journal.with_name(name).stat().st_ino

    def failing(fd, *words):
        if os.fstat(fd).st_ino == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(fd, *words)

    monkeypatch.setattr(os, "pread", failing)
    mark = JournalMark(1, 1)
    acts = (store.journal, lambda: is_behind(journal, mark, "it"))
    for act in acts[: 1 + (name == journal.name)]:
        with pytest.raises(StateError, match=r"cannot read .*Input/output"):
            act()


def test_a_mark_goes_with_its_journal_and_is_private(store, journal):
    mark = journal.with_name("state.jsonl.sent")
    assert mark.stat().st_mode & 0o777 == 0o600
    store.discard_journal()
    assert not mark.exists()
    with store.open_journal({**HEAD, "run": "r2"}):
        assert not mark.exists()


def test_whoever_reads_while_a_run_ends_and_another_begins_is_not_alarmed(
    store, journal, monkeypatch
):
    from ctsync.state import file_store

    really = file_store.read_journal

    def read(path, location):
        monkeypatch.setattr(file_store, "read_journal", really)
        found = really(path, location)
        store.discard_journal()
        with store.open_journal({**HEAD, "run": "r2"}) as writer:
            writer.append(INTENTS[0], sync=True)
        return found

    monkeypatch.setattr(file_store, "read_journal", read)
    assert store.journal().head["run"] == "r2"
