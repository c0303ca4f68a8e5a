"""What `ctsync doctor` looks at around the state, one check a function."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.cli.doctor.doctor_findings import Checked, Doctor
from ctsync.errors import StateLocked

if TYPE_CHECKING:
    from ctsync.state import Store
    from ctsync.state.high_water import MarkPlace

_GIT_SECONDS = 10


def check_state(doctor: Doctor, name: str) -> Iterator[Checked]:
    """Read the state, and tell what a run left there."""
    from ctsync.apply.recover import folded_view
    from ctsync.state import check_account

    store = doctor.store()
    header = folded_view(store).header
    check_account(header, doctor.session.account, location=store.location)
    if header is None:
        yield Checked(
            name,
            "warning",
            f"there is no state at {store.location} yet: the next apply is a first run",
            '"ctsync import spec" fills it for an account that is in use',
        )
    elif store.journal() is not None:
        yield Checked(
            name,
            "warning",
            "a run is at work, or was cut off and left its journal",
            "the next apply takes it up; do not remove the journal",
        )
    else:
        what = f"serial {header.serial}, {header.entries:,} profiles"
        yield Checked(name, "ok", f"{store.location} is at {what}")


def check_store(doctor: Doctor, name: str) -> Iterator[Checked]:
    """Try out what the store relies on."""
    store = doctor.store()
    faults = store.probe()
    for fault in faults:
        yield Checked(name, "error", fault.message, fault.hint)
    if not faults:
        yield Checked(name, "ok", f"a state can be kept at {store.location}")


def check_lock(doctor: Doctor, name: str) -> Iterator[Checked]:
    """Take the lock, unless somebody holds it."""
    from ctsync.cli.run_identity import run_identity

    store = doctor.store()
    # To take the lock of a state makes its folder and files, and doctor leaves nothing.
    if store.read().header is None:
        yield Checked(name, "skipped", "nothing to lock", "there is no state yet")
        return
    try:
        with store.lock(run_identity()):
            pass
    except StateLocked as error:
        yield Checked(name, "warning", error.message, error.hint)
    else:
        yield Checked(name, "ok", "the lock can be taken, and nobody holds it")


def check_place(doctor: Doctor, name: str) -> Iterator[Checked]:
    """See whether the state outlives the job of a pipeline."""
    path = _path_of(doctor)
    if path is None:
        yield Checked(name, "skipped", "the state is in no file of its own", "")
    elif os.environ.get("CI") and path.is_relative_to(_checkout(doctor)):
        yield Checked(
            name,
            "error",
            "the state lies in the checkout of a pipeline and goes with the job, so "
            "each run would be a FIRST RUN and assign everything anew",
            "keep it in a database or a bucket, or on a disk that outlives the job",
        )
    else:
        yield Checked(name, "ok", "the state outlives a job")


def check_tracked(doctor: Doctor, name: str) -> Iterator[Checked]:
    """See whether git tracks the state."""
    path = _path_of(doctor)
    if path is None or not path.exists():
        yield Checked(name, "skipped", "there is no state file", "nothing to track")
    elif not _is_tracked(path):
        yield Checked(name, "ok", "git does not track the state")
    else:
        counters = _has_counters(doctor.store())
        why = (
            "a checkout of an older commit would raise counters again"
            if counters
            else "it holds personal data in clear"
        )
        yield Checked(
            name,
            "warning",
            f"git tracks the state file: {why}",
            "git rm --cached it, and ignore state*.jsonl*",
        )


def _is_tracked(path: Path) -> bool:
    git = shutil.which("git")
    if git is None:
        return False
    place = ["-C", str(path.parent), "ls-files", "--error-unmatch", "--", path.name]
    try:
        done = subprocess.run(  # noqa: S603 - a program of this machine, a path after --
            [git, *place], capture_output=True, check=False, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _has_counters(store: Store) -> bool:
    return any(
        known.kind == "counter"
        for entry in store.read().entries()
        for known in entry.attributes.values()
    )


def _path_of(doctor: Doctor) -> Path | None:
    """Return the file or folder of the state, or None where it is none."""
    from ctsync.state.file_store import FileStore

    store = doctor.store()
    path = getattr(store, "path", None)
    if doctor.session.settings.sandbox or not isinstance(store, FileStore):
        return None
    return Path(os.path.realpath(path)) if path is not None else None


def _checkout(doctor: Doctor) -> Path:
    from ctsync.cli.init.project_templates import top_of_repository

    return Path(os.path.realpath(top_of_repository(doctor.session.project.root)))


def check_mark_of_state(doctor: Doctor, name: str) -> Iterator[Checked]:
    """Hold the state against its high-water mark, or propose one."""
    from ctsync.apply.recover import folded_view
    from ctsync.cli.high_water import check_mark, high_water_place

    place = high_water_place(doctor.session)
    if place is None:
        yield Checked(name, "skipped", "no mark says how far the state had come", _MARK)
        return
    mark = place.read()
    if mark is not None:
        check_mark(mark, folded_view(doctor.store()).header)
    if _lies_with_state(doctor, place):
        message = "the mark lies with the state, and is restored with it"
        hint = "keep it in another folder, bucket or prefix"
        yield Checked(name, "warning", message, hint)
    elif mark is None:
        message = f"there is no mark yet: the next apply writes {place.shown}"
        yield Checked(name, "ok", message)
    else:
        message = f"the state has not gone back behind serial {mark.serial}"
        yield Checked(name, "ok", message)


_MARK = (
    "name an object or file apart from the state in CTSYNC_HIGH_WATER: a state that is "
    "restored from a copy is then noticed before a counter moves"
)


def _lies_with_state(doctor: Doctor, place: MarkPlace) -> bool:
    """Return whether whoever restores the state would restore its mark with it."""
    from ctsync.state.high_water import VARIABLE, MarkFile

    session = doctor.session
    state = session.project.state(os.environ)
    if not isinstance(place, MarkFile) or "://" in state.location:
        return os.environ[VARIABLE].startswith(state.location)
    beside = session.project.root / state.location
    home = beside if state.location.endswith("/") else beside.parent
    return Path(os.path.realpath(place.path)).parent == Path(os.path.realpath(home))
