"""Copies of objects that tables name: taken once, in a private folder.

Whatever reads rows then reads files. Which version was copied is kept, so that one that
is put in its place meanwhile is noticed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.bucket_address import Address
from ctsync.files.bucket_folders import BucketFolder
from ctsync.files.found_objects import FoundObject, NoRoom, Replaced
from ctsync.object_client import is_same

if TYPE_CHECKING:
    from ctsync.files.bucket_reader import BucketReader
    from ctsync.files.own_folder import OwnFolder

_SPARE_BYTES = 64 << 20  # of TMPDIR, that copies leave to everything else


class ObjectCopies:
    """The copies that one project has; they go with it.

    Whatever asks a bucket raises `Unreachable` where that does not answer, and
    `UsageError` where its client is not installed.
    """

    def __init__(self) -> None:
        self._readers: dict[Address, BucketReader] = {}
        self._paths: dict[BucketFolder, Path] = {}
        self._copied: dict[Path, FoundObject] = {}
        self._folder: OwnFolder | None = None

    def object_at(self, place: BucketFolder) -> FoundObject | None:
        """Return the object of exactly this name; None where there is none."""
        return self._reader_of(place).object_at(place)

    def objects_in(self, folder: BucketFolder) -> list[FoundObject]:
        """Return all objects in a folder and below it, in no order.

        Raises:
            TooMany: they are more than anybody means.
        """
        return self._reader_of(folder).objects_in(folder)

    def copy(self, found: FoundObject, ending: str) -> Path:
        """Return a copy of an object, under a name that ends so; its path is resolved.

        Raises:
            NoRoom: it does not fit into TMPDIR.
            Replaced: it is no longer what was found, or was copied before.
            OSError: the copy cannot be written.
        """
        path = self._paths.get(found.place)
        if path is not None:
            if not is_same(self._copied[path].tag, found.tag):
                raise Replaced
            return path
        folder = self._room()
        _require_room(folder, found.size)
        path = folder / f"{len(self._copied)}{ending}"
        self._reader_of(found.place).fetch(found, path)
        self._paths[found.place] = path
        self._copied[path] = found
        return path

    def has_changed(self, path: Path) -> bool:
        """Return whether what was copied there is another version by now, or gone."""
        copied = self._copied.get(path)
        return copied is not None and self._is_replaced(copied)

    def _is_replaced(self, copied: FoundObject) -> bool:
        now = self.object_at(copied.place)
        return now is None or not is_same(copied.tag, now.tag)

    def _reader_of(self, place: BucketFolder) -> BucketReader:
        from ctsync.files.bucket_reader import BucketReader

        if place.address not in self._readers:
            reader = BucketReader(place.address)
            self._readers[place.address] = reader
        return self._readers[place.address]

    def _room(self) -> Path:
        from ctsync.files.own_folder import OwnFolder

        if self._folder is None:
            self._folder = OwnFolder()
        return Path(os.path.realpath(self._folder.path))


def _require_room(folder: Path, needed: int) -> None:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize - _SPARE_BYTES
    if needed > free:
        raise NoRoom(needed, max(free, 0))
