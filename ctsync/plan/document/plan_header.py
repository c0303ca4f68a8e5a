"""The ends of a saved plan: the head says what it is for, the foot what it comes to.

Both are sealed, so that they can be read without what lies between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from msgspec import Struct, convert, to_builtins
from msgspec.structs import asdict

from ctsync import __version__
from ctsync.canonical_json import parse
from ctsync.errors import PlanRefused
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.flows import Flow
from ctsync.model.plan import PlanEnds, PlanFoot, PlanHead
from ctsync.plan.document.plan_checksum import Ends, lines, read_ends, refused
from ctsync.plan.policy import Counts
from ctsync.timezones import zone_named

FORMAT = "ctsync.savedplan/1"
_NUMBER = int(FORMAT.rpartition("/")[2])
# It is searched in the first line of any file, and int() refuses thousands of digits.
_FORMATS = re.compile(rb'"format":"ctsync\.savedplan/([1-9][0-9]{0,8})"')


def counts_of(
    foot: PlanFoot,
    *,
    entries: int,
    skips: Mapping[str, Sequence[int]],
    vanished: Mapping[str, Sequence[int]],
    first_run: bool,
) -> Counts:
    """Return what limits are held against."""
    profiles = foot.profiles
    return Counts(
        entries=entries,
        create=profiles["create"],
        update=profiles["update"],
        remove=profiles["remove"],
        opt_in=foot.summary["opt_in"],
        locked=foot.locked,
        skips=skips,
        vanished=vanished,
        first_run=first_run,
    )


def open_ends(path: Path) -> PlanEnds:
    """Read head and foot of a saved plan, however long it is.

    Raises:
        PlanRefused: it cannot be read, or its ends are not as they were written.
    """
    with opened(path) as file:
        return plan_ends(file, str(path))[0]


def opened(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        PlanRefused: it cannot be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        words = f"plan {path} cannot be read: {error.strerror}"
        raise PlanRefused(
            words,
            hint='make it with "ctsync plan --out FILE", or name another, or a project',
            code="plan_unreadable",
        ) from error


def plan_ends(file: BinaryIO, name: str) -> tuple[PlanEnds, str, Ends]:
    """Return what the ends say, the checksum, and the ends as they stand."""
    head = next(lines(file), b"")
    found = _FORMATS.search(head)
    if found is not None and int(found[1]) > _NUMBER:
        # How a newer format is sealed is not known.
        raise _other_format(name, f"ctsync.savedplan/{int(found[1])}")
    try:
        ends = read_ends(file)
        checksum, foot = ends.says()
        data = dict(parse(head))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refused(name) from error
    if data.get("format") != FORMAT:
        raise _other_format(name, data.get("format"))
    try:
        both = PlanEnds(_head_from_json(data), _foot_from_json(foot))
    except ValueError as error:
        words = f"{name} is not a plan that this ctsync can read"
        raise PlanRefused(words, code="plan_unreadable") from error
    return both, checksum, ends


def _other_format(name: str, found: object) -> PlanRefused:
    return PlanRefused(
        f"{name} has format {found}, this ctsync ({__version__}) reads {FORMAT}",
        hint="apply it with the version that made it, or plan again",
        code="plan_format",
    )


def head_as_json(head: PlanHead) -> dict[str, Any]:
    """Return the first line."""
    return {**to_builtins(head), "format": FORMAT}


def _head_from_json(data: dict[str, Any]) -> PlanHead:
    said = {name: value for name, value in data.items() if name != "format"}
    _check_fields(said, PlanHead)
    head = convert(said, PlanHead)
    if head.timezone != "UTC" and zone_named(head.timezone) is None:
        msg = "no such time zone"
        raise ValueError(msg)
    return head


def foot_as_json(foot: PlanFoot) -> dict[str, Any]:
    """Return the foot as its line has it."""
    listed = {
        "blocked": to_builtins(foot.blocked),
        "diagnostics": to_builtins(foot.diagnostics),
        "pending": to_builtins(foot.pending),
    }
    return {**asdict(foot), **listed, "survey": foot.survey.as_json()}


class _Profiles(TypedDict):
    entries: int
    create: int
    update: int
    release: int
    remove: int
    undeclared: int
    unchanged: int
    skipped: int


class _InFiles(TypedDict):
    profiles: int
    operations: int


class _Summary(TypedDict):
    profiles: _Profiles
    operations: dict[str, int]
    opt_in: int
    once_held: int
    records: int
    calls: int
    channels: dict[str, _InFiles]


class _Survey(TypedDict):
    operations: dict[str, dict[str, int]]
    traits: dict[str, int]
    flows: list[Flow]


def _foot_from_json(data: dict[str, Any]) -> PlanFoot:
    said = {name: value for name, value in data.items() if name != "bytes"}
    _check_fields(said, PlanFoot)
    said["survey"] = ChangeStatistics.from_json(convert(said["survey"], _Survey))
    said["summary"] = convert(said["summary"], _Summary)
    return convert(said, PlanFoot)


def _check_fields(said: Mapping[str, Any], kind: type[Struct]) -> None:
    # `convert` would take a default for what is missing, of which no seal knows.
    if said.keys() != {*kind.__struct_fields__}:
        msg = "other fields"
        raise ValueError(msg)
