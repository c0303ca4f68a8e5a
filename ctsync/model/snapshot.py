"""The head of a snapshot: which state this is, of which account, at which serial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict


class Account(Struct, frozen=True, eq=False):
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

    def as_kept(self) -> dict[str, Any]:
        """Return the form of plans, which are private and shown later."""
        shown = {"shown_id": self.shown_id, "shown_endpoint": self.shown_endpoint}
        return self.as_json() | {name: text for name, text in shown.items() if text}

    def as_json(self) -> dict[str, Any]:
        """Return the form of every document."""
        return {"id": self.id, "region": self.region, "endpoint": self.endpoint}


class LastPlan(Struct, frozen=True):
    """The plan applied last: its checksum, and whether it left anything open."""

    checksum: str
    open: bool


class Unanswered(Struct, frozen=True):
    """The last call that left without an answer, and may be written for a while.

    `at` are seconds of the clock that `boot` names; None where it has no name.
    """

    boot: str | None
    at: float
    timeout_seconds: float


class Header(Struct, frozen=True):
    """What a snapshot says of itself.

    `digest` is the SHA-256 of its entries; `lineage` is drawn once for a state;
    `serial` grows when what the state knows changes. `talks_to` are the places that
    the last apply talked to, by their sort, as they may be shown. `marks` are the
    attributes that were ever sensitive, by folded name; among them `identity`.
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
    last = header.last_plan
    data = {
        "lineage": header.lineage,
        "serial": header.serial,
        "account": header.account.as_json(),
        "digest": header.digest,
        "entries": header.entries,
        "last_plan": None if last is None else _last_as_json(last),
        "tool_version": header.tool_version,
    }
    if header.unanswered is not None:
        data["unanswered"] = asdict(header.unanswered)
    if header.talks_to:
        data |= {"talks_to": header.talks_to, "marks": header.marks}
    return data


def _last_as_json(last: LastPlan) -> dict[str, Any]:
    return {"checksum": last.checksum, "open": last.open}


def header_from_json(data: Mapping[str, Any]) -> Header:
    """Read what `header_as_json` wrote.

    Raises:
        KeyError, TypeError: the data is not a header.
    """
    last, unanswered = data["last_plan"], data.get("unanswered")
    return Header(
        lineage=data["lineage"],
        serial=data["serial"],
        account=Account(**data["account"]),
        digest=data["digest"],
        entries=data["entries"],
        last_plan=None if last is None else LastPlan(**last),
        tool_version=data["tool_version"],
        unanswered=None if unanswered is None else Unanswered(**unanswered),
        talks_to=data.get("talks_to", {}),
        marks=tuple(data.get("marks", ())),
    )
