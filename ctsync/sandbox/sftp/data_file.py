"""The rows of a data file: what each orders, or why it is refused.

The docs name as errors of rows an identity that is missing or not under 1024
characters, and an operation outside the four. Inferred (I): that a row is refused, too,
whose cells are too few or do not read as their type, and whose system attributes the
upload API would refuse; that it leaves the others alone; that a file is read whole
before anything of it is done.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ctsync.sandbox.keys import Json, SandboxKey, fold_name
from ctsync.sandbox.operations import Operation, read_operations
from ctsync.sandbox.sftp.cells import read_cell
from ctsync.sandbox.sftp.layout import KEY, LaidColumn, Layout, lay_out
from ctsync.sandbox.sftp.manifest import ImportManifest, ImportRefusedError
from ctsync.sandbox.validation import find_field_refusal

OPERATORS = ("$set", "$add", "$remove", "$delete")
LONGEST_IDENTITY = 1023  # "under 1024 characters", public docs


class ImportRow(NamedTuple):
    """One row: its cells, and what they order or why they do not."""

    cells: Sequence[str]
    key: SandboxKey | None = None
    orders: Sequence[Operation] = ()
    refusal: str | None = None


class _RowRefusedError(Exception):
    """One row is left out, for a reason that the failure file repeats."""


class DataFile:
    """A data file that is CSV to its end, and belongs to its manifest."""

    def __init__(self, path: Path, manifest: ImportManifest) -> None:
        """Look through the file.

        Raises:
            ImportRefusedError: it is no CSV, or its header is not what is mapped.
        """
        self._path = path
        try:
            lines = self._lines()
            self.header = next(lines, [])
            self.row_count = sum(1 for _ in lines)
        except (csv.Error, UnicodeError) as error:
            raise ImportRefusedError("the data file is unreadable") from error
        self.layout: Layout = lay_out(self.header, manifest)

    def rows(self) -> Iterator[ImportRow]:
        """Yield the rows in their order."""
        lines = self._lines()
        next(lines, None)
        for cells in lines:
            try:
                key = self._key_of(cells)
                yield ImportRow(cells, key, self._orders(cells, key))
            except _RowRefusedError as error:
                yield ImportRow(cells, refusal=str(error))

    def _lines(self) -> Iterator[list[str]]:
        with self._path.open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file, strict=True)

    def _key_of(self, cells: Sequence[str]) -> SandboxKey:
        if len(cells) != self.layout.width:
            raise _RowRefusedError("the row has not as many cells as the header")
        identity = cells[self.layout.key_place]
        if not identity.strip():
            raise _RowRefusedError("identity is missing")
        if len(identity) > LONGEST_IDENTITY:
            raise _RowRefusedError("identity is not under 1024 characters")
        return SandboxKey(KEY, identity)

    def _orders(self, cells: Sequence[str], key: SandboxKey) -> Sequence[Operation]:
        values: dict[str, Json] = {}
        deletions: list[Operation] = []
        for laid in self.layout.columns:
            name, operator = laid.column.attribute, _operator(laid, cells)
            if laid.is_command:
                continue
            # A file deletes any property (public docs), where records can only two.
            if operator == "$delete":
                deletions.append(Operation(name, fold_name(name), operator, 1))
            else:
                values[name] = _value(laid, operator, cells[laid.place])
        refusal = find_field_refusal(values)
        if refusal is not None:
            raise _RowRefusedError(refusal.text)
        return [*deletions, *read_operations(values, key)]


def _operator(laid: LaidColumn, cells: Sequence[str]) -> str:
    if laid.operator_place is None:
        return "$set"
    operator = cells[laid.operator_place]
    if operator not in OPERATORS:
        raise _RowRefusedError(
            f"operation on {laid.column.attribute} is none of {', '.join(OPERATORS)}"
        )
    return operator


def _value(laid: LaidColumn, operator: str, text: str) -> Json:
    if operator != "$set":
        return {operator: [text]}
    try:
        return read_cell(text, laid.column.data_type)
    except ValueError as error:
        name, data_type = laid.column.attribute, laid.column.data_type
        raise _RowRefusedError(f"{name} is no {data_type}: {error}") from error
