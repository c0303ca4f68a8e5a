"""A leased file stays; where there are no locks, files are only read."""

import errno
import fcntl

import pytest

from ctsync.state.file_leases import lease, remove_unleased


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "segment"
    made.write_bytes(b"entries")
    return made


def failing(monkeypatch, number):
    def refuse(*_):
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_a_file_stays_as_long_as_anybody_reads_it(path):
    first, second = lease(path), lease(path)
    remove_unleased(path)
    assert path.exists()
    del first
    remove_unleased(path)
    assert path.exists()
    del second
    remove_unleased(path)
    assert not path.exists()


def test_a_file_that_is_removed_before_it_is_leased_is_not_there(path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: path.unlink())
    with pytest.raises(FileNotFoundError) as refused:
        lease(path)
    assert refused.value.filename == str(path)


def test_where_there_are_no_locks_a_file_can_be_read(path, monkeypatch):
    failing(monkeypatch, errno.ENOLCK)
    assert lease(path).size == len(b"entries")


def test_any_other_fault_of_a_lock_is_one(path, monkeypatch):
    failing(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="no locks"):
        lease(path)


def test_what_cannot_be_removed_stays_without_a_word(path, monkeypatch):
    failing(monkeypatch, errno.EIO)
    remove_unleased(path)
    remove_unleased(path.parent / "not there")
    assert path.exists()
