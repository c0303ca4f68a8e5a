"""Settling what was sent in files, once the platform has told.

A row that a report names was refused as a whole (I), so what it says goes back to what
was known before. What no report names is acknowledged only where somebody says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync.apply.folding.sent_files import settled_value
from ctsync.apply.import_reports import NamedRows, Rows
from ctsync.canonical_json import fold_name
from ctsync.channels.base import Channel, Column
from ctsync.channels.sftp_format import operation_word
from ctsync.errors import CtsyncError
from ctsync.kinds import KINDS
from ctsync.model.due_import import DueImport, ImportFile
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Value
from ctsync.state.base import Snapshot
from ctsync.state.entry_edits import Edit, put_instead

Told: TypeAlias = Callable[[Entry, KnownValue], None]


class Settlement(Struct):
    """What reports come to: operations by the name of their file.

    `before` counts rows that were settled earlier. `due` is what stays open.
    """

    rejected: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    profiles: int = 0


class ImportSettler:
    """Settles entries by what reports name.

    `accepted` are files of which all is acknowledged that no report names. `told` hears
    of each value that was rejected.
    """

    def __init__(
        self,
        imports: Iterable[DueImport],
        named: NamedRows,
        channel: Channel,
        accepted: Collection[str],
        told: Told = lambda _entry, _known: None,
    ) -> None:
        self._files = {due.file.name: due.file for due in imports}
        self._named = named
        self._spells = {
            (name, column): channel.cell(Column(*column))
            for name, file in self._files.items()
            for column in file.columns
        }
        self._accepted = accepted
        self._told = told

    def edits(
        self, present: Snapshot, found: Settlement
    ) -> Iterator[tuple[ProfileKey, Edit]]:
        """Yield what entries become, by key, and count in `found`.

        Raises:
            CtsyncError: a row is none of the file that it is said to be of (CT823).
        """
        waiting = self._named.by_identity()
        identity, rows = next(waiting, (None, {}))
        for entry in present.entries():
            own: Rows = {}
            if entry.key.type == "identity":
                # Both come in order, and identities are the only keys that a file can
                # name.
                while identity is not None and identity < entry.key.id:
                    raise _unknown(rows)
                if identity == entry.key.id:
                    own = rows
                    identity, rows = next(waiting, (None, {}))
            after = self._settled(entry, own, found)
            if after is not entry:
                found.profiles += 1
                yield entry.key, put_instead(after)
        if identity is not None:
            raise _unknown(rows)

    def _settled(self, entry: Entry, rows: Rows, found: Settlement) -> Entry | None:
        after = dict(entry.attributes)
        once = set(entry.once)
        hits = self._hits(entry, rows, found)
        for folded, known in entry.attributes.items():
            due = known.due
            if due is None or due.file not in self._files:
                continue
            refused = self._refused(due, hits.get(folded, frozenset()))
            value = self._value(known, due, refused, found)
            if refused:
                self._told(entry, known)
            elif due.once and (value is None or value.due is None):
                once.add(folded)
            after.pop(folded)
            if value is not None:
                after[folded] = value
        if after == entry.attributes:
            return entry
        if not after and not once:
            return None  # there was nothing before
        return replace(
            entry,
            attributes=dict(sorted(after.items())),
            once=tuple(sorted(once)),
            # What was settled was never held against desired: the next plan looks at
            # it.
            fingerprint=None,
        )

    def _refused(self, due: DueValue, hits: frozenset[int]) -> frozenset[int]:
        """Return which operands were refused: all, if the whole file was."""
        if due.file in self._named.refused:
            return frozenset(range(len(_operands(due))))
        return hits

    def _value(
        self,
        known: KnownValue,
        due: DueValue,
        refused: frozenset[int],
        found: Settlement,
    ) -> KnownValue | None:
        """Return what is known of one value once some of its operands were refused."""
        name = due.file
        if len(refused) == len(_operands(due)):
            found.rejected[name] += 1
            return settled_value(due, accepted=False)
        rest = due if not refused else _without(due, refused)
        found.rejected[name] += bool(refused)
        if name in self._accepted:
            found.acknowledged[name] += 1
            return settled_value(rest, accepted=True)
        found.due[name] += 1
        return known if rest is due else _still_due(known, rest)

    def _hits(
        self, entry: Entry, rows: Rows, found: Settlement
    ) -> Mapping[str, frozenset[int]]:
        """Return by folded name which operands were refused, by their places."""
        hits: dict[str, frozenset[int]] = {}
        for name, own in rows.items():
            unique = {*own}
            by_column = self._open_columns(entry, self._files[name])
            if not by_column:
                found.before[name] += len(unique)
            for folded, (at, due) in by_column.items():
                places = Counter(self._place(row, at, due) for row in unique)
                hits[folded] = frozenset(
                    place
                    for place, count in places.items()
                    # An operand may stand in several rows: one that was taken is
                    # enough.
                    if count >= _said(place, due)
                )
        return hits

    def _open_columns(
        self, entry: Entry, file: ImportFile
    ) -> dict[str, tuple[int, DueValue]]:
        """Return what a file still says for an entry, each with its column."""
        found = {}
        for at, column in enumerate(file.columns):
            folded = fold_name(column[0])
            known = entry.attributes.get(folded)
            if known is not None and known.waits_for({file.name}) and known.due:
                found[folded] = (at, known.due)
        return found

    def _place(self, row: Sequence[str], at: int, due: DueValue) -> int:
        """Return which operand a row says in a column.

        Raises:
            CtsyncError: none, so that the row is of another file.
        """
        column = self._files[due.file].columns[at]
        spell = self._spells[due.file, column]
        said = row[1 + 2 * at], row[2 + 2 * at]
        word = operation_word(due.operation.operator)
        for place, operand in enumerate(_operands(due)):
            # Cells are spelled as they stand between quotes; whoever read the report
            # has read the doubled ones as one.
            if (spell(operand).replace('""', '"'), word) == said:
                return place
        raise _unknown({due.file: []})


def _operands(due: DueValue) -> Sequence[Value]:
    operand = due.operation.operand
    return operand if isinstance(operand, tuple) else (operand,)


def _said(place: int, due: DueValue) -> int:
    """Return in how many rows of the profile an operand stands."""
    count = len(_operands(due))
    # Of the lists of a profile the longest has a row for each value; the others begin
    # again at their first (`part_tables`).
    return max(len(range(place, due.rows, count)), 1)


def _without(due: DueValue, refused: frozenset[int]) -> DueValue:
    """Return what is left of a list of which some operands were refused."""
    operation = due.operation
    operands = _operands(due)
    kept = tuple(str(v) for at, v in enumerate(operands) if at not in refused)
    return replace(
        due,
        operation=replace(
            operation,
            operand=kept,
            ours=tuple(v for v in operation.ours if v in kept),
            excluded=tuple(v for v in operation.excluded if v in kept),
        ),
    )


def _still_due(known: KnownValue, due: DueValue) -> KnownValue:
    kind = KINDS[due.operation.kind]
    after = kind.apply(due.before, due.operation, certain=False)
    return replace(after, since=known.since, due=due)


def _unknown(rows: Mapping[str, object]) -> CtsyncError:
    (name, *_) = rows
    return CtsyncError(
        f"a row is said to be of {name}, and this state has put none like it there; "
        "nothing was written",
        hint="give the failure file as the platform wrote it, to the state that put "
        "the file",
        code="CT823",
    )
