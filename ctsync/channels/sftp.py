"""The SFTP import: data in CSV with a column for each operator, and a manifest.

The only documented way to remove any attribute, and the widest: 5 GB a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctsync.channels.base import Channel, ChannelSettings, Column, Spell
from ctsync.channels.row_keys import KEY_COLUMN
from ctsync.channels.sftp_format import (
    DATA_SUFFIX,
    LIMIT_BYTES,
    LONGEST_INTEGER,
    MANIFEST_SUFFIX,
    OPERATION_SUFFIX,
    DataType,
    Manifest,
)
from ctsync.channels.what_files_say import (
    PLAIN_KINDS,
    common_fault,
    spell_boolean,
    spell_number,
    spell_text,
)
from ctsync.model.fault import Fault
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Value


class SftpChannel(Channel):
    """Writes what an SFTP import takes."""

    name = "sftp"
    title = "SFTP"
    limit_bytes = LIMIT_BYTES
    how_to_upload = (
        "Put each data file and then its manifest, in the order of their names; a file "
        "of step 2 when those of step 1 were taken."
    )
    has_operators = True
    plain_kinds = PLAIN_KINDS

    def __init__(self, settings: ChannelSettings) -> None:
        super().__init__(settings)
        self._numbers: dict[str, NumberColumn] = {}

    def operation_fault(self, operation: Operation) -> Fault | None:
        """Take all that a cell can hold; only commands of the API stay out."""
        return common_fault(operation)

    def header(self, columns: Sequence[Column]) -> Sequence[str]:
        """Each attribute is followed by what is done to it."""
        names = [KEY_COLUMN]
        for column in columns:
            names += column.attribute, f"{column.attribute}{OPERATION_SUFFIX}"
        return names

    def cell(self, column: Column) -> Spell:
        """Spell values as the API has them; a removal has none.

        A date is `$D_` and its epoch seconds, in which no zone is left to guess.
        """
        if column.operator == "$delete":
            return _spell_nothing
        if column.kind == "number":
            return self._numbers.setdefault(column.attribute, NumberColumn()).spell
        return spell_boolean if column.kind == "boolean" else spell_text

    def companion(
        self, data_file: str, columns: Sequence[Column]
    ) -> tuple[str, bytes] | None:
        """Return the manifest, which is to be uploaded after its data."""
        types: dict[str, DataType] = {KEY_COLUMN: "STRING"}
        types |= {column.attribute: self._type_of(column) for column in columns}
        manifest = Manifest(data_file, types, self.settings.email)
        name = data_file.removesuffix(DATA_SUFFIX) + MANIFEST_SUFFIX
        return name, manifest.as_bytes()

    def notes(self, columns: Iterable[Column]) -> Iterator[Fault]:
        """Say what the manifests lack."""
        if self.settings.email is None and any(True for _ in columns):
            yield Fault(
                "CT807",
                "the manifests have no clientEmail; the platform takes none without",
                "write channels: {sftp: {email: ADDRESS}} in the project file",
            )

    def _type_of(self, column: Column) -> DataType:
        if column.operator == "$delete":
            return "STRING"
        if column.kind == "number":
            return self._numbers[column.attribute].data_type
        return "BOOLEAN" if column.kind == "boolean" else "STRING"


class NumberColumn:
    """Finds the narrowest type that holds every number of an attribute."""

    def __init__(self) -> None:
        self._has_fraction = self._is_long = False

    def spell(self, value: Value) -> str:
        """Spell a number, and remember how wide it is."""
        if isinstance(value, float):
            self._has_fraction = True
        elif isinstance(value, int) and abs(value) > LONGEST_INTEGER:
            self._is_long = True
        return spell_number(value)

    @property
    def data_type(self) -> DataType:
        """The type of the column, in every file of the export."""
        if self._has_fraction:
            return "FLOAT"
        return "LONG" if self._is_long else "INTEGER"


def _spell_nothing(value: Value) -> str:  # noqa: ARG001 - spells any value
    return ""


CHANNEL = SftpChannel
