"""What the snapshot knows of one profile."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.json import Decoder

from ctsync.canonical_json import canonical
from ctsync.model.kind_shape import shape_of
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey, key_from_json
from ctsync.model.scalar_value import Scalar, Value


class KnownValue(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one attribute.

    `name` is the spelling last used. `certain` is False after an outcome that is not
    known, and `since` then names the run. `owned` says that ctsync sent it, rather
    than only read it. For a scalar, `value` None is a known absence.

    For a list, `present` are values known to be there, `maybe` operands of unknown
    outcomes, `absent` excluded values known not to be there, `ours` values sent under
    an include while not known present. `complete` says that the whole list was read;
    without it there may be values that nobody here knows.

    `due` says that a file was put which sends something for it, and of which the
    platform has not told yet. Both the value before and the one sent are possible.
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
    due: DueValue | None = None

    @property
    def is_set(self) -> bool:
        """Whether it is of a kind of sets."""
        return shape_of(self.kind) == "set"

    def waits_for(self, files: Container[str]) -> bool:
        """Whether one of these files sends something for it that is not told yet."""
        return self.due is not None and self.due.file in files

    def held(self, kind: str) -> Value:
        """Return the value where it is certain, of this kind and all there is to know.

        Where it is None, more may have to be understood to tell.
        """
        is_plain = self.kind == kind and self.certain and self.since is None
        if not is_plain or self.maybe or self.absent or self.ours or self.due:
            return None
        return self.present if self.is_set else self.value


class DueValue(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a file sends for an attribute, and what was known before.

    `rows` is how many the profile has in the file. `once` says that this is the one
    write of the attribute, `forgets` that it leaves the entry once it is acknowledged.
    """

    file: str
    operation: Operation
    rows: int = 1
    before: KnownValue | None = None
    once: bool = False
    forgets: bool = False


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


class _KeptEntry(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """An entry as its line has it."""

    key: dict[str, str]
    attributes: Mapping[str, KnownValue]
    cohorts: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    fingerprint: str | None = None
    gone: bool = False


_LINES = Decoder(_KeptEntry)


def stored_form(known: KnownValue) -> Mapping[str, Any]:
    """Return what a line of an entry has of one attribute."""
    form: Mapping[str, Any] = to_builtins(known)
    return form


def entry_line(entry: Entry) -> bytes:
    """Return the canonical line of an entry, with its newline."""
    kept = _KeptEntry(
        entry.key.as_json(),
        entry.attributes,
        entry.cohorts,
        entry.once,
        entry.fingerprint,
        entry.gone,
    )
    return canonical(to_builtins(kept)) + b"\n"


def entry_from_line(line: bytes | str) -> Entry:
    """Read what `entry_line` wrote.

    Raises:
        ValueError: it did not write this.
    """
    kept = _LINES.decode(line)
    return Entry(
        key_from_json(kept.key),
        kept.attributes,
        kept.cohorts,
        kept.once,
        kept.fingerprint,
        kept.gone,
    )
