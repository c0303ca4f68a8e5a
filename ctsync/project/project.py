"""A project as the rest of ctsync sees it: checked, with its environment laid over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from msgspec.structs import asdict
from msgspec.structs import replace as with_fields

from ctsync.canonical_json import canonical, fold_name, sha256
from ctsync.diagnostics import Findings
from ctsync.errors import SpecError
from ctsync.files.object_copies import ObjectCopies
from ctsync.files.roots import Roots
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.contribution import Path
from ctsync.model.due_import import WAIT_SECONDS
from ctsync.model.operation import API
from ctsync.model.policy import ChannelTerms, Policy, UploadTerms
from ctsync.model.run import KEPT_RUNS
from ctsync.model.sftp_door import SftpDoor
from ctsync.model.snapshot import Account
from ctsync.project.account import AccountText, StateLocation, StateText, host_of
from ctsync.project.catalog import IDENTITY, undeclared_rule
from ctsync.project.cohorts import Cohort
from ctsync.project.environment_variables import Reference
from ctsync.project.profile_checks import ProfileSection
from ctsync.project.sftp_settings import SftpText
from ctsync.project.source_positions import SourcePositions
from ctsync.project.spoiled_parts import SpoiledParts
from ctsync.project.tables import Table
from ctsync.yaml.tree import Position

SEMANTICS = 2  # raise whenever a kind or a normal form changes its meaning


@dataclass(frozen=True)
class Project:
    """What a project says. `findings` hold everything wrong with it.

    Where there are errors, what is sound is here all the same, so that all of a
    project's faults can be shown together. `remembered` are marks as sensitive that an
    earlier apply had, whatever the catalog says now. `copies` are of the objects that
    its tables name.
    """

    root: FilePath
    file: str
    environment: str | None = None
    name: str | None = None
    account_words: AccountText | None = field(default=None, repr=False)
    state_words: StateText | None = field(default=None, repr=False)
    notify_words: Reference | None = field(default=None, repr=False)
    sftp_words: SftpText | None = field(default=None, repr=False)
    frame: ValueContext = field(default_factory=ValueContext)
    catalog: Mapping[str, Attribute] = field(default_factory=dict, repr=False)
    policy: Policy = field(default_factory=Policy)
    upload: UploadTerms = field(default_factory=UploadTerms)
    channels: ChannelTerms = field(default_factory=ChannelTerms)
    sensitive_identities: bool = False
    history_runs: int = KEPT_RUNS
    wait_seconds: float = WAIT_SECONDS
    remembered: frozenset[str] = frozenset()
    profiles: tuple[ProfileSection, ...] = field(default=(), repr=False)
    cohorts: Mapping[str, Cohort] = field(default_factory=dict, repr=False)
    tables: Mapping[str, Table] = field(default_factory=dict, repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)
    spoiled: SpoiledParts = field(default_factory=SpoiledParts, repr=False)
    inputs: tuple[tuple[str, str], ...] = ()
    roots: Roots = field(default_factory=lambda: Roots(()), repr=False)
    copies: ObjectCopies = field(
        default_factory=ObjectCopies, repr=False, compare=False
    )
    findings: Findings = field(default_factory=Findings, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    locator: SourcePositions | None = field(default=None, repr=False, compare=False)

    def account(self, variables: Mapping[str, str]) -> Account:
        """Return the account, with its variables read.

        Raises:
            SpecError: a variable is not set, or there is no usable account.
        """
        return self._account_words().resolve(variables)

    def passcode(self, variables: Mapping[str, str]) -> str:
        """Return the passcode; ask only when a call is about to be sent.

        Raises:
            SpecError: its variable is not set, or the passcode stands in the file.
        """
        return self._account_words().secret(variables)

    @property
    def region(self) -> str:
        """The region of the account.

        Raises:
            SpecError: a variable is not set, or there is no usable account.
        """
        return self._account_words().region_name(self.variables)

    @property
    def title(self) -> str:
        """The project's name; the account id where it has none.

        Raises:
            SpecError: a variable in the account id is not set.
        """
        return self.name or self.account(self.variables).shown.id

    def state(self, variables: Mapping[str, str]) -> StateLocation:
        """Return where the state lies.

        Raises:
            SpecError: a variable is not set.
        """
        if self.state_words is None:
            raise self._incomplete("state")
        return self.state_words.resolve(variables)

    def notify(self, variables: Mapping[str, str]) -> str | None:
        """Return the address to which counts are posted, None without one.

        Raises:
            SpecError: a variable is not set.
        """
        words = self.notify_words
        return None if words is None else words.resolve(variables)

    def shown_notify(self, variables: Mapping[str, str]) -> str | None:
        """Scheme and host of that address; its words where they cannot be read."""
        try:
            address = self.notify(variables)
        except SpecError:
            return self.notify_words.text if self.notify_words is not None else None
        return None if address is None else host_of(address)

    def sftp_door(
        self, account: Account, variables: Mapping[str, str]
    ) -> SftpDoor | None:
        """Return where files for the SFTP import are put, None where nothing says so.

        Raises:
            SpecError: a variable is not set, or what it gives cannot be used.
        """
        words = self.sftp_words
        return None if words is None else words.resolve(account, variables, self.own)

    @property
    def own(self) -> tuple[FilePath, ...]:
        """The folders that hold the project, its own first: no key may lie there."""
        return (self.root, *self.roots.folders[:1])

    def _account_words(self) -> AccountText:
        if self.account_words is None:
            raise self._incomplete("account")
        return self.account_words

    def _incomplete(self, key: str) -> SpecError:
        return SpecError(f"{self.file} has no usable {key}", self.findings)

    @cached_property
    def _rules(self) -> dict[str, Attribute]:
        return {}

    def rule_for(self, name: str) -> Attribute:
        """The rule of an attribute: catalog over system; kind None if neither."""
        rule = self._rules.get(name)
        if rule is None:
            declared = self.catalog.get(fold_name(name))
            rule = declared or undeclared_rule(name)
            if self.remembered and fold_name(name) in self.remembered:
                rule = with_fields(rule, sensitive=True)
            self._rules[name] = rule
        return rule

    def is_judged(self, name: str) -> bool:
        """Return whether it is known what an attribute is; else no value is judged."""
        folded = fold_name(name)
        is_declared = folded in self.catalog or undeclared_rule(name).system
        return not self.spoiled.hides_rule(folded, is_declared=is_declared)

    @property
    def marks(self) -> frozenset[str]:
        """The folded names of what the catalog calls sensitive."""
        named = {name for name, rule in self.catalog.items() if rule.sensitive}
        return frozenset(named | ({IDENTITY} if self.sensitive_identities else set()))

    def tightened(self, marks: Iterable[str]) -> Project:
        """Return the project as one that still has marks of earlier days."""
        remembered = frozenset(marks)
        is_hidden = self.sensitive_identities or IDENTITY in remembered
        return replace(self, remembered=remembered, sensitive_identities=is_hidden)

    def locate(self, file: str, path: Path) -> Position:
        """Return line and column of what stands at `path`, or of its nearest parent."""
        locator = self.locator or SourcePositions(
            self.root, self.file, self.environment
        )
        return locator.locate(file, path)

    @property
    def timezone(self) -> str:
        """The time zone that dates are written and shown in, by its IANA name."""
        return str(self.frame.timezone)

    @cached_property
    def shielded(self) -> frozenset[str]:
        """The folded attributes of tables that leave alone whom they do not list."""
        keeping = (t.attributes for t in self.tables.values() if t.missing == "keep")
        return frozenset().union(*keeping)

    @cached_property
    def salt(self) -> bytes:
        """What changes the meaning of every contribution, as 32 bytes."""
        limits = self.frame.limits
        words: dict[str, Any] = {
            "semantics": SEMANTICS,
            "catalog": {name: asdict(rule) for name, rule in self.catalog.items()},
            "undeclared": self.policy.undeclared,
            "timezone": self.timezone,
            "platform": asdict(limits),
            "shielded": sorted(self.shielded),
        }
        # Only where it is not as by default: fingerprints of all other projects stay.
        if self.frame.removals != API:
            words["removals"] = self.frame.removals
        return bytes.fromhex(sha256(canonical(words)))
