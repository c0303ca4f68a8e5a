"""The ends of a saved plan: the head says what it is for, the foot what it comes to.

Both are sealed, so that they can be read without what lies between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from ctsync import __version__
from ctsync.canonical_json import parse
from ctsync.errors import PlanRefused
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.snapshot import Account, Base
from ctsync.plan.plan_checksum import lines, read_ends, refused
from ctsync.plan.policy import BlockedRule

FORMAT = "ctsync.savedplan/1"
_NUMBER = int(FORMAT.rpartition("/")[2])
_FORMATS = re.compile(rb'"format":"ctsync\.savedplan/([1-9][0-9]{0,8})"')


class PlanHead(Struct, frozen=True):
    """What a plan was made from and for.

    `talks_to` are the places that an apply of it talks to, `talked_to` those of the
    apply before. `unmarked` are attributes that were sensitive and that the catalog no
    longer calls so; they stay hidden.
    """

    account: Account
    base: Base
    environment: str | None = None
    project: str | None = None
    first_run: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    accepted: dict[str, int] = field(default_factory=dict)
    records_per_call: int = 100
    hides_identities: bool = False
    sandbox: bool = False
    inputs: tuple[tuple[str, str], ...] = ()
    talks_to: Mapping[str, str] = field(default_factory=dict)
    talked_to: Mapping[str, str] = field(default_factory=dict)
    unmarked: tuple[str, ...] = ()


class PlanFoot(Struct, frozen=True):
    """What a plan comes to.

    `survey` counts its changes. `places` are how many of them send anything. In a plain
    plan every key is as it would be folded. `table` is where the table of loads begins.
    The writer of a plan gives these and the digest.
    `skips` are, by name of a table of the spec, its skipped rows and all of its rows.
    """

    digest: str = ""
    places: int = 0
    is_plain: bool = True
    table: int = 0
    survey: ChangeStatistics = field(default_factory=ChangeStatistics)
    summary: dict[str, Any] = field(default_factory=dict)
    blocked: tuple[BlockedRule, ...] = ()
    left_out: int = 0
    locked: int = 0
    skips: Mapping[str, Sequence[int]] = field(default_factory=dict)
    diagnostics: tuple[dict[str, Any], ...] = ()
    diagnostic_totals: dict[str, int] = field(default_factory=dict)

    @property
    def profiles(self) -> dict[str, int]:
        """Counts of profiles."""
        counts: dict[str, int] = self.summary["profiles"]
        return counts

    @property
    def changes(self) -> int:
        """How many profiles the plan changes or releases something of."""
        return sum(self.profiles[name] for name in ("create", "update", "release"))

    @property
    def adds_up(self) -> bool:
        """Whether the counts that limits are held against are those of the changes."""
        survey, profiles = self.survey, self.profiles
        released = survey.only("releases")
        created = survey.having("creations")
        counts = {
            "create": created,
            "update": survey.changes - created - released,
            "release": released,
            "remove": survey.having("removals"),
        }
        return (
            all(profiles[name] == count for name, count in counts.items())
            and self.summary["opt_in"] == survey.having("opt-ins")
            and (self.locked > 0) == (survey.having("locked") > 0)
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
            hint='name a file that "ctsync plan --out FILE" wrote, or a project',
            code="plan_unreadable",
        ) from error


def plan_ends(file: BinaryIO, name: str) -> tuple[PlanEnds, str, int]:
    """Return the ends, the checksum, and where the bytes end that it is of."""
    head = next(lines(file), b"")
    found = _FORMATS.search(head)
    if found is not None and int(found[1]) > _NUMBER:
        # How a newer format is sealed is not known.
        raise _other_format(name, f"ctsync.savedplan/{int(found[1])}")
    try:
        ends = read_ends(file)
        checksum, foot = ends.says()
        data = dict(parse(head))
    except (ValueError, KeyError, TypeError) as error:
        raise refused(name) from error
    if data.get("format") != FORMAT:
        raise _other_format(name, data.get("format"))
    try:
        both = PlanEnds(_head_from_json(data), _foot_from_json(foot))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        words = f"{name} is not a plan that this ctsync can read"
        raise PlanRefused(words, code="plan_unreadable") from error
    return both, checksum, ends.seal_at


def _other_format(name: str, found: object) -> PlanRefused:
    return PlanRefused(
        f"{name} has format {found}, this ctsync ({__version__}) reads {FORMAT}",
        hint="apply it with the version that made it, or plan again",
        code="plan_format",
    )


def head_as_json(head: PlanHead) -> dict[str, Any]:
    """Return the first line."""
    base = {**head.base.as_json(), "digest": head.base.digest}
    said = {"format": FORMAT, "tool_version": __version__}
    return {**asdict(head), **said, "account": head.account.as_kept(), "base": base}


def _head_from_json(data: dict[str, Any]) -> PlanHead:
    head = PlanHead(**{key: data[key] for key in _HEAD_FIELDS})
    return replace(
        head,
        account=Account(**data["account"]),
        base=Base(**data["base"]),
        targets=tuple(data["targets"]),
        unmarked=tuple(data["unmarked"]),
        excludes=tuple(data["excludes"]),
        inputs=tuple((file, digest) for file, digest in data["inputs"]),
    )


_HEAD_FIELDS = PlanHead.__struct_fields__


def foot_as_json(foot: PlanFoot) -> dict[str, Any]:
    """Return the foot as its line has it."""
    blocked = [rule.as_json() for rule in foot.blocked]
    return {**asdict(foot), "survey": foot.survey.as_json(), "blocked": blocked}


def _foot_from_json(data: dict[str, Any]) -> PlanFoot:
    foot = PlanFoot(**{key: data[key] for key in _FOOT_FIELDS})
    return replace(
        foot,
        survey=ChangeStatistics.from_json(data["survey"]),
        blocked=tuple(BlockedRule(**rule) for rule in data["blocked"]),
        diagnostics=tuple(data["diagnostics"]),
    )


_FOOT_FIELDS = PlanFoot.__struct_fields__
