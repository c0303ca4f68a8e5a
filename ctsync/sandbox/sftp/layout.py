"""Which cell of a row is whose: a header, read with its manifest.

A column has a companion, `<column>.operation`, or assigns (I). One that the manifest
does not map makes an attribute of its header, as the docs warn.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ctsync.sandbox.keys import fold_name
from ctsync.sandbox.sftp.manifest import (
    ImportColumn,
    ImportManifest,
    ImportRefusedError,
)

KEY = "identity"
COMPANION = ".operation"
# Flags and groups are commands of the upload API, and no document has them in files.
_COMMANDS = ("msg-", "category-")


class LaidColumn(NamedTuple):
    """Where the value of an attribute stands, and where what is done with it."""

    place: int
    operator_place: int | None
    column: ImportColumn

    @property
    def is_command(self) -> bool:
        """Whether files are not documented to take the attribute."""
        return fold_name(self.column.attribute).startswith(_COMMANDS)


class Layout(NamedTuple):
    """The places of one file: the identity's, and those of its columns."""

    width: int
    key_place: int
    columns: Sequence[LaidColumn]
    unmapped: Sequence[str]


def lay_out(header: Sequence[str], manifest: ImportManifest) -> Layout:
    """Find the places of a file.

    Raises:
        ImportRefusedError: header and manifest do not belong together.
    """
    places = {name: place for place, name in enumerate(header)}
    if len(places) != len(header):
        raise ImportRefusedError("the data file is unreadable: a header stands twice")
    missing = [name for name in manifest.columns if name not in places]
    if missing:
        raise _wrong(f'the data file has no column "{missing[0]}"')
    key_place = _key_place(places, manifest)
    columns = tuple(
        LaidColumn(
            place,
            places.get(name + COMPANION),
            manifest.columns.get(name, ImportColumn(name)),
        )
        for name, place in places.items()
        if place != key_place and not _is_companion(name, places)
    )
    _check_attributes(laid.column.attribute for laid in columns)
    names = [header[laid.place] for laid in columns]
    unmapped = [name for name in names if name not in manifest.columns]
    return Layout(len(header), key_place, columns, unmapped)


def _key_place(places: dict[str, int], manifest: ImportManifest) -> int:
    mapped = [name for name, own in manifest.columns.items() if own.attribute == KEY]
    name = mapped[0] if mapped else KEY
    if name not in places:
        raise ImportRefusedError("identity is missing: no column is for it")
    return places[name]


def _is_companion(name: str, places: dict[str, int]) -> bool:
    return name.endswith(COMPANION) and name.removesuffix(COMPANION) in places


def _check_attributes(attributes: Iterable[str]) -> None:
    """Refuse two columns for one attribute; the docs are silent about them (I)."""
    found = [fold_name(name) for name in attributes]
    if len(set(found)) != len(found):
        raise _wrong("two columns are for one attribute")


def _wrong(detail: str) -> ImportRefusedError:
    return ImportRefusedError(f"wrong manifest details: {detail}")
