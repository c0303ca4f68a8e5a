"""Profiles of an export: CSV, JSON Lines or Parquet, packed or not.

The platform's own daily export is one of them, and alone shows flags (`MSG-*`) and
subscription groups (public docs). Its files hold a profile a row; how groups are
spelled is not published, so every likely spelling is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from math import floor
from pathlib import Path
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from ctsync.canonical_json import fold_name, parse
from ctsync.duckdb_connection import (
    Connection,
    open_connection,
    reason_of,
    refusals,
)
from ctsync.errors import CtsyncError, UsageError
from ctsync.formats import FileFormat, format_of, readable_words
from ctsync.model.fault import Faults
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.record import GROUP_PREFIX
from ctsync.observe.profile_reply import SeenProfile, attributes_of
from ctsync.sql_text import named, quoted

MEMORY_MIB = 400
_BATCH = 2_000
_IGNORED = {"events", "platforminfo", "badks", "df", "all_identities", "ts", "type"}
_GROUPS = "subscriptiongroups"
_DATA = "profiledata"
_YES = {"true": True, "subscribed": True, "yes": True, "1": True}
_NO = {"false": False, "unsubscribed": False, "no": False, "0": False}
_SWITCH = {**_YES, **_NO}


ColumnSort: TypeAlias = Literal["nothing", "attribute", "special"]


class ExportFile(Struct, frozen=True):
    """A file of profiles; `key` is the id type and its column, where they are given.

    Moments that say no zone are in `timezone`, and days begin there at midnight, but
    for those of columns of which `is_text` says that they are text.
    """

    path: Path
    key: tuple[str, str] | None = None
    timezone: tzinfo = UTC
    is_text: Callable[[str], bool] = lambda _name: False

    def rows(self) -> Iterator[tuple[ProfileKey, Mapping[str, Any]]]:
        """Yield rows sorted by key.

        Raises:
            CtsyncError: the file cannot be read, no column names anybody, or two rows
                are of one profile.
        """
        last: ProfileKey | None = None
        for key, row in self._rows():
            if key == last:
                raise CtsyncError(
                    f"{self.path} has two rows of one profile",
                    hint="leave one of them; which of the two is so, nobody can tell",
                    code="export_duplicate",
                )
            last = key
            yield key, row

    def seen(self, row: Mapping[str, Any]) -> SeenProfile:
        """Give the profile that a row is."""
        if self.key is None:
            return _seen(row)
        return _seen({n: v for n, v in row.items() if n != self.key[1]})

    def sort_of(self, name: str) -> ColumnSort:
        """Say what a column holds."""
        if self.key is not None and name == self.key[1]:
            return "nothing"
        folded = fold_name(name)
        if folded in _IGNORED or folded in _KEYS:
            return "nothing"
        is_odd = folded in {_DATA, _GROUPS} or folded.startswith("msg-")
        return "special" if is_odd else "attribute"

    def _rows(self) -> Iterator[tuple[ProfileKey, Mapping[str, Any]]]:
        form = _form_of(self.path)
        with open_connection(
            files=[self.path], memory_mib=MEMORY_MIB, threads=1
        ) as connection:
            try:
                source = form.whole(connection, self.path)
                if form.holds_objects:
                    yield from _objects(connection, source, self.key)
                else:
                    yield from self._columnar(connection, source)
            except (refusals(), Faults, ValueError) as error:
                raise CtsyncError(
                    f"{self.path} cannot be read: {reason_of(error)}",
                    hint="see that it is whole, and that its name ends as what it is",
                    code="export_unreadable",
                ) from error

    def _columnar(
        self, connection: Connection, source: str
    ) -> Iterator[tuple[ProfileKey, Mapping[str, Any]]]:
        columns_of = f"DESCRIBE SELECT * FROM {source}"  # noqa: S608 - quoted
        names = [str(row[0]) for row in connection.execute(columns_of).fetchall()]
        keys = _keys_among(names, self.key, self.path)
        query = f"SELECT {_key_of(keys)}, * FROM {source} {_ORDER}"  # noqa: S608
        reader: Any = connection.sql(query).to_arrow_reader(_BATCH)
        for batch in reader:
            kinds, ids = batch.column(0).to_pylist(), batch.column(1).to_pylist()
            columns = [*map(self._cells, names, batch.columns[2:])]
            for kind, identifier, *cells in zip(kinds, ids, *columns, strict=True):
                if kind is not None:
                    row = dict(zip(names, cells, strict=True))
                    yield ProfileKey(kind, identifier), row

    def _cells(self, name: str, column: Any) -> list[Any]:
        cells: list[Any] = column.to_pylist()
        if column.type == "date32[day]" and not self.is_text(name):
            return [cell and self._midnight(cell) for cell in cells]
        # Moments alone are of a type with a `tz`, which is None where they say no zone.
        if getattr(column.type, "tz", "") is not None:
            return cells
        return [cell and cell.replace(tzinfo=self.timezone) for cell in cells]

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(tzinfo=self.timezone))


def is_of_platform(names: Iterable[str]) -> bool:
    """Return whether columns are those of the platform's own export."""
    folded = {fold_name(name) for name in names}
    is_odd = any(name.startswith("msg-") for name in folded)
    return is_odd or not folded.isdisjoint(_OF_PLATFORM) or folded >= _SEVERAL_KEYS


