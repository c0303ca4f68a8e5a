"""What is wrong with the words of places, as findings with the values masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ctsync.diagnostic_codes import severity_of
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.model.profile_key import NOBODY, ProfileKey
from ctsync.model.record import GROUP_PREFIX
from ctsync.plan.findings.column_cures import CellPlace, in_table
from ctsync.plan.findings.column_report import ColumnReport, is_csv
from ctsync.project.project import Project

CELL_TEXT = "(not shown)"
_ENOUGH_ROWS = 3
_REMEMBERED = 10_000  # words of which the rows are counted


class Place(NamedTuple):
    """Where words about one profile stand, or one about one attribute of it."""

    origin: Origin
    path: Path
    key: ProfileKey | None = None

    def of(self, name: str) -> Place:
        """Return where the word about an attribute stands, among those that stand here.

        Names of groups lead through a mapping of their own.
        """
        path = (*self.path, name)
        if name.startswith(GROUP_PREFIX):
            path = (*self.path[:-1], *name.split(".", 2))
        return Place(self.origin, path, self.key)


class PlacedFault(Struct, frozen=True):
    """What is wrong with a word, or, without a rule, with a whole row; and where.

    It is no finding yet: what may be shown of the word, and which cure its table has,
    is told by rule and place, of which those who find faults know nothing.
    """

    fault: Fault
    rule: Attribute | None
    place: Place

    @property
    def is_error(self) -> bool:
        """Whether it is more than a warning."""
        return severity_of(self.fault.code) == "error"


def is_bad(faults: Iterable[PlacedFault]) -> bool:
    """Return whether any of them is more than a warning."""
    return any(each.is_error for each in faults)


class DiagnosticCollector:
    """Takes faults in and makes findings of them."""

    def __init__(self, project_view: Project, mask: Mask, findings: Findings) -> None:
        self._project_view = project_view
        self._mask = mask
        self._findings = findings
        self._words = SharedWords()
        self._columns = ColumnReport(project_view)

    def take(self, faults: Iterable[PlacedFault], *, is_skipped: bool = False) -> None:
        """Take what is wrong with one place; of a row that is skipped, as warnings."""
        for placed in faults:
            told = self._finding(self._in_table(placed))
            said = _softened(told) if is_skipped else told
            self._findings.add(said)
            origin = placed.place.origin
            if origin.row is not None and origin.table is not None:
                self._columns.add(origin, placed.rule, said, placed.fault)

    def column_findings(self) -> Iterator[Diagnostic]:
        """Yield what many rows of one column have in common."""
        return self._columns.findings()

    def _in_table(self, placed: PlacedFault) -> PlacedFault:
        """Return what is wrong with a cell with the cure that its table has."""
        origin, rule = placed.place.origin, placed.rule
        if not _is_cell(placed) or origin.table is None or rule is None:
            return placed
        column, _ = self._project_view.tables[origin.table].column_of(rule.attribute)
        place = CellPlace(column or "", rule, is_csv(origin))
        return replace(placed, fault=in_table(placed.fault, place))

    def _finding(self, placed: PlacedFault) -> Diagnostic:
        rule, place = placed.rule, placed.place
        message, hint = placed.fault.say(shown=self._shown_for(placed))
        line, column = position_of(self._project_view, place)
        key = None
        # What a cohort says wrongly, it says once and not of each member.
        if place.key not in (None, NOBODY) and place.origin.cohort is None:
            key = self._mask.key_at(place.key, place.origin)
        return Diagnostic(
            severity_of(placed.fault.code),
            placed.fault.code,
            message,
            hint,
            file=place.origin.file,
            line=line,
            column=column,
            row=place.origin.row,
            key=key,
            attribute=None if rule is None else rule.attribute,
        )

    def _shown_for(self, placed: PlacedFault) -> str | None:
        """Return what is shown in place of the value; None where it may be seen."""
        # What is wrong with a whole row may quote an identifier.
        is_sensitive = placed.rule is None or placed.rule.sensitive
        if self._mask.hides_value(sensitive=is_sensitive):
            return SENSITIVE_TEXT
        is_open = self._mask.reveal or not _is_cell(placed)
        return None if is_open or self._words.is_shared(placed) else CELL_TEXT


def _is_cell(placed: PlacedFault) -> bool:
    """Whether the value is from a data file; what a cohort gives is the spec's."""
    origin = placed.place.origin
    return origin.row is not None and origin.cohort is None


class SharedWords:
    """Which words of rows are no one person's own: those that three rows have had."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[int, Origin]] = {}

    def is_shared(self, placed: PlacedFault) -> bool:
        """Take a word of a row in; say whether so many rows had it."""
        attribute = "" if placed.rule is None else placed.rule.attribute
        word = attribute, placed.fault.value or ""
        origin = placed.place.origin
        count, last = self._seen.get(word, (0, None))
        if count == 0 and len(self._seen) >= _REMEMBERED:
            return False
        if count < _ENOUGH_ROWS and origin != last:
            count += 1
            self._seen[word] = count, origin
        return count >= _ENOUGH_ROWS


def _softened(finding: Diagnostic) -> Diagnostic:
    """Return what is wrong with a skipped row as a warning."""
    if finding.severity != "error":
        return finding
    message = f"{finding.message}; the row is skipped"
    return replace(finding, severity="warning", message=message)


def position_of(project_view: Project, place: Place) -> tuple[int | None, int | None]:
    """Return line and column of a place; a row of a file has no column."""
    if place.origin.row is not None:
        return place.origin.line, None
    return project_view.locate(place.origin.file, place.path)
