"""The digest that approves a plan: what it does, to whom, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from ctsync.canonical_json import canonical
from ctsync.model.change import Change, EntryAfter
from ctsync.model.operation import API
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row import Row
from ctsync.model.snapshot import Account

FORMAT = "ctsync.plan/1"


class PlanDigest:
    """Takes SHA-256 over target, accepted limits, lineage and every change, in order.

    Time, host, user, paths, serial and inputs stay out: the same effect has the same
    digest wherever and whenever it was planned.
    """

    def __init__(
        self,
        account: Account,
        lineage: str | None,
        *,
        passcode_variable: str | None = None,
        notify_host: str | None = None,
        import_door: str | None = None,
        accepted: Mapping[str, int] | None = None,
    ) -> None:
        self._digest = sha256()
        target = [account.as_json(), passcode_variable, notify_host]
        # Of projects that put no files the digest is what it always was.
        door = [] if import_door is None else [import_door]
        self._digest.update(_line((FORMAT, *target, accepted or {}, lineage, *door)))

    def add(self, change: Change) -> None:
        """Take a change in."""
        self._digest.update(effect_of(change))

    def add_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        """Take in what an entry forgets that needs no change."""
        self._digest.update(effect_of_settled(key, settled))

    def add_decided(self, effects: bytes | memoryview) -> None:
        """Take in the lines of changes that were decided elsewhere."""
        self._digest.update(effects)

    def value(self) -> str:
        """Give `sha256:` and 64 hex digits."""
        return f"sha256:{self._digest.hexdigest()}"


def effect_of(change: Change) -> bytes:
    """Return the lines of a change that the digest takes in."""
    key = canonical(change.key.as_json())
    lines = [b"[%b,%b\n" % (key, canonical(row)[1:]) for row in _rows(change)]
    settled = change.settled
    if settled.forget or settled.ours:
        lines.append(effect_of_settled(change.key, settled))
    return b"".join(lines)


def effect_of_settled(key: ProfileKey, settled: EntryAfter) -> bytes:
    """Return the lines of what an entry gets that the digest takes in."""
    return b"".join(map(_line, _forgotten(key, settled)))


def _line(row: Row) -> bytes:
    return canonical(row) + b"\n"


def _rows(change: Change) -> Iterator[Row]:
    """Yield what is done to a profile, but for its key, which begins each line."""
    for op in change.operations:
        way = () if op.channel == API else (op.channel,)
        effect = (op.operator, op.operand, op.prior, op.before, op.after, *way)
        yield (op.attribute, op.step, *effect)
    for attribute in change.released:
        yield (attribute, 0, "release")


def _forgotten(key: ProfileKey, settled: EntryAfter) -> Iterator[Row]:
    for name in settled.forget:
        yield (key.as_json(), name, 0, "forget")
    for name, ours in settled.ours:
        yield (key.as_json(), name, 0, "ours", ours)
