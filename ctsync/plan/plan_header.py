"""The ends of a saved plan: the head says what it is for, the foot what it comes to.

Both are sealed, so that they can be read without what lies between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

import msgspec
from msgspec import Struct, field, to_builtins
from msgspec.structs import asdict

from ctsync import __version__
from ctsync.canonical_json import parse
from ctsync.diagnostics import Diagnostic
from ctsync.errors import PlanRefused
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.flows import Flow
from ctsync.model.snapshot import Account, Base
from ctsync.plan.plan_checksum import Ends, lines, read_ends, refused
from ctsync.plan.policy import BlockedRule, Counts
from ctsync.timezones import zone_named

FORMAT = "ctsync.savedplan/1"
_NUMBER = int(FORMAT.rpartition("/")[2])
_FORMATS = re.compile(rb'"format":"ctsync\.savedplan/([1-9][0-9]{0,8})"')


class PlanHead(Struct, frozen=True):
    """What a plan was made from and for; `revert` is the run that it undoes.

    `talks_to` are the places that an apply of it talks to, `talked_to` those of the
    apply before. `unmarked` are attributes that were sensitive and that the catalog no
    longer calls so; they stay hidden.
    `passcode_variable` is the name of the variable that holds the passcode,
    `notify_host` the host that hears of an apply.
    `timezone` is the one that the plan shows its dates in.
    `refreshed` counts what was read of the platform before: the state itself does not
    know of it.
    """

    account: Account
    base: Base
    environment: str | None = None
    project: str | None = None
    first_run: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    accepted: dict[str, int] = field(default_factory=dict)
    passcode_variable: str | None = None
    notify_host: str | None = None
    records_per_call: int = 100
    hides_identities: bool = False
    timezone: str = "UTC"
    sandbox: bool = False
    inputs: tuple[tuple[str, str], ...] = ()
    talks_to: Mapping[str, str] = field(default_factory=dict)
    talked_to: Mapping[str, str] = field(default_factory=dict)
    unmarked: tuple[str, ...] = ()
    tool_version: str = __version__
    revert: str | None = None
    refreshed: Mapping[str, int] = field(default_factory=dict)


class PlanFoot(Struct, frozen=True):
    """What a plan comes to.

    `digest`, `survey` (which counts the changes), `places` (how many of them send
    anything), `locked` and most of `summary` follow from the changes, whoever says
    what.
    `skips` are, by name of a table of the spec, its skipped rows and all of its rows;
    `vanished` the rows that it lost since the last apply and all that it had then.
    """

    digest: str = ""
    places: int = 0
    survey: ChangeStatistics = field(default_factory=ChangeStatistics)
    summary: dict[str, Any] = field(default_factory=dict)
    blocked: tuple[BlockedRule, ...] = ()
    left_out: int = 0
    locked: int = 0
    skips: Mapping[str, Sequence[int]] = field(default_factory=dict)
    vanished: Mapping[str, Sequence[int]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    diagnostic_totals: dict[str, int] = field(default_factory=dict)

    @property
    def profiles(self) -> dict[str, int]:
        """Counts of profiles."""
        counts: dict[str, int] = self.summary["profiles"]
        return counts

    @property
    def by_file(self) -> int:
        """To how many profiles something goes in a file, and by no call."""
        channels: dict[str, dict[str, int]] = self.summary["channels"]
        return sum(each["profiles"] for each in channels.values())

    @property
    def changes(self) -> int:
        """How many profiles the plan changes or releases something of."""
        return sum(self.profiles[name] for name in ("create", "update", "release"))


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


class PlanEnds(Struct, frozen=True, weakref=True):
    """Head and foot of a saved plan: what it is for, and what it comes to.

    They are sealed. What lies between was not read, so nothing may be sent by them.
    """

    head: PlanHead
    foot: PlanFoot


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
    except (ValueError, msgspec.ValidationError) as error:
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
    head = msgspec.convert(said, PlanHead)
    if head.timezone != "UTC" and zone_named(head.timezone) is None:
        msg = "no such time zone"
        raise ValueError(msg)
    return head


def foot_as_json(foot: PlanFoot) -> dict[str, Any]:
    """Return the foot as its line has it."""
    blocked = [rule.as_json() for rule in foot.blocked]
    said = {"survey": foot.survey.as_json(), "blocked": blocked}
    return {**asdict(foot), **said, "diagnostics": to_builtins(foot.diagnostics)}


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
    return PlanFoot(
        digest=msgspec.convert(said["digest"], str),
        places=msgspec.convert(said["places"], int),
        survey=ChangeStatistics.from_json(msgspec.convert(said["survey"], _Survey)),
        summary=dict(msgspec.convert(said["summary"], _Summary)),
        blocked=msgspec.convert(said["blocked"], tuple[BlockedRule, ...]),
        left_out=msgspec.convert(said["left_out"], int),
        locked=msgspec.convert(said["locked"], int),
        skips=msgspec.convert(said["skips"], dict[str, tuple[int, int]]),
        vanished=msgspec.convert(said["vanished"], dict[str, tuple[int, int]]),
        diagnostics=msgspec.convert(said["diagnostics"], tuple[Diagnostic, ...]),
        diagnostic_totals=msgspec.convert(said["diagnostic_totals"], dict[str, int]),
    )


def _check_fields(said: Mapping[str, Any], kind: type[Struct]) -> None:
    if said.keys() != {*kind.__struct_fields__}:
        msg = "other fields"
        raise ValueError(msg)
