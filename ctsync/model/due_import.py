"""Files that the platform imports by itself, of which it has not told yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from ctsync.model.operation import Operator

WAIT_SECONDS = 4 * 3600.0
"""How long a report may take: an import takes about two hours (public docs)."""

Standing = Literal["held", "intended", "put", "told"]
"""Whether a file is in effect: not yet, perhaps (it was about to be), yes, and over."""

MOST_KEPT = 100
"""How many imports a state remembers that nobody waits for any more."""


class ImportFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One data file: its name, that of its manifest, and what it holds.

    `columns` have the attribute, what is done to it, and of what kind it is. `size` is
    in bytes, `digest` the SHA-256 of the bytes, in hexadecimal.
    """

    name: str
    manifest: str
    columns: tuple[tuple[str, Operator, str], ...]
    rows: int
    size: int
    digest: str

    @property
    def stem(self) -> str:
        """The name without its end: what a report of it is named after."""
        return self.name.removesuffix(".csv")


class DueImport(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was, or may have been, put where the platform finds it.

    `at` are epoch seconds; `steady_at` those of the clock that `boot` names. A report
    is waited for so long after that. `place` is a digest of where it was to be put:
    nowhere else is it gone on with. `reports` are the SHA-256 of those that were read.
    """

    file: ImportFile
    run: str
    at: float
    wait_seconds: float
    boot: str | None = None
    steady_at: float = 0.0
    standing: Standing = "put"
    reports: tuple[str, ...] = ()
    place: str = ""

    @property
    def until(self) -> float:
        """When the wait is over, in epoch seconds."""
        return self.at + self.wait_seconds


class Now(Struct, frozen=True):
    """The moment at which is asked what is waited for.

    `steady` are seconds of the clock that `boot` names.
    """

    wall: float
    steady: float = 0.0
    boot: str | None = None

    def rest_seconds(self, due: DueImport) -> float:
        """Return how long a report is still waited for.

        Never longer than the whole wait from now on, whatever clocks were set to.
        """
        is_same = self.boot is not None and self.boot == due.boot
        # The steady clock begins anew with each start of the machine; the other may be
        # set.
        passed = self.steady - due.steady_at if is_same else self.wall - due.at
        return min(max(due.wait_seconds - passed, 0.0), due.wait_seconds)

    def waits_for(self, due: DueImport) -> bool:
        """Return whether a report is still waited for."""
        return due.standing != "told" and self.rest_seconds(due) > 0


class Waits(Struct, frozen=True):
    """The imports of which a report is waited for, and the names of their files."""

    imports: tuple[DueImport, ...] = ()
    names: frozenset[str] = frozenset()

    def until(self, name: str) -> float | None:
        """Return until when a file is waited for; None where it is not."""
        found = (due.until for due in self.imports if due.file.name == name)
        return next(found, None)


NO_WAITS = Waits()


def remembered(
    imports: Iterable[DueImport], more: Iterable[DueImport], at: float
) -> tuple[DueImport, ...]:
    """Return imports with more of them, without what is long over at a moment."""
    found = (*imports, *more)
    over = [due for due in found if due.standing == "told" or due.until <= at]
    dropped = {due.file.name for due in over[:-MOST_KEPT]}
    return tuple(due for due in found if due.file.name not in dropped)


def waits_at(imports: Iterable[DueImport], now: Callable[[], Now]) -> Waits:
    """Return what is waited for; where nothing can be, nobody asks for the time."""
    found = tuple(imports)
    if not found:
        return NO_WAITS
    moment = now()
    waited = tuple(due for due in found if moment.waits_for(due))
    return Waits(waited, frozenset(due.file.name for due in waited))