_OF_PLATFORM = frozenset({_DATA, _GROUPS, "all_identities", "platforminfo", "badks"})
_SEVERAL_KEYS = frozenset({"identity", "objectid"})


def parse_key_column(word: str | None) -> tuple[str, str] | None:
    """Read `--key identity=COLUMN`.

    Raises:
        UsageError: it is none.
    """
    if word is None:
        return None
    kind, _, column = word.partition("=")
    if kind not in ID_TYPES or not column:
        raise UsageError(
            f"--key {word} means nothing",
            hint=f"write --key TYPE=COLUMN, TYPE one of {', '.join(ID_TYPES)}",
        )
    return kind, column


def _form_of(path: Path) -> FileFormat:
    form = format_of(_JSON.sub(".jsonl", path.name.lower()))
    if form is None:
        raise UsageError(
            f"{path} is no export: its name says nothing of what it is",
            hint=f"it ends in {readable_words()}",
        )
    return form


# The platform calls its own exports so, and they hold an object a line.
_JSON = re.compile(r"\.json(?=$|\.)")


def _objects(
    connection: Connection, source: str, key: tuple[str, str] | None
) -> Iterator[tuple[ProfileKey, Mapping[str, Any]]]:
    if key is None:
        found = [(kind, f"json ->> '$.{kind}'") for kind in ("identity", "objectId")]
    else:
        path_in_json = "$." + named(key[1])
        found = [(key[0], f"json ->> {quoted(path_in_json)}")]
    query = f"SELECT {_key_of(found)}, json::VARCHAR FROM {source} {_ORDER}"  # noqa: S608
    cursor = connection.execute(query)
    while rows := cursor.fetchmany(_BATCH):
        for kind, identifier, text in rows:
            row = parse(text)
            if kind is not None and isinstance(row, dict):
                yield ProfileKey(kind, identifier), row


def _keys_among(
    names: list[str], key: tuple[str, str] | None, path: Path
) -> list[tuple[str, str]]:
    if key is not None:
        if key[1] not in names:
            raise UsageError(
                f'{path} has no column "{key[1]}"',
                hint=f"it has {', '.join(names[:12])}",
            )
        return [(key[0], f"{named(key[1])}::VARCHAR")]
    wanted = {fold_name(kind): kind for kind in ("identity", "objectId")}
    found = {wanted[fold_name(n)]: n for n in names if fold_name(n) in wanted}
    if not found:
        raise UsageError(
            f"no column of {path} says whose the rows are",
            hint=f"name it with --key identity=COLUMN; it has {', '.join(names[:12])}",
        )
    # Sorted, identity comes first, by which most profiles are known.
    return [(kind, f"{named(found[kind])}::VARCHAR") for kind in sorted(found)]


def _key_of(found: list[tuple[str, str]]) -> str:
    """Give two columns of SQL: id type and id, of the first that is not blank."""
    cases = [(kind, f"nullif(trim({column}), '')") for kind, column in found]
    kinds = "".join(f"WHEN {c} IS NOT NULL THEN '{k}' " for k, c in cases)
    ids = ", ".join(column for _, column in cases)
    return f'CASE {kinds} END AS "key type", coalesce({ids}, NULL) AS "key id"'


_ORDER = 'ORDER BY "key type", "key id"'


def _seen(row: Mapping[str, Any]) -> SeenProfile:
    pairs = attributes_of(_pairs(row))
    known = next((v for n, v in row.items() if fold_name(n) == "all_identities"), None)
    listed = list_in(known)
    identities = tuple(str(each) for each in listed) if isinstance(listed, list) else ()
    return SeenProfile(pairs, identities=identities)


def _pairs(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        folded = fold_name(name)
        if value is None or value == "" or folded in _IGNORED or folded in _KEYS:
            continue
        if folded == _DATA and isinstance(value, dict):
            yield from _pairs(value)
        elif folded == _GROUPS:
            yield from _groups(_parsed(value))
        elif folded.startswith("msg-"):
            yield name, _switch(value)
        else:
            yield name, list_in(value)


_KEYS = {fold_name(kind) for kind in ID_TYPES}


def _switch(value: Any) -> Any:
    if isinstance(value, str):
        return _SWITCH.get(value.strip().casefold())
    return bool(value) if isinstance(value, bool | int) else None


def list_in(value: Any) -> Any:
    """Return the list that stands in a cell as JSON, or the cell as it is."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        found = _parsed(value)
        return found if isinstance(found, list) else value
    return value if not hasattr(value, "isoformat") else _moment(value)


def _moment(value: Any) -> Any:
    from ctsync.model.scalar_value import date_form

    seconds = getattr(value, "timestamp", None)
    return date_form(floor(seconds())) if seconds else value.isoformat()


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except ValueError:
        return None


def _groups(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield groups as attributes, from a map or a list of maps, by channel or not."""
    if isinstance(value, dict):
        for name, said in value.items():
            if isinstance(said, dict | list) and name.casefold() == "email":
                yield from _groups(said)
            elif (switch := _switch(said)) is not None:
                yield f"{GROUP_PREFIX}email.{name}", switch
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            name = each.get("name") or each.get("group") or each.get("groupName")
            off = _switch(each.get("isUnsubscribed"))
            said = each.get("subscribed", each.get("status", each.get("value")))
            switch = (not off) if off is not None else _switch(said)
            if isinstance(name, str) and switch is not None:
                yield f"{GROUP_PREFIX}email.{name}", switch
