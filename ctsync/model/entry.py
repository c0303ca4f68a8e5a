"""What the snapshot knows of one profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.model.row import defaults_of
from ctsync.model.scalar_value import Scalar


class KnownValue(Struct, frozen=True):
    """What is known of one attribute.

    `name` is the spelling last used. `certain` is False after an outcome that is not
    known, and `since` then names the run. `owned` says that ctsync sent it, rather
    than only read it. For a scalar, `value` None is a known absence.

    For a list, `present` are values known to be there, `maybe` operands of unknown
    outcomes, `absent` excluded values known not to be there, `ours` values sent under
    an include while not known present. `complete` says that the whole list was read;
    without it there may be values that nobody here knows.
    """

    name: str
    kind: str
    value: Scalar | None = None
    certain: bool = True
    owned: bool = False
    since: str | None = None
    present: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    complete: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the stored form, without defaults."""
        return {
            name: value
            for name, default in _DEFAULTS.items()
            if (value := getattr(self, name)) != default
        }


def known_from_json(data: Mapping[str, Any]) -> KnownValue:
    """Read what `Known.as_json` wrote."""
    if _LISTS.isdisjoint(data):
        return KnownValue(**data)
    lists = {name: tuple(data[name]) for name in _LISTS if name in data}
    return KnownValue(**{**data, **lists})


_LISTS = frozenset({"present", "maybe", "absent", "ours"})
_DEFAULTS = defaults_of(KnownValue)


_TABLE = "table="


def membership_in(table: str) -> str:
    """What an entry keeps, among its cohorts, of a table that has a row for it."""
    return _TABLE + table


def tables_in(memberships: Iterable[str]) -> list[str]:
    """The tables that had a row for a profile."""
    return [m.removeprefix(_TABLE) for m in memberships if m.startswith(_TABLE)]


def cohorts_in(memberships: Iterable[str]) -> tuple[str, ...]:
    """The cohorts that a profile was a member of."""
    return tuple(m for m in memberships if not m.startswith(_TABLE))


class Entry(Struct, frozen=True):
    """One profile in a snapshot.

    `attributes` is keyed by folded name. `cohorts` are those it was a member of when
    last acknowledged, and the tables that had a row for it (`membership_in`). `once`
    are folded names whose one write was acknowledged or read. `fingerprint` is present
    only where desired equals the entry. `gone` marks a profile that a read of the
    platform did not find.
    """

    key: ProfileKey
    attributes: Mapping[str, KnownValue] = field(default_factory=dict)
    cohorts: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    fingerprint: str | None = None
    gone: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether something is to be done once no place names the profile any more."""
        known = self.attributes.values()
        return bool(self.cohorts) or any(each.ours for each in known)

    def as_json(self) -> dict[str, Any]:
        """Return the stored form."""
        data: dict[str, Any] = {
            "key": self.key.as_json(),
            "attributes": {k: v.as_json() for k, v in self.attributes.items()},
        }
        if self.cohorts:
            data["cohorts"] = self.cohorts
        if self.once:
            data["once"] = self.once
        if self.fingerprint is not None:
            data["fingerprint"] = self.fingerprint
        if self.gone:
            data["gone"] = True
        return data


def entry_from_json(data: Mapping[str, Any]) -> Entry:
    """Read what `Entry.as_json` wrote."""
    return Entry(
        key=key_from_json(data["key"]),
        attributes={k: known_from_json(v) for k, v in data["attributes"].items()},
        cohorts=tuple(data.get("cohorts", ())),
        once=tuple(data.get("once", ())),
        fingerprint=data.get("fingerprint"),
        gone=data.get("gone", False),
    )
