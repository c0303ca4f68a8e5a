"""What is wrong with whole columns of tables, beside what is wrong with their rows.

An honest first mapping has one fault in thousands of rows; it is told once, with how
many rows have it, the words that several share, and YAML that reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from ctsync.counted import counted
from ctsync.diagnostics import Diagnostic, Severity
from ctsync.formats import format_of
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.fault import Fault
from ctsync.model.kind_shape import holds_sets
from ctsync.plan.findings.column_cures import CellPlace, cure_of
from ctsync.project.project import Project

FEW = 3  # so many rows are told one by one, and a word of so many is no one's own
_REMEMBERED = 10_000  # words; of free text there are as many as rows
_SHOWN = 8
_OF_SORTS = frozenset({"CT630", "CT631"})  # one code for several sorts of doubt


class FaultTally(Struct):
    """One sort of fault in one column: how many rows have it, and in which words."""

    rule: Attribute | None
    severity: Severity
    message: str
    hint: str | None
    first: Origin
    rows: int = 0
    words: Counter[str] = field(default_factory=Counter)
    _last: Origin | None = None

    def add(self, origin: Origin, word: str | None) -> None:
        """Count a row."""
        # A row may have the fault in several values of a list, and is one row.
        self.rows += origin != self._last
        self._last = origin
        if word and (word in self.words or len(self.words) < _REMEMBERED):
            self.words[word] += 1

    def shared(self) -> list[tuple[str, int]]:
        """Return the words that are no one person's own, the most frequent first."""
        if self.rule is None or self.rule.sensitive:
            return []
        found = [(word, n) for word, n in self.words.items() if n >= FEW]
        return sorted(found, key=lambda each: (-each[1], each[0]))


class ColumnReport:
    """Counts faults of rows by column."""

    def __init__(self, project_view: Project) -> None:
        self._project_view = project_view
        self._faults: dict[tuple[str, str, str], dict[str, FaultTally]] = {}

    def add(
        self,
        origin: Origin,
        rule: Attribute | None,
        said: Diagnostic,
        fault: Fault,
    ) -> None:
        """Take in what is wrong with a cell, or with the id of a row.

        `said` is the finding that the fault became, in which its word is masked.
        """
        attribute = "" if rule is None else rule.attribute
        at = (origin.table or "", attribute, said.code)
        alike = self._faults.setdefault(at, {})
        sort = fault.message if rule is None or said.code in _OF_SORTS else ""
        found = alike.get(sort)
        if found is None:
            found = FaultTally(rule, said.severity, said.message, said.hint, origin)
            alike[sort] = found
        found.add(origin, fault.value)

    def findings(self) -> Iterator[Diagnostic]:
        """Yield one finding a column and code that more than a few rows have.

        Where several things go under one code, each is told.
        """
        for (table, attribute, code), alike in sorted(self._faults.items()):
            if sum(fault.rows for fault in alike.values()) > FEW:
                for _, fault in sorted(alike.items()):
                    yield self._finding(table, attribute, code, fault)

    def _finding(
        self, name: str, attribute: str, code: str, fault: FaultTally
    ) -> Diagnostic:
        table = self._project_view.tables[name]
        column, path = table.column_of(attribute)
        line, position = self._project_view.locate(table.origin.file, path)
        return Diagnostic(
            fault.severity,
            code,
            f"{attribute or 'the key'}: {_words_of(fault)}",
            _cure(column, code, fault) or fault.hint,
            file=table.origin.file,
            line=line,
            column=position,
            attribute=attribute or None,
            rows=fault.rows,
        )


def _words_of(fault: FaultTally) -> str:
    shared = fault.shared()
    is_one, kinds = fault.rows == 1, len(fault.words)
    count = "1 row" if is_one else f"{fault.rows:,} rows"
    rows = f"{count} {'has' if is_one else 'have'}"
    first = f", the first in {fault.first.place}"
    is_error = fault.severity == "error"
    if fault.rule is not None and fault.rule.sensitive and kinds and is_error:
        return f"{rows} {counted(kinds, 'word')} that cannot be taken{first}"
    if not shared:
        return f"{count}: {_bare(fault)}{first}"
    shown = ", ".join(f"{word} {n:,}" for word, n in shared[:_SHOWN])
    more = kinds - min(len(shared), _SHOWN)
    rest = f" and {counted(more, 'word')} more" if more else ""
    outside = _allowed(fault.rule)
    told = f"outside {', '.join(outside)}" if outside else "that cannot be taken"
    if not is_error:
        told = "that may mean something else"
    return f"{rows} {counted(kinds, 'word')} {told}: {shown}{rest}{first}"


def _bare(fault: FaultTally) -> str:
    """Return a message without the name that stands before it already."""
    name = "" if fault.rule is None else f"{fault.rule.attribute} "
    return fault.message.removeprefix(name).removesuffix("; the row is skipped")


def _allowed(rule: Attribute | None) -> tuple[str, ...]:
    if rule is None:
        return ()
    return rule.enum or _OF_SYSTEM.get(rule.attribute, ())


# Words that the platform takes, from the founding document.
_OF_SYSTEM = {
    "Gender": ("M", "F"),
    "Employed": ("Y", "N"),
    "Married": ("Y", "N"),
    "Education": ("School", "College", "Graduate"),
}


def _cure(column: str | None, code: str, fault: FaultTally) -> str | None:
    if fault.rule is None or column is None:
        return None
    is_text = fault.rule.kind in {None, "string"} and not _allowed(fault.rule)
    if is_text and fault.rule.attribute != "Phone" and code not in {"CT203", "CT631"}:
        return None
    words = [word for word, _ in fault.shared()]
    allowed = _allowed(fault.rule)
    # A format is no one's own, and tells nothing of a cell.
    is_phone = fault.rule.attribute == "Phone"
    kind = fault.rule.kind
    is_written = kind in {"date", "number", "counter"} or holds_sets(kind)
    if (is_written and not allowed) or is_phone:
        words = [*fault.words][:200]
    if not words and (not is_text or code == "CT631"):
        return None
    place = CellPlace(column, fault.rule, is_csv(fault.first))
    return cure_of(place, words, allowed)


def is_csv(origin: Origin) -> bool:
    """Return whether a row stands in a file of which `csv:` says how it is written."""
    form = format_of(origin.file)
    return form is not None and form.has_dialect
