"""What `ctsync doctor` looks at, one check a function; each says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ctsync import __version__
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import CtsyncError, StateLocked

if TYPE_CHECKING:
    from ctsync.state import Store

Status = Literal["ok", "warning", "error", "skipped"]
_CLOCK_SECONDS = 60.0
_GIT_SECONDS = 10


class Finding(Struct, frozen=True):
    """What one check found. `hint` says what to do, or why it was skipped."""

    check: str
    status: Status
    message: str
    hint: str | None = None


class Doctor(Struct, frozen=True):
    """The project to look at; `now` is in epoch seconds."""

    session: ProjectSession
    now: float
    offline: bool = False

    def findings(self) -> Iterator[Finding]:
        """Yield what every check finds, in a fixed order."""
        for name, check in CHECKS.items():
            try:
                yield from check(self, name)
            except CtsyncError as error:
                yield Finding(name, "error", error.message, error.hint)

    def store(self) -> Store:
        """Return the store of the state."""
        return self.session.store()


def _versions(_: Doctor, name: str) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding(name, "ok", f"ctsync {__version__} on Python {python}")


def _project(doctor: Doctor, name: str) -> Iterator[Finding]:
    from ctsync.plan.make_plan import check_project

    session, project = doctor.session, doctor.session.project
    mask = session.mask(None)
    findings = check_project(project, session.sources, mask, project.findings)
    errors, warnings = findings.count("error"), findings.count("warning")
    if errors:
        hint = '"ctsync validate" shows them'
        yield Finding(name, "error", f"the project has {errors} errors", hint)
    elif warnings:
        hint = '"ctsync validate" shows them'
        yield Finding(name, "warning", f"the project has {warnings} warnings", hint)
    else:
        yield Finding(name, "ok", "the project can be read")


def _region(doctor: Doctor, name: str) -> Iterator[Finding]:
    from ctsync.transport.http import base_url

    account = doctor.session.account
    if not doctor.session.settings.sandbox:
        base_url(account)
    shown = account.shown
    where = f"region {shown.region}"
    if shown.endpoint is not None:
        where += f", by way of {shown.endpoint}"
    yield Finding(name, "ok", f"account {shown.id} in {where}")


def _credentials(doctor: Doctor, name: str) -> Iterator[Finding]:
    if doctor.offline:
        yield Finding(name, "skipped", "no call was sent", "--offline")
        return
    from ctsync.cli.send_plan import connect_to
    from ctsync.transport.upload_result import CallEnding

    with ExitStack() as stack:
        transport = connect_to(doctor.session, stack)
        stack.callback(transport.close)
        answer = transport.upload(_HARMLESS, dry_run=True)
    if answer.happened is CallEnding.REPLIED:
        yield Finding(name, "ok", "the platform takes the passcode (dryRun=1)")
    elif answer.happened is CallEnding.UNAUTHORISED:
        yield Finding(
            name,
            "error",
            "the platform refuses account id and passcode in this region",
            "copy both and the region from the dashboard; a passcode is not the token "
            "that SDKs use",
        )
    else:
        yield Finding(
            name,
            "error",
            f"a harmless call had no good answer: {answer.happened.value}",
            "see that this machine reaches the platform, and try again",
        )


# Checked by the platform and not stored (founding document on dryRun=1).
_HARMLESS = (
    b'{"d":[{"identity":"ctsync-doctor","profileData":{"Name":"ctsync doctor"},'
    b'"type":"profile"}]}'
)


def _state(doctor: Doctor, name: str) -> Iterator[Finding]:
    from ctsync.apply.recover import folded_view
    from ctsync.state import check_account

    store = doctor.store()
    header = folded_view(store).header
    check_account(header, doctor.session.account, location=store.location)
    if header is None:
        yield Finding(
            name,
            "warning",
            f"there is no state at {store.location} yet: the next apply is a first run",
            '"ctsync import spec" fills it for an account that is in use',
        )
    elif store.journal() is not None:
        yield Finding(
            name,
            "warning",
            "a run is at work, or was cut off and left its journal",
            "the next apply takes it up; do not remove the journal",
        )
    else:
        what = f"serial {header.serial}, {header.entries} profiles"
        yield Finding(name, "ok", f"{store.location} is at {what}")


def _store(doctor: Doctor, name: str) -> Iterator[Finding]:
    store = doctor.store()
    faults = store.probe()
    for fault in faults:
        yield Finding(name, "error", fault.message, fault.hint)
    if not faults:
        yield Finding(name, "ok", f"a state can be kept at {store.location}")


def _lock(doctor: Doctor, name: str) -> Iterator[Finding]:
    from ctsync.cli.run_identity import run_identity

    store = doctor.store()
    if store.read().header is None:
        yield Finding(name, "skipped", "nothing to lock", "there is no state yet")
        return
    try:
        with store.lock(run_identity()):
            pass
    except StateLocked as error:
        yield Finding(name, "warning", error.message, error.hint)
    else:
        yield Finding(name, "ok", "the lock can be taken, and nobody holds it")


def _place(doctor: Doctor, name: str) -> Iterator[Finding]:
    path = _path_of(doctor)
    if path is None:
        yield Finding(name, "skipped", "the state is in no file of its own", "")
    elif os.environ.get("CI") and path.is_relative_to(_checkout(doctor)):
        yield Finding(
            name,
            "error",
            "the state lies in the checkout of a pipeline and goes with the job, so "
            "each run would be a FIRST RUN and assign everything anew",
            "keep it in a database or a bucket, or on a disk that outlives the job",
        )
    else:
        yield Finding(name, "ok", "the state outlives a job")


def _tracked(doctor: Doctor, name: str) -> Iterator[Finding]:
    path = _path_of(doctor)
    if path is None or not path.exists():
        yield Finding(name, "skipped", "there is no state file", "nothing to track")
    elif not _is_tracked(path):
        yield Finding(name, "ok", "git does not track the state")
    else:
        counters = _has_counters(doctor.store())
        why = (
            "a checkout of an older commit would raise counters again"
            if counters
            else "it holds personal data in clear"
        )
        yield Finding(
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
    from ctsync.cli.project_templates import top_of_repository

    return Path(os.path.realpath(top_of_repository(doctor.session.project.root)))


def _high_water(doctor: Doctor, name: str) -> Iterator[Finding]:
    from ctsync.apply.recover import folded_view
    from ctsync.cli.high_water import VARIABLE, check_high_water, read_high_water

    if read_high_water(doctor.session) is None:
        hint = f"name a file apart from the state in {VARIABLE}: a state that is "
        hint += "restored from a copy is then noticed before a counter moves"
        yield Finding(name, "skipped", "no mark says how far the state had come", hint)
        return
    check_high_water(doctor.session, folded_view(doctor.store()).header)
    yield Finding(name, "ok", "the state has not gone back")


def _clock(doctor: Doctor, name: str) -> Iterator[Finding]:
    from ctsync.cli.state_history import run_of

    last = next(doctor.store().runs(), None)
    behind = 0.0 if last is None else run_of(last).started - doctor.now
    if behind > _CLOCK_SECONDS:
        yield Finding(
            name,
            "warning",
            f"the clock of this machine is {behind:.0f} s behind the last run",
            "set it by NTP: the history says when a run was by it",
        )
    else:
        said = datetime.fromtimestamp(doctor.now, UTC).isoformat(timespec="seconds")
        yield Finding(name, "ok", f"it is {said.replace('+00:00', 'Z')}")


CHECKS: dict[str, Callable[[Doctor, str], Iterator[Finding]]] = {
    "versions": _versions,
    "project": _project,
    "region": _region,
    "credentials": _credentials,
    "state": _state,
    "store": _store,
    "lock": _lock,
    "place": _place,
    "tracked": _tracked,
    "high_water": _high_water,
    "clock": _clock,
}
