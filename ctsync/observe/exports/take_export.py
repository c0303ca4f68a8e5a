"""Taking the rows of an export into a state: by their lines, or one by one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.model.entry import entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.exports.entry_lines import EntryLines
from ctsync.observe.exports.export_batch import ExportBatch
from ctsync.observe.exports.export_columns import ExportColumn
from ctsync.observe.exports.export_query import ColumnPath
from ctsync.observe.exports.export_rows import ExportFile
from ctsync.observe.import_profiles import Beside, ImportRules, ProfileImport
from ctsync.observe.profile_reply import system_name


class ExportWish(Struct, frozen=True):
    """What of an export is taken: by the rules of a project, and by key.

    Without `wants_key` all profiles are.
    """

    export: ExportFile
    rules: ImportRules
    wants_key: Callable[[ProfileKey], bool] | None = None

    def column_of(self, path: ColumnPath) -> ExportColumn | None:
        """Say what is taken of a column; None: nothing."""
        sort, folded = self.export.sort_of(path), fold_name(path[-1])
        if sort == "nothing":
            return None
        spelled = system_name(folded, path[-1])
        if sort in {"special", "data"}:
            return ExportColumn(sort, folded)
        if not self.rules.wants(folded, spelled):
            return None
        rule = self.rules.rule_for(spelled)
        return ExportColumn(sort, folded, rule.attribute, rule.kind)


class ExportImport:
    """Takes an export into a state; `read` counts its rows.

    Where SQL is sure of a row, and nobody knew the profile, its line is taken as it is.
    """

    def __init__(
        self, wish: ExportWish, taken: ProfileImport, said: Beside, known: Beside
    ) -> None:
        """`said` is what the spec declares, `known` what the state knows."""
        self.read = 0
        self._wish, self._taken = wish, taken
        self._said, self._known = said, known
        self._lines = EntryLines(wish.column_of)

    def run(self) -> None:
        """Take in all rows.

        Raises:
            CtsyncError: the file cannot be read, or two rows are of one profile.
        """
        takes_each = self._taken.writes_spec or self._wish.wants_key is not None
        whole = takes_each or self._said.has_more or self._known.has_more
        rows = self._wish.export.batches(self._wish.column_of, whole=whole)
        with closing(rows) as batches:
            for batch in batches:
                self.read += len(batch)
                last = batch.key(-1)
                is_met = self._said.reaches(last) or self._known.reaches(last)
                self._take(batch, looks_at_each=takes_each or is_met)

    def _take(self, batch: ExportBatch, *, looks_at_each: bool) -> None:
        start = 0
        for at, line in enumerate(batch.lines):
            if line is None or (looks_at_each and self._is_met(batch.key(at))):
                self._take_lines(batch, start, at)
                self._take_one(batch, at)
                start = at + 1
        self._take_lines(batch, start, len(batch))

    def _take_lines(self, batch: ExportBatch, start: int, stop: int) -> None:
        for columns in batch.columns(start, stop):
            self._taken.add_columns(columns)

    def _is_met(self, key: ProfileKey) -> bool:
        """Return whether more is to be asked of a profile than what its row says."""
        if self._taken.writes_spec or not self._wants(key):
            return True
        return bool(self._known.at(key) or self._said.at(key))

    def _take_one(self, batch: ExportBatch, at: int) -> None:
        key = batch.key(at)
        if not self._wants(key):
            return
        entry, spoken = self._known.at(key), self._said.at(key)
        is_alone = spoken is None and not self._taken.writes_spec
        if is_alone and entry is not None and entry_line(entry) == batch.lines[at]:
            return  # it was taken in from such a row
        row = batch.row(at)
        line = self._lines.line(key, row) if is_alone and entry is None else None
        if line is None:
            self._taken.add(self._wish.export.seen(row), entry, spoken, key)
        else:
            self._taken.add_line(*line)

    def _wants(self, key: ProfileKey) -> bool:
        wants = self._wish.wants_key
        return wants is None or wants(key)
