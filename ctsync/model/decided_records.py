"""Keys of decided rows and the records they travel in, with nothing made for each."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ctsync.arrow import arrow_compute
from ctsync.model.decided_rows import DecidedRows, Table


def ascends(table: Table) -> bool:
    """Return whether rows of one id type come in the order of their ids."""
    ids = table["id"]
    each = arrow_compute().less(ids[:-1], ids[1:])
    # Of a single row there is no pair, and it is in order.
    return bool(arrow_compute().all(each, min_count=0).as_py())


def in_order(table: Table) -> Table:
    """Return rows of one id type in the order of their ids."""
    return table.take(arrow_compute().sort_indices(table["id"]))


def has_capitals(decided: DecidedRows) -> bool:
    """Return whether an id is not as it is folded: those of decided rows are ASCII."""
    text = decided.text("id")
    return text != text.lower()


class DecidedRecords(Struct, frozen=True):
    """The records of one wave, in the order of keys; `totals` add their bytes up.

    They are `apart` where no two have the same folded key.
    """

    key_type: str
    ids: Any
    sizes: Any
    totals: Any
    apart: bool

    def __len__(self) -> int:
        return len(self.ids)

    def folded(self, start: int, end: int) -> list[str]:
        """Return the folded keys of those between two places."""
        ids = self.ids[start:end].to_pylist()
        return [f"{self.key_type}={each.lower()}" for each in ids]

    def sizes_of(self, start: int, end: int) -> list[int]:
        """Return the bytes of each of them."""
        sizes: list[int] = self.sizes[start:end].to_pylist()
        return sizes

    def bytes_of(self, start: int, end: int) -> int:
        """Return the bytes of all of them."""
        before = self.totals[start - 1].as_py() if start else 0
        return int(self.totals[end - 1].as_py() - before)


def records_in(decided: DecidedRows, name: str) -> DecidedRecords:
    """Return the records whose bytes a column tells; rows without one have NULL."""
    ids, sizes = decided.table["id"], decided.table[name]
    if sizes.null_count:
        told = sizes.is_valid()
        ids, sizes = ids.filter(told), sizes.filter(told)
    sizes = sizes.cast("int64")
    totals = arrow_compute().cumulative_sum(sizes)
    return DecidedRecords(decided.key_type, ids, sizes, totals, _are_apart(decided))


def _are_apart(decided: DecidedRows) -> bool:
    # They ascend, so without capitals no id is there twice.
    if not has_capitals(decided):
        return True
    folded = arrow_compute().ascii_lower(decided.table["id"])
    return bool(arrow_compute().count_distinct(folded).as_py() == len(decided))
