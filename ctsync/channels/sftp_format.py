"""The form of an SFTP import: what its writer, its sender and its reader agree on.

From the public docs on imports via SFTP, as the project's notes give them. What they do
not say is marked as inferred; `specs/channels.md` has the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from ctsync.canonical_json import canonical

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


def operation_word(operator: str) -> str:
    """Return the word for an operator: ours for assignment is `set`."""
    return "$set" if operator == "set" else operator
