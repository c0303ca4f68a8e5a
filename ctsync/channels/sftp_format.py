"""The form of an SFTP import: what its writer, its sender and its reader agree on.

From the public docs on imports via SFTP, as the project's notes give them. What they do
not say is marked as inferred; `specs/channels.md` has the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from ctsync.canonical_json import canonical, parse

DataType = Literal["STRING", "INTEGER", "LONG", "FLOAT", "BOOLEAN"]

PROFILES: Final = "profile"
OPERATION_SUFFIX: Final = ".operation"
OPERATORS: Final = ("$set", "$add", "$remove", "$delete")
DATA_SUFFIX: Final = ".csv"
MANIFEST_SUFFIX: Final = ".manifest"
LIMIT_BYTES: Final = 5_000_000_000  # "5 GB a file"
LONGEST_INTEGER: Final = 2**31 - 1  # inferred: what LONG is longer than


class Manifest(Struct, frozen=True):
    """What a manifest says of its data file.

    `columns` are the mapped columns with their types: the key's and one for each
    attribute, named as the attribute is. `email` hears what became of the import; the
    platform takes no manifest without it.
    """

    data_file: str
    columns: Mapping[str, DataType]
    email: str | None = None

    def as_bytes(self) -> bytes:
        """Return the file: JSON, in one spelling."""
        columns = {
            name: {"ctName": name, "dataType": data_type}
            for name, data_type in self.columns.items()
        }
        said = {"fileName": self.data_file, "type": PROFILES, "columns": columns}
        if self.email is not None:
            said["clientEmail"] = self.email
        return canonical(said) + b"\n"


def manifest_from_bytes(data: bytes) -> Manifest:
    """Read what `as_bytes` wrote.

    Raises:
        ValueError: it is no manifest that ctsync writes.
    """
    said = parse(data)
    if not isinstance(said, dict) or said.get("type") != PROFILES:
        msg = "not a manifest of profiles"
        raise ValueError(msg)
    try:
        columns = {name: _type_of(name, own) for name, own in said["columns"].items()}
        return Manifest(said["fileName"], columns, said.get("clientEmail"))
    except (KeyError, TypeError, AttributeError) as error:
        msg = "not a manifest that ctsync writes"
        raise ValueError(msg) from error


def _type_of(name: str, column: Mapping[str, Any]) -> DataType:
    data_type: DataType = column["dataType"]
    if column["ctName"] != name:
        msg = f'column "{name}" is mapped to another name'
        raise ValueError(msg)
    return data_type


def operation_word(operator: str) -> str:
    """Return the word for an operator: ours for assignment is `set`."""
    return "$set" if operator == "set" else operator
