"""What the project file sets: target, policy, and how values are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import asdict

from ctsync.diagnostics import Diagnostic
from ctsync.kinds.base import ValueContext
from ctsync.limits import WIDEST, PlatformLimits
from ctsync.model.contribution import Path
from ctsync.model.due_import import WAIT_SECONDS
from ctsync.model.fault import Fault
from ctsync.model.operation import API
from ctsync.model.policy import (
    DEFAULT_LIMITS,
    ChannelTerms,
    Policy,
    UploadTerms,
    parse_limit,
)
from ctsync.model.run import KEPT_RUNS
from ctsync.project.account import (
    PASSCODE,
    AccountText,
    StateText,
    endpoint_fault,
    passcode_fault,
    state_secret_fault,
)
from ctsync.project.catalog import IDENTITY
from ctsync.project.environment_variables import Reference
from ctsync.project.sftp_settings import SftpText, read_sftp
from ctsync.project.similar_zones import similar_zones
from ctsync.project.source_positions import FindingCollector, Place
from ctsync.project.spoiled_parts import SpoiledParts
from ctsync.timezones import zone_named


class ProjectSettings(Struct, frozen=True):
    """The project file without its sections."""

    name: str | None
    account_words: AccountText | None
    state_words: StateText | None
    notify_words: Reference | None
    sftp_words: SftpText | None
    frame: ValueContext
    policy: Policy
    upload: UploadTerms
    channels: ChannelTerms
    sensitive_identities: bool
    history_runs: int
    wait_seconds: float

    def as_fields(self) -> dict[str, Any]:
        """Return them as the fields of a project."""
        return asdict(self)


def read_settings(
    view: Mapping[str, Any], file: str, report: FindingCollector, spoiled: SpoiledParts
) -> ProjectSettings:
    """Read what a well-shaped project file sets.

    For what is spoiled stands what lets most pass, and shows least: with a finding
    already no plan is made, and what a default would refuse was perhaps allowed.
    """
    reader = _Reader(file, report)
    identity = view.get("catalog", {}).get("identity", {})
    channels = _channels(view.get("channels", {}))
    is_hidden = IDENTITY in spoiled.attributes or "catalog" in spoiled.keys
    return ProjectSettings(
        name=view.get("name"),
        account_words=reader.account(view.get("account")),
        state_words=reader.state(view.get("state")),
        notify_words=reader.notify(view.get("notify")),
        sftp_words=reader.sftp(view.get("channels", {}).get("sftp", {})),
        frame=ValueContext(
            reader.timezone(view.get("timezone", "UTC")),
            _limits(view.get("platform", {}), spoiled),
            "sftp" if "channels" in spoiled.keys else channels.removals,
        ),
        policy=_policy(view.get("policy", {})),
        upload=UploadTerms(**_whole(view.get("upload", {}))),
        channels=channels,
        sensitive_identities=is_hidden or identity.get("sensitive", False),
        history_runs=_whole(view.get("history", {})).get("runs", KEPT_RUNS),
        wait_seconds=_seconds(view.get("imports", {}).get("wait")),
    )


def _limits(words: Mapping[str, Any], spoiled: SpoiledParts) -> PlatformLimits:
    if "platform" in spoiled.keys:
        return WIDEST
    return PlatformLimits(**_whole(words))


_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(duration: str | None) -> float:
    """Return how long `30m`, `4h` or `2d` are."""
    if duration is None:
        return WAIT_SECONDS
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def _whole(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return numbers that are whole, however written, as such: 1e3 is 1000."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in words.items()
    }


def _policy(words: Mapping[str, Any]) -> Policy:
    written = _whole(words.get("limits", {}))
    limits = {name: parse_limit(value) for name, value in written.items()}
    return Policy(
        unknown_attributes=words.get("unknown_attributes", "allow"),
        undeclared=words.get("undeclared", "keep"),
        limits={**DEFAULT_LIMITS, **limits},
        accept=_whole(words.get("accept", {})),
    )


def _channels(words: Mapping[str, Any]) -> ChannelTerms:
    bulk = _whole(words.get("bulk", {}))
    return ChannelTerms(
        removals=words.get("removals", API),
        bulk_over=bulk.get("over"),
        bulk_by=bulk.get("by", API),
        email=words.get("sftp", {}).get("email"),
    )


class _Reader:
    def __init__(self, file: str, report: FindingCollector) -> None:
        self._file = file
        self._report = report

    def account(self, words: Mapping[str, Any] | None) -> AccountText | None:
        if words is None:
            return None
        account = AccountText(
            id=self._required(words["id"], ("account", "id")),
            region=self._required(words["region"], ("account", "region")),
            endpoint=self.reference(words.get("endpoint"), ("account", "endpoint")),
            passcode=self._required(
                words.get("passcode", PASSCODE), ("account", "passcode")
            ),
        )
        self._add(passcode_fault(account.passcode))
        if account.endpoint is not None and not account.endpoint.names:
            self._add(endpoint_fault(account.endpoint.text, account.endpoint))
        return account

    def state(self, words: Any) -> StateText | None:
        if words is None:
            return None
        if not isinstance(words, dict):
            return StateText(self._location(words, ("state",)))
        name = self.reference(words.get("name"), ("state", "name"))
        return StateText(self._location(words["url"], ("state", "url")), name)

    def _location(self, words: str, path: Path) -> Reference:
        text = self._required(words, path)
        self._add(state_secret_fault(text))
        return text

    def reference(self, text: str | None, path: Path) -> Reference | None:
        return None if text is None else self._required(text, path)

    def notify(self, text: str | None) -> Reference | None:
        written = self.reference(text, ("notify",))
        if written is not None and written.names and not written.is_only_a_variable:
            message = "a variable is a part of `notify`"
            hint = "make the variable the whole address, or write it without one"
            self._add(written.finding("CT113", message, hint))
        return written

    def sftp(self, words: Mapping[str, Any]) -> SftpText | None:
        return read_sftp(words, self._required, self._add)

    def _required(self, text: str, path: Path) -> Reference:
        written = Reference(text, self._file, path, self._report.locator)
        for finding in written.misplaced(self._report.secrets):
            self._add(finding)
        if written.is_malformed and path[-1] != "passcode":
            hint = "write ${NAME}: letters, digits and _"
            self._add(written.finding("CT105", "${ does not name a variable", hint))
        return written

    def timezone(self, name: str) -> ZoneInfo:
        zone = zone_named(name)
        if zone is not None:
            return zone
        names = similar_zones(name)
        hint = f"did you mean {' or '.join(names)}?" if names else "as Asia/Kolkata"
        fault = Fault("CT108", f'unknown time zone "{name}"', hint)
        self._report.add(Place(self._file, ("timezone",)), fault)
        return ZoneInfo("UTC")

    def _add(self, finding: Diagnostic | None) -> None:
        if finding is not None:
            self._report.findings.add(finding)
