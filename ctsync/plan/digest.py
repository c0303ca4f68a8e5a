"""The digest that approves a plan: what it does, to whom, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from ctsync.canonical_json import canonical
from ctsync.model.change import Change
from ctsync.model.snapshot import Account

FORMAT = "ctsync.plan/1"


class PlanDigest:
    """Takes SHA-256 over format, account, lineage and every change, in order.

    Time, host, user, paths, serial and inputs stay out: the same effect has the same
    digest wherever and whenever it was planned.
    """

    def __init__(self, account: Account, lineage: str | None) -> None:
        self._digest = sha256()
        self._take([FORMAT, account.as_json(), lineage])

    def add(self, change: Change) -> None:
        """Take a change in."""
        self._take(*_rows(change))

    def value(self) -> str:
        """Give `sha256:` and 64 hex digits."""
        return f"sha256:{self._digest.hexdigest()}"

    def _take(self, *rows: list[Any]) -> None:
        self._digest.update(b"".join([canonical(row) + b"\n" for row in rows]))


def _rows(change: Change) -> Iterator[list[Any]]:
    key = change.key.as_json()
    for op in change.operations:
        effect = [op.operator, op.operand, op.prior, op.before, op.after]
        yield [key, op.attribute, op.step, *effect]
    for attribute in change.released:
        yield [key, attribute, 0, "release"]
