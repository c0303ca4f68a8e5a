"""The head of a snapshot: which state this is, of which account, at which serial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, convert, field, to_builtins
from msgspec.structs import replace

from ctsync.model.due_import import DueImport

REGIONS = ("eu1", "in1", "sg1", "us1", "aps3", "mec1")
"""The data centres that take calls (public docs, API components)."""


class Account(
    Struct, frozen=True, eq=False, omit_defaults=True, forbid_unknown_fields=True
):
    """Where calls go. State and digest are bound to id, region and endpoint.

    `shown_id` and `shown_endpoint` stand for those that a variable gave: what it holds
    may be a secret, and who names it in a spec may not be one who knows it.
    """

    id: str
    region: str
    endpoint: str | None = None
    shown_id: str | None = None
    shown_endpoint: str | None = None

    def __eq__(self, other: object) -> bool:
        """Compare what calls depend on."""
        return isinstance(other, Account) and self.as_json() == other.as_json()

    def __ne__(self, other: object) -> bool:
        """Deny `==`, which a `Struct` does not do by itself."""
        return not self == other

    def __hash__(self) -> int:
        """Agree with `==`."""
        return hash((self.id, self.region, self.endpoint))

    @property
    def shown(self) -> Account:
        """The account as people may see it."""
        endpoint = self.endpoint if self.shown_endpoint is None else self.shown_endpoint
        return Account(self.shown_id or self.id, self.region, endpoint)

    @property
    def is_named(self) -> bool:
        """Whether it stands in the spec as it is."""
        return self.shown_id is None and self.shown_endpoint is None

    @property
    def bare(self) -> Account:
        """The account as calls need it: what a state keeps."""
        return Account(self.id, self.region, self.endpoint)

    def as_json(self) -> dict[str, Any]:
        """Return the form of every document."""
        return {"id": self.id, "region": self.region, "endpoint": self.endpoint}


class LastPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan applied last: its checksum, and whether it left anything open."""

    checksum: str
    open: bool


class Unanswered(Struct, frozen=True, forbid_unknown_fields=True):
    """The last call that left without an answer, and may be written for a while.

    `at` are seconds of the clock that `boot` names; None where it has no name.
    """

    boot: str | None
    at: float
    timeout_seconds: float


class Header(Struct, frozen=True, omit_defaults=True):
    """What a snapshot says of itself.

    `digest` is the SHA-256 of its entries; `lineage` is drawn once for a state;
    `serial` grows when what the state knows changes. `talks_to` are the places that
    the last apply talked to, by their sort, as they may be shown. `marks` are the
    attributes that were ever sensitive, by folded name; among them `identity`.
    `imports` are the files of which the platform may still tell, the last one last.
    """

    lineage: str
    serial: int
    account: Account
    digest: str = ""
    entries: int = 0
    last_plan: LastPlan | None = None
    tool_version: str = ""
    unanswered: Unanswered | None = None
    talks_to: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    imports: tuple[DueImport, ...] = ()


class Base(Struct, frozen=True):
    """What a plan was made from. No snapshot: no lineage, serial 0."""

    lineage: str | None = None
    serial: int = 0
    digest: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the public part: lineage and serial."""
        return {"lineage": self.lineage, "serial": self.serial}


def header_as_json(header: Header) -> dict[str, Any]:
    """Return the stored form of a header."""
    data: dict[str, Any] = to_builtins(replace(header, account=header.account.bare))
    return data


def header_from_json(data: Mapping[str, Any]) -> Header:
    """Read what `header_as_json` wrote; what else stands there is not looked at.

    Raises:
        ValueError: the data is not a header.
    """
    return convert(data, Header)
