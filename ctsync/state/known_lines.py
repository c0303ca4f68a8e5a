"""Lines of the entries of a state for many profiles together, in the order of keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from operator import attrgetter
from typing import Any

from ctsync.arrow import arrow, arrow_compute
from ctsync.model.entry_bodies import SPELLED, lines_of
from ctsync.model.known_texts import KnownTexts
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import COLUMNS, Table, names_in, schema, sort_keys
from ctsync.state.parquet_files import ParquetFileReader

_COLUMNS = (*SPELLED, "names")


class KnownLines:
    """Gives the lines of profiles that are asked for in the order of their keys.

    Files stay open, and what was read of each last stays at hand.
    """

    def __init__(self, sheets: Sequence[Sequence[ParquetFileReader]]) -> None:
        """Take the files of each sheet, the base first."""
        self._sheets = [_SortedSheet(readers) for readers in sheets]

    def pick(self, keys: Iterable[ProfileKey]) -> Iterator[tuple[ProfileKey, bytes]]:
        """Yield the lines of those keys that there are; all keys are taken first."""
        for key_type, some in groupby([*keys], key=attrgetter("type")):
            own = [*some]
            lines = self.of(key_type, [key.id.encode() for key in own])
            for key, line in zip(own, lines, strict=True):
                if line is not None:
                    yield key, line

    def of(self, key_type: str, ids: Sequence[bytes]) -> list[bytes | None]:
        """Return the lines of profiles of one id type; None of who has no entry."""
        return lines_of(self._rows(key_type, ids))

    def texts(self, key_type: str, ids: Sequence[bytes]) -> KnownTexts:
        """Return the same, with the names of their attributes."""
        rows = self._rows(key_type, ids)
        names = rows["names"].combine_chunks().fill_null("").dictionary_encode()
        alike = [names_in(each) for each in names.dictionary.to_pylist()]
        return KnownTexts(
            lines_of(rows), [alike[at] for at in names.indices.to_pylist()]
        )

    def _rows(self, key_type: str, ids: Sequence[bytes]) -> Table:
        """Return the row of each, that of the last sheet which has one."""
        return reduce(_laid_over, (each.rows(key_type, ids) for each in self._sheets))


class _SortedSheet:
    """A sheet of which a group of rows is read once, though asked for in parts."""

    def __init__(self, readers: Sequence[ParquetFileReader]) -> None:
        self._groups = [(each, n) for each in readers for n in range(len(each.firsts))]
        self._firsts = [first for each in readers for first in each.firsts]
        self._number = -1
        self._group: Table = None
        self._table: Table = None
        self._keys: Any = None

    def rows(self, key_type: str, ids: Sequence[bytes]) -> Table:
        """Return a row for each id; one of nulls where there is none."""
        parts = self._parts(key_type, ids)
        return arrow().concat_tables([_none(0), *parts])

    def _parts(self, key_type: str, ids: Sequence[bytes]) -> Iterator[Table]:
        firsts, start = self._firsts, 0
        while start < len(ids):
            key = ProfileKey(key_type, ids[start].decode())
            number = bisect_right(firsts, key) - 1
            later = firsts[number + 1 : number + 2]
            stop = _stop(later, key_type, ids)
            yield self._in_group(number, key_type, ids[start:stop])
            start = stop

    def _in_group(self, number: int, key_type: str, ids: Sequence[bytes]) -> Table:
        if number < 0:
            return _none(len(ids))
        pa, pc = arrow(), arrow_compute()
        if number != self._number:
            reader, own = self._groups[number]
            # All columns, as whoever writes the entries anew asks for them: while they
            # are held, they are at hand.
            self._group = reader.group(own, COLUMNS)
            self._table = self._group.select(_COLUMNS)
            self._number, self._keys = number, sort_keys(self._table)
        texts = pa.array(ids, pa.binary()).view(pa.string())
        wanted = pc.binary_join_element_wise(key_type, texts, "\0")
        start = pc.index(self._keys, wanted[0]).as_py()
        # Where most profiles change, they follow each other in the state too.
        if start >= 0 and self._keys.slice(start, len(ids)).equals(wanted):
            return self._table.slice(start, len(ids))
        return self._table.take(pc.index_in(wanted, value_set=self._keys))


def _none(count: int) -> Table:
    """Return so many rows of nothing."""
    pa = arrow()

    fields = [schema().field(name) for name in _COLUMNS]
    nothing = [pa.nulls(count, each.type) for each in fields]
    return pa.Table.from_arrays(nothing, schema=pa.schema(fields))


def _laid_over(under: Table, over: Table) -> Table:
    """Return the rows of a sheet, and where it has none those under it."""
    if over["type"].null_count == len(over):
        return under
    pa, pc = arrow(), arrow_compute()

    is_there = over["type"].is_valid()
    columns = map(pc.if_else, [is_there] * len(_COLUMNS), over.columns, under.columns)
    return pa.Table.from_arrays([*columns], names=_COLUMNS)


def _stop(later: Sequence[ProfileKey], key_type: str, ids: Sequence[bytes]) -> int:
    """Return how many of the ids come before the first key of what comes later."""
    if not later or later[0].type > key_type:
        return len(ids)
    return bisect_left(ids, later[0].id.encode())
