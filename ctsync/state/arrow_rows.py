"""Entries as rows of columns, and tables of them in the order of their keys.

`body` is what the entry's line says beside key and fingerprint (`model.entry_bodies`);
the other columns are taken from the line, so that finding what may differ need not read
it. A row without a body says that the entry is gone from the snapshot.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from ctsync.arrow import arrow, arrow_compute
from ctsync.model.entry_bodies import bodies_of, with_cut_bodies
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.profile_key import ProfileKey

Table: TypeAlias = Any  # a pyarrow.Table
Row: TypeAlias = "tuple[ProfileKey, EntryText | None]"

COLUMNS = ("type", "id", "fingerprint", "gone", "names", "bound", "body")
GROUP = 4096  # rows; what is read to find one of them
FINGERPRINT_BYTES = 16


def schema() -> Any:
    """Return the columns with their types."""
    pa = arrow()

    texts = dict.fromkeys(COLUMNS, pa.string())
    marks = {"fingerprint": pa.binary(FINGERPRINT_BYTES)}
    flags = {"gone": pa.bool_(), "bound": pa.bool_()}
    return pa.schema({**texts, **marks, **flags})


def tables_of(rows: Iterable[Row]) -> Iterator[Table]:
    """Yield rows as tables of one group each."""
    waiting = iter(rows)
    while group := list(islice(waiting, GROUP)):
        yield _table(group)


def _table(rows: Sequence[Row]) -> Table:
    pa = arrow()

    keys, texts = zip(*rows, strict=True)
    types, ids = zip(*keys, strict=True)
    columns = [
        pa.array(types),
        pa.array(ids),
        pa.array(map(_fingerprint, texts), pa.binary(FINGERPRINT_BYTES)),
        pa.array([text is not None and text.gone for text in texts]),
        pa.array(map(_names, texts), pa.string()),
        pa.array([text is not None and text.is_bound for text in texts]),
        # Lines are UTF-8 already: as bytes they need no decoding.
        pa.array([text and text.line[:-1] for text in texts], pa.binary()).view(
            pa.string()
        ),
    ]
    return with_cut_bodies(pa.Table.from_arrays(columns, schema=schema()))


def table_of_columns(columns: EntryColumns) -> Table:
    """Return entries that come as columns as a table, with nothing made for each."""
    pa = arrow()

    count, are_bound = len(columns), bool(columns.marks)
    alike = {id(names): names for names in columns.names}
    joined = {mark: _joined_names(names) for mark, names in alike.items()}
    return pa.Table.from_arrays(
        [
            pa.repeat(pa.scalar(columns.key_type), count),
            pa.array(columns.ids, pa.binary()).view(pa.string()),
            _fingerprints(columns),
            pa.repeat(pa.scalar(False), count),  # noqa: FBT003 - a value of Arrow
            pa.array([joined[id(names)] for names in columns.names], pa.string()),
            pa.repeat(pa.scalar(are_bound), count),
            pa.array(bodies_of(columns), pa.binary()).view(pa.string()),
        ],
        schema=schema(),
    )


def _fingerprints(columns: EntryColumns) -> Any:
    pa = arrow()

    sort, count = pa.binary(FINGERPRINT_BYTES), len(columns)
    if not columns.marks:
        return pa.nulls(count, sort)
    marks = pa.py_buffer(bytes.fromhex(b"".join(columns.marks).decode()))
    return pa.FixedSizeBinaryArray.from_buffers(sort, count, [None, marks])


def _fingerprint(entry: EntryText | None) -> bytes | None:
    """Return the bytes of a fingerprint; one of another form is only in the body."""
    text = None if entry is None else entry.fingerprint
    try:
        mark = bytes.fromhex(text or "")
    except ValueError:
        return None
    return mark if len(mark) == FINGERPRINT_BYTES and mark.hex() == text else None


def _names(entry: EntryText | None) -> str:
    return _joined_names(entry.names if entry else ())


def _joined_names(names: Iterable[str]) -> str:
    # Between newlines, so that a search for one with its newlines meets whole names.
    return "\n".join(("", *names, ""))


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that a row has."""
    return tuple(text.split("\n")[1:-1])


def in_groups(tables: Iterable[Table]) -> Iterator[Table]:
    """Yield the same rows as tables of one group each."""
    pa = arrow()

    waiting = schema().empty_table()
    for table in tables:
        waiting = pa.concat_tables([waiting, table])
        while len(waiting) >= GROUP:
            # A slice alone would keep all of the table that it is cut from.
            yield waiting.slice(0, GROUP).combine_chunks()
            waiting = waiting.slice(GROUP)
    if len(waiting):
        yield waiting.combine_chunks()


def sort_keys(table: Table) -> Any:
    """Return one text for each row; they sort as the keys do."""
    pc = arrow_compute()

    # No id type begins with another one, so that the type decides first.
    keys = pc.binary_join_element_wise(table["type"], table["id"], "\0")
    return keys.combine_chunks()


def sort_key(key: ProfileKey) -> str:
    """Return the same text for one key."""
    return "\0".join(key)


def present_rows(tables: Iterable[Table]) -> Iterator[Table]:
    """Yield tables without the rows of entries that are gone."""
    for table in tables:
        yield (
            table.filter(table["body"].is_valid())
            if table["body"].null_count
            else table
        )


def merged_segments(under: Iterable[Table], over: Iterable[Table]) -> Iterator[Table]:
    """Yield the rows of both, sorted; of a key that both have, the row of `over`.

    Each comes sorted, without a key that comes twice. Only tables in hand are kept.
    """
    below, above = _Stream(under), _Stream(over)
    while below.has_rows and above.has_rows:
        end = min(below.last, above.last)
        yield from _joined(below.until(end), above.until(end))
    yield from below.rest()
    yield from above.rest()


def _joined(below: Table, above: Table) -> Iterator[Table]:
    pa, pc = arrow(), arrow_compute()

    if not len(above):
        yield below
        return
    replaced = pc.is_in(sort_keys(below), value_set=sort_keys(above))
    if pc.all(replaced).as_py():
        yield above  # it is sorted
        return
    both = pa.concat_tables([below.filter(pc.invert(replaced)), above])
    yield both.take(pc.sort_indices(sort_keys(both)))


class _Stream:
    """Sorted tables, taken piece by piece."""

    _table: Table
    _keys: Any
    last: str

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = (table for table in tables if len(table))
        self._next()

    def _next(self) -> None:
        self._table = next(self._tables, None)
        self.has_rows = self._table is not None
        if self.has_rows:
            self._keys = sort_keys(self._table)
            self.last = self._keys[-1].as_py()

    def until(self, end: str) -> Table:
        """Take what has keys up to `end` of the table in hand."""
        table, count = self._table, bisect_right(SortedTexts(self._keys), end)
        if count == len(table):
            self._next()
        else:
            self._table, self._keys = table.slice(count), self._keys[count:]
        return table.slice(0, count)

    def rest(self) -> Iterator[Table]:
        """Take all that is left."""
        if self.has_rows:
            yield self._table
            yield from self._tables


class SortedTexts(Sequence[str]):
    """An array of texts, read one by one."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index: Any) -> Any:
        return self._array[index].as_py()
