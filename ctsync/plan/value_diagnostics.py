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
from ctsync.plan.column_cures import CellPlace, in_table
from ctsync.plan.column_report import ColumnReport, is_csv
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


class ValueDiagnostic(Struct, frozen=True):
    """What is wrong with a word, or, without a rule, with a whole row."""

    fault: Fault
    rule: Attribute | None
    place: Place
    is_warning: bool = False


def diagnostic_of(
    fault: Fault, rule: Attribute | None, place: Place
) -> ValueDiagnostic:
    """Return what a source could not read as a complaint."""
    return ValueDiagnostic(fault, rule, place, severity_of(fault.code) != "error")


def is_bad(complaints: Iterable[ValueDiagnostic]) -> bool:
    """Return whether any of them is more than a warning."""
    return not all(complaint.is_warning for complaint in complaints)


class DiagnosticCollector:
    """Takes complaints in and makes findings of them."""

    def __init__(self, project_view: Project, mask: Mask, findings: Findings) -> None:
        self._project_view = project_view
        self._mask = mask
        self._findings = findings
        self._words = SharedWords()
        self._columns = ColumnReport(project_view)

    def take(
        self, complaints: Iterable[ValueDiagnostic], *, is_skipped: bool = False
    ) -> None:
        """Take what is wrong with one place; of a row that is skipped, as warnings."""
        for complaint in complaints:
            told = self._in_table(complaint)
            said = self._finding(_softened(told) if is_skipped else told)
            self._findings.add(said)
            origin = complaint.place.origin
            if origin.row is not None and origin.table is not None:
                self._columns.add(origin, complaint.rule, said, complaint.fault)

    def column_findings(self) -> Iterator[Diagnostic]:
        """Yield what many rows of one column have in common."""
        return self._columns.findings()

    def _in_table(self, complaint: ValueDiagnostic) -> ValueDiagnostic:
        """Return what is wrong with a cell with the cure that its table has."""
        origin, rule = complaint.place.origin, complaint.rule
        if not _is_cell(complaint) or origin.table is None or rule is None:
            return complaint
        column, _ = self._project_view.tables[origin.table].column_of(rule.attribute)
        place = CellPlace(column or "", rule, is_csv(origin))
        return replace(complaint, fault=in_table(complaint.fault, place))

    def _finding(self, complaint: ValueDiagnostic) -> Diagnostic:
        rule, place = complaint.rule, complaint.place
        message, hint = complaint.fault.say(shown=self._shown_for(complaint))
        line, column = position_of(self._project_view, place)
        key = None
        # What a cohort says wrongly, it says once and not of each member.
        if place.key not in (None, NOBODY) and place.origin.cohort is None:
            key = self._mask.key_at(place.key, place.origin)
        return Diagnostic(
            "warning" if complaint.is_warning else "error",
            complaint.fault.code,
            message,
            hint,
            file=place.origin.file,
            line=line,
            column=column,
            row=place.origin.row,
            key=key,
            attribute=None if rule is None else rule.attribute,
        )

    def _shown_for(self, complaint: ValueDiagnostic) -> str | None:
        """Return what is shown in place of the value; None where it may be seen."""
        # What is wrong with a whole row may quote an identifier.
        is_sensitive = complaint.rule is None or complaint.rule.sensitive
        if self._mask.hides_value(sensitive=is_sensitive):
            return SENSITIVE_TEXT
        is_open = self._mask.reveal or not _is_cell(complaint)
        return None if is_open or self._words.is_shared(complaint) else CELL_TEXT


def _is_cell(complaint: ValueDiagnostic) -> bool:
    """Whether the value is from a data file; what a cohort gives is the spec's."""
    origin = complaint.place.origin
    return origin.row is not None and origin.cohort is None


class SharedWords:
    """Which words of rows are no one person's own: those that three rows have had."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[int, Origin]] = {}

    def is_shared(self, complaint: ValueDiagnostic) -> bool:
        """Take a word of a row in; say whether so many rows had it."""
        attribute = "" if complaint.rule is None else complaint.rule.attribute
        word = attribute, complaint.fault.value or ""
        origin = complaint.place.origin
        count, last = self._seen.get(word, (0, None))
        if count == 0 and len(self._seen) >= _REMEMBERED:
            return False
        if count < _ENOUGH_ROWS and origin != last:
            count += 1
            self._seen[word] = count, origin
        return count >= _ENOUGH_ROWS


def _softened(complaint: ValueDiagnostic) -> ValueDiagnostic:
    """Return what is wrong with a skipped row as a warning."""
    if complaint.is_warning:
        return complaint
    message = f"{complaint.fault.message}; the row is skipped"
    fault = replace(complaint.fault, message=message)
    return replace(complaint, fault=fault, is_warning=True)


def position_of(project_view: Project, place: Place) -> tuple[int | None, int | None]:
    """Return line and column of a place; a row of a file has no column."""
    if place.origin.row is not None:
        return place.origin.line, None
    return project_view.locate(place.origin.file, place.path)
