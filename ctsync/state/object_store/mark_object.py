"""A high-water mark in an object, which is replaced only as it was read."""

from __future__ import annotations

from functools import cached_property

from ctsync.errors import StateError
from ctsync.state.high_water import HighWater, mark_from_line, unreadable
from ctsync.state.object_store.bucket import Bucket, Conflict, Found, place_of

TRIES = 10


class MarkObject:
    """An object that several machines reach, beside no state."""

    def __init__(self, url: str) -> None:
        """Take the address of an object."""
        folder, _, self._name = url.rpartition("/")
        self.place = place_of(f"{folder}/", None)
        self.shown = self.place.shown

    def read(self) -> HighWater | None:
        """Return what the object says."""
        try:
            return self._mark(self._bucket.get(self._name))
        except StateError as error:
            if error.code == "high_water_unreadable":
                raise
            raise unreadable(error.message, error.hint) from error

    def keep(self, mark: HighWater) -> bool:
        """Put the mark, unless one that is higher was put meanwhile."""
        for _ in range(TRIES):
            found = self._bucket.get(self._name)
            if not mark.is_above(self._mark(found)) or self._put(mark, found):
                return True
        raise StateError(
            f"cannot write {self.shown}: others change it all the time",
            hint="run the command again",
            code="state_unwritable",
        )

    def _put(self, mark: HighWater, found: Found | None) -> bool:
        try:
            if found is None:
                self._bucket.create(self._name, mark.as_line())
            else:
                self._bucket.swap(self._name, mark.as_line(), found.tag)
        except Conflict:  # by another run, or by a first try whose answer was lost
            return False
        return True

    def _mark(self, found: Found | None) -> HighWater | None:
        return None if found is None else mark_from_line(found.data, self.shown)

    @cached_property
    def _bucket(self) -> Bucket:
        return Bucket(self.place)
