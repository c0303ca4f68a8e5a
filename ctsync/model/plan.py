"""What a plan says of itself before and after its changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ctsync import __version__
from ctsync.diagnostics import Diagnostic
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.due_import import Standing
from ctsync.model.snapshot import Account, Base


class BlockedRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule that forbids a plan. `accept` is the option that would lift it."""

    rule: str
    limit: str
    actual: int
    accept: str | None


class PendingFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of which the platform may still tell, until some epoch seconds.

    `standing` says whether it is in effect. So many operations, on so many profiles,
    are left alone until then.
    """

    file: str
    since: float
    until: float
    standing: Standing
    operations: int = 0
    profiles: int = 0


class PlanHead(Struct, frozen=True):
    """What a plan was made from and for; `revert` is the run that it undoes.

    `talks_to` are the places that an apply of it talks to, `talked_to` those of the
    apply before. `unmarked` are attributes that were sensitive and that the catalog no
    longer calls so; they stay hidden.
    `passcode_variable` is the name of the variable that holds the passcode,
    `notify_host` the host that hears of an apply, `import_door` where its files go.
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
    import_door: str | None = None
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
    `pending` are files of which the platform may still tell.
    """

    digest: str = ""
    places: int = 0
    survey: ChangeStatistics = field(default_factory=ChangeStatistics)
    summary: dict[str, Any] = field(default_factory=dict)
    blocked: tuple[BlockedRule, ...] = ()
    left_out: int = 0
    locked: int = 0
    skips: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    vanished: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    pending: tuple[PendingFile, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    diagnostic_totals: dict[str, int] = field(default_factory=dict)

    @property
    def profiles(self) -> dict[str, int]:
        """Counts of profiles."""
        counts: dict[str, int] = self.summary["profiles"]
        return counts

    def profiles_by(self, channel: str) -> int:
        """Return to how many profiles something goes in files of a channel."""
        channels: dict[str, dict[str, int]] = self.summary["channels"]
        return channels.get(channel, {}).get("profiles", 0)

    @property
    def by_file(self) -> int:
        """To how many profiles something goes in a file, and by no call."""
        channels: dict[str, dict[str, int]] = self.summary["channels"]
        return sum(each["profiles"] for each in channels.values())

    @property
    def changes(self) -> int:
        """How many profiles the plan changes or releases something of."""
        return sum(self.profiles[name] for name in ("create", "update", "release"))


class PlanEnds(Struct, frozen=True, weakref=True):
    """Head and foot of a saved plan: what it is for, and what it comes to.

    They are sealed. What lies between was not read, so nothing may be sent by them.
    """

    head: PlanHead
    foot: PlanFoot
