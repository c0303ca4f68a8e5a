"""Folders of a process's own: private, let go, and removed by whoever comes next."""

import os

import pytest
from descriptors import open_below

from ctsync.files import own_folder as module
from ctsync.files.own_folder import PREFIX, OwnFolder, remove_abandoned


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_private_and_goes_with_its_user(folder):
    made = OwnFolder()
    (made.path / "copy").write_text("personal")
    assert made.path.stat().st_mode & 0o777 == 0o700
    del made
    assert list(folder.iterdir()) == []
    assert open_below(folder) == []


def test_what_somebody_uses_is_left_alone(folder):
    made = OwnFolder()
    (made.path / "copy").write_text("personal")
    remove_abandoned(folder)
    assert (made.path / "copy").read_text() == "personal"


def test_a_folder_that_was_tidied_away_before_it_was_locked_is_made_again(
    folder, monkeypatch
):
    flock, met = module.fcntl.flock, []

    def late(lock, how):
        if not met:
            met.extend(folder.iterdir())
            met[0].rmdir()
        flock(lock, how)

    monkeypatch.setattr(module.fcntl, "flock", late)
    made = OwnFolder()
    assert list(folder.iterdir()) == [made.path]
    assert open_below(folder) == [str(made.path.resolve())]


def test_whoever_comes_next_removes_what_was_left(folder):
    left = folder / f"{PREFIX}left"
    left.mkdir()
    (left / "copy").write_text("personal")
    made = OwnFolder()
    assert list(folder.iterdir()) == [made.path]
    assert open_below(folder) == [str(made.path.resolve())]


def test_what_is_somebody_elses_is_left_alone(folder, monkeypatch):
    theirs = folder / f"{PREFIX}theirs"
    theirs.mkdir()
    monkeypatch.setattr(module.os, "geteuid", lambda: os.getuid() + 1)
    remove_abandoned(folder)
    assert theirs.is_dir()
    with pytest.raises(PermissionError):
        module._opened(theirs)
    assert open_below(folder) == []
