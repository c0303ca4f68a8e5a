"""What `ctsync doctor` looks at, one check a function; each says what to do."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice

from ctsync import __version__
from ctsync.cli.doctor.doctor_findings import Checked, Doctor
from ctsync.cli.doctor.doctor_state import (
    check_lock,
    check_mark_of_state,
    check_place,
    check_state,
    check_store,
    check_tracked,
)
from ctsync.errors import CtsyncError, SpecError

_CLOCK_SECONDS = 60.0


def findings_of(doctor: Doctor) -> Iterator[Checked]:
    """Yield what every check finds, in a fixed order."""
    for name, check in CHECKS.items():
        try:
            yield from check(doctor, name)
        except CtsyncError as error:
            yield Checked(name, "error", error.message, _hint(error))


def _hint(error: CtsyncError) -> str | None:
    if not isinstance(error, SpecError):
        return error.hint
    hints = {finding.hint for finding in error.findings if finding.hint}
    return "; ".join(sorted(hints)) or error.hint


def _versions(doctor: Doctor, name: str) -> Iterator[Checked]:
    python = ".".join(map(str, sys.version_info[:3]))
    ours = f"ctsync {__version__} on Python {python}"
    header = doctor.store().read_unverified().header
    written_by = "" if header is None else header.tool_version
    if _numbers(written_by) > _numbers(__version__):
        message = f"{ours}; the state was written by ctsync {written_by}"
        yield Checked(name, "warning", message, "install that version here too")
    else:
        yield Checked(name, "ok", ours)


def _numbers(version: str) -> tuple[int, ...]:
    # Behind a plus stands the build, which makes no version later.
    return tuple(map(int, re.findall(r"\d+", version.partition("+")[0])))


def _project(doctor: Doctor, name: str) -> Iterator[Checked]:
    from ctsync.plan.make_plan import check_project

    session, project = doctor.session, doctor.session.project
    mask = session.mask(None)
    findings = check_project(project, session.sources, mask, project.findings)
    errors, warnings = findings.count("error"), findings.count("warning")
    if errors:
        hint = '"ctsync validate" shows them'
        yield Checked(name, "error", f"the project has {errors:,} errors", hint)
    elif warnings:
        hint = '"ctsync validate" shows them'
        yield Checked(name, "warning", f"the project has {warnings} warnings", hint)
    else:
        yield Checked(name, "ok", "the project can be read")


def _region(doctor: Doctor, name: str) -> Iterator[Checked]:
    from ctsync.transport.http import base_url

    account = doctor.session.account
    if not doctor.session.settings.sandbox:
        base_url(account)
    shown = account.shown
    where = f"region {shown.region}"
    if shown.endpoint is not None:
        where += f", by way of {shown.endpoint}"
    yield Checked(name, "ok", f"account {shown.id} in {where}")


def _credentials(doctor: Doctor, name: str) -> Iterator[Checked]:
    if doctor.offline:
        yield Checked(name, "skipped", "no call was sent", "--offline")
        return
    from ctsync.transport.upload_result import CallEnding

    answer = doctor.answer
    if answer.happened is CallEnding.REPLIED:
        yield Checked(name, "ok", "the platform takes the passcode (dryRun=1)")
    elif answer.happened is CallEnding.UNAUTHORISED:
        yield Checked(
            name,
            "error",
            "the platform refuses account id and passcode in this region",
            "copy both and the region from the dashboard; a passcode is not the token "
            "that SDKs use",
        )
    else:
        yield Checked(
            name,
            "error",
            f"a harmless call had no good answer: {answer.message}",
            "see that this machine reaches the platform, and try again",
        )


def _sftp(doctor: Doctor, name: str) -> Iterator[Checked]:
    door = doctor.session.sftp_door()
    if door is None:
        return
    if doctor.offline:
        yield Checked(name, "skipped", "nobody logged in", "--offline")
        return
    from ctsync.transport.sftp_put import look_at

    look_at(door)
    where = f"{door.public_folder} on {door.server}"
    yield Checked(name, "ok", f"files for imports can go to {where}")


def _clock(doctor: Doctor, name: str) -> Iterator[Checked]:
    behind, whom = max(_behind(doctor), default=(0.0, ""))
    ahead, whom_ahead = max(_ahead(doctor), default=(0.0, ""))
    hint = "set it by NTP: the history says by it when a run was"
    if behind > _CLOCK_SECONDS:
        message = f"the clock of this machine is {behind:.0f} s behind {whom}"
        yield Checked(name, "warning", message, hint)
    elif ahead > _CLOCK_SECONDS:
        message = f"the clock of this machine is {ahead:.0f} s ahead of {whom_ahead}"
        yield Checked(name, "warning", message, hint)
    else:
        said = datetime.fromtimestamp(doctor.now, UTC).isoformat(timespec="seconds")
        yield Checked(name, "ok", f"it is {said.replace('+00:00', 'Z')}")


def _behind(doctor: Doctor) -> Iterator[tuple[float, str]]:
    from ctsync.cli.states.state_history import run_of

    for last in islice(doctor.store().runs(), 1):
        yield run_of(last).started - doctor.now, "the last run"
    for ahead, whom in _ahead(doctor):
        yield -ahead, whom


def _ahead(doctor: Doctor) -> Iterator[tuple[float, str]]:
    told = None if doctor.offline else _told_time(doctor)
    if told is not None:
        yield doctor.now - told, "the platform's"


def _told_time(doctor: Doctor) -> float | None:
    try:
        return doctor.answer.told_time
    except CtsyncError:
        return None  # of the credentials, which have their own check


CHECKS: dict[str, Callable[[Doctor, str], Iterator[Checked]]] = {
    "versions": _versions,
    "project": _project,
    "region": _region,
    "credentials": _credentials,
    "sftp": _sftp,
    "state": check_state,
    "store": check_store,
    "lock": check_lock,
    "place": check_place,
    "tracked": check_tracked,
    "high_water": check_mark_of_state,
    "clock": _clock,
}
