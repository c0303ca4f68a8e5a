"""What the columns of a CSV upload are for, by their headers and their mapping.

Documented are the key columns, the forms of dates in headers, that who uploads a file
says the data type of each column, and that a phone has digits alone. Inferred (I): that
a column nobody gave a type is text, that a form which is not known leaves its header
the name before it, and that a file has one key and each attribute once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import NamedTuple, TypeAlias

from ctsync.sandbox.dashboard.date_cells import FORMS, read_date
from ctsync.sandbox.keys import Json, fold_name
from ctsync.sandbox.sftp.cells import read_cell
from ctsync.sandbox.sftp.manifest import DATA_TYPES, DEFAULT_TYPE

KEYS = ("identity", "objectId")
_HEADED = re.compile("(?P<name>[^<>]*)<(?P<form>[^<>]*)>")
_DIGITS = re.compile("[0-9]+")
# Flags and groups are commands of the upload API, and no document has them in files.
_COMMANDS = ("msg-", "category-")

Read: TypeAlias = Callable[[str], Json]


class UploadRefusedError(ValueError):
    """Nothing of a file is taken."""


class CsvColumn(NamedTuple):
    """Where the values of an attribute stand, and what reads them."""

    place: int
    attribute: str
    read: Read


class CsvLayout(NamedTuple):
    """The places of one file: that of its key, of its columns, and what has none."""

    width: int
    key_kind: str
    key_place: int
    columns: Sequence[CsvColumn]
    commands: Sequence[str]


def lay_out(header: Sequence[str], types: Mapping[str, str], zone: tzinfo) -> CsvLayout:
    """Find the places of a file; `types` has data types by the names of attributes.

    Raises:
        UploadRefusedError: it has no key, one too many, or a header that means
            nothing, or a type is none or of no column.
    """
    keys = [name for name in header if name in KEYS]
    if len(keys) != 1:
        raise UploadRefusedError(f"a file has one key column, {' or '.join(KEYS)}")
    key_place = header.index(keys[0])
    titles = {
        place: _title(text) for place, text in enumerate(header) if place != key_place
    }
    _check_names([name for name, _ in titles.values()])
    _check_types(types, [name for name, form in titles.values() if form is None])
    columns = [
        CsvColumn(place, name, _reader(name, form, types, zone))
        for place, (name, form) in titles.items()
    ]
    commands = [each.attribute for each in columns if _is_command(each)]
    columns = [each for each in columns if not _is_command(each)]
    return CsvLayout(len(header), keys[0], key_place, columns, commands)


def _title(header: str) -> tuple[str, str | None]:
    """Return the name in a header, and the form of its dates if it is a known one."""
    found = _HEADED.fullmatch(header)
    if found is None:
        return header, None
    return found["name"], found["form"] if found["form"] in FORMS else None


def _check_names(names: Sequence[str]) -> None:
    found = [fold_name(name) for name in names]
    if not all(found):
        raise UploadRefusedError("a column has no name")
    if len(set(found)) != len(found):
        raise UploadRefusedError("two columns are for one attribute")


def _check_types(types: Mapping[str, str], names: Sequence[str]) -> None:
    for name, data_type in types.items():
        if name not in names or _is_phone(name):
            raise UploadRefusedError(f'no column "{name}" takes a data type')
        if data_type not in DATA_TYPES:
            raise UploadRefusedError(f"{data_type} is none of {', '.join(DATA_TYPES)}")


def _reader(
    name: str, form: str | None, types: Mapping[str, str], zone: tzinfo
) -> Read:
    if form is not None:
        return partial(read_date, form=form, zone=zone)
    if _is_phone(name):
        return _read_phone
    return partial(read_cell, data_type=types.get(name, DEFAULT_TYPE))


def _is_phone(name: str) -> bool:
    return fold_name(name) == "phone"


def _is_command(column: CsvColumn) -> bool:
    return fold_name(column.attribute).startswith(_COMMANDS)


def _read_phone(text: str) -> Json:
    """Return a phone as the upload API takes it, which wants the plus."""
    if not _DIGITS.fullmatch(text):
        raise ValueError("a phone has digits alone, and no +")
    return f"+{text}"
