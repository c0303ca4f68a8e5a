"""What a manifest says of its data file, read as the platform's docs describe it.

Data types: the five that are documented by name. What a declared form of dates is
called is not known, so none is taken: dates come as `$D_` and seconds, in text.
"""

import json
from collections.abc import Mapping
from typing import NoReturn

from msgspec import Struct

from ctsync.sandbox.keys import Json

DEFAULT_TYPE = "STRING"
DATA_TYPES = (DEFAULT_TYPE, "INTEGER", "LONG", "FLOAT", "BOOLEAN")


class NotJsonError(Exception):
    """The manifest is no JSON: nothing is imported, and nobody hears of it."""


class ImportRefusedError(Exception):
    """Nothing of an import is done, for a reason that is reported."""


class ImportColumn(Struct, frozen=True):
    """Which attribute a column is for, and how its cells are read."""

    attribute: str
    data_type: str = DEFAULT_TYPE


class ImportManifest(Struct, frozen=True):
    """A data file by its name, its columns by their headers, and who hears of it."""

    data_file: str
    columns: Mapping[str, ImportColumn]
    email: str


def read_manifest(data: bytes) -> ImportManifest:
    """Read a manifest of profiles.

    Raises:
        NotJsonError: it is no JSON.
        ImportRefusedError: it is JSON that says too little, or something else.
    """
    try:
        said = json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJsonError from error
    if not isinstance(said, dict) or said.get("type") != "profile":
        raise _wrong('"type" is not "profile", the one that is simulated')
    data_file, email = said.get("fileName"), said.get("clientEmail")
    if not isinstance(data_file, str) or not data_file or "/" in data_file:
        raise _wrong('"fileName" is no name of a file')
    if not isinstance(email, str) or "@" not in email:
        raise _wrong('"clientEmail" is missing')
    return ImportManifest(data_file, _columns(said.get("columns")), email)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _wrong(detail: str) -> ImportRefusedError:
    return ImportRefusedError(f"wrong manifest details: {detail}")


def _columns(said: Json) -> dict[str, ImportColumn]:
    """Read the columns: a map by the names of the header (I)."""
    if not isinstance(said, dict):
        raise _wrong('"columns" does not map headers')
    return {header: _column(header, own) for header, own in said.items()}


def _column(header: str, said: Json) -> ImportColumn:
    if not isinstance(said, dict):
        raise _wrong(f'column "{header}" says nothing')
    attribute, data_type = said.get("ctName"), said.get("dataType", DEFAULT_TYPE)
    if not isinstance(attribute, str) or not attribute:
        raise _wrong(f'column "{header}" has no "ctName"')
    if not isinstance(data_type, str) or data_type not in DATA_TYPES:
        raise _wrong(f'column "{header}" has an unknown "dataType"')
    return ImportColumn(attribute, data_type)
