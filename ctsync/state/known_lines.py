"""Lines of the entries of a state for many profiles together, in the order of keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from ctsync.arrow import arrow, arrow_compute
from ctsync.model.profile_key import ProfileKey
from ctsync.state.arrow_rows import Table, sort_keys
from ctsync.state.parquet_files import ParquetFileReader

_COLUMNS = ("type", "id", "body")


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
        base, *segments = self._sheets
        found = [body for _, body in base.rows(key_type, ids)]
        for segment in segments:
            for at, (is_there, body) in enumerate(segment.rows(key_type, ids)):
                if is_there:
                    found[at] = body
        return [None if body is None else body + b"\n" for body in found]


class _SortedSheet:
    """A sheet of which a group of rows is read once, though asked for in parts."""

    def __init__(self, readers: Sequence[ParquetFileReader]) -> None:
        self._groups = [(each, n) for each in readers for n in range(len(each.firsts))]
        self._firsts = [first for each in readers for first in each.firsts]
        self._number = -1
        self._table: Table = None
        self._keys: Any = None

    def rows(
        self, key_type: str, ids: Sequence[bytes]
    ) -> Iterator[tuple[bool, bytes | None]]:
        """Yield for each id whether there is a row, and its body if it has one."""
        firsts, start = self._firsts, 0
        while start < len(ids):
            key = ProfileKey(key_type, ids[start].decode())
            number = bisect_right(firsts, key) - 1
            later = firsts[number + 1 : number + 2]
            stop = _stop(later, key_type, ids)
            yield from self._in_group(number, key_type, ids[start:stop])
            start = stop

    def _in_group(
        self, number: int, key_type: str, ids: Sequence[bytes]
    ) -> Iterator[tuple[bool, bytes | None]]:
        if number < 0:
            return iter([(False, None)] * len(ids))
        pa, pc = arrow(), arrow_compute()
        if number != self._number:
            reader, own = self._groups[number]
            self._table = reader.group(own, _COLUMNS)
            self._number, self._keys = number, sort_keys(self._table)
        texts = pa.array(ids, pa.binary()).view(pa.string())
        wanted = pc.binary_join_element_wise(key_type, texts, "\0")
        places = pc.index_in(wanted, value_set=self._keys)
        bodies = self._table["body"].take(places).cast("binary")
        return zip(places.is_valid().to_pylist(), bodies.to_pylist(), strict=True)


def _stop(later: Sequence[ProfileKey], key_type: str, ids: Sequence[bytes]) -> int:
    """Return how many of the ids come before the first key of what comes later."""
    if not later or later[0].type > key_type:
        return len(ids)
    return bisect_left(ids, later[0].id.encode())
