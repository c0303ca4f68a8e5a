"""Reading a bucket: what lies in it, and copies of it. Nothing is ever written."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ctsync.bucket_address import Address
from ctsync.files.bucket_folders import BucketFolder
from ctsync.files.found_objects import FoundObject, Replaced, TooMany, Unreachable
from ctsync.object_client import (
    Trouble,
    client_for,
    is_same,
    open_objects,
    tag_of,
    trouble_of,
    without_panic,
)

MOST_LISTED = 100_000  # objects below one folder that are looked at
_LISTED_AT_ONCE = 1000
_CHUNK_BYTES = 8 << 20


class BucketReader:
    """One bucket, opened with the credentials of the environment.

    Raises:
        UsageError: the client is not installed.
        Unreachable: the environment does not suffice to ask.
    """

    def __init__(
        self, bucket: Address, variables: Mapping[str, str] = os.environ
    ) -> None:
        self._client = client_for("a table in a bucket")
        with self._told():
            self._objects = open_objects(self._client, bucket, variables)

    def object_at(self, place: BucketFolder) -> FoundObject | None:
        """Return the object of exactly this name; None where there is none.

        Raises:
            Unreachable: nobody can tell.
        """
        with self._told():
            try:
                meta = self._client.head(self._objects, place.path)
            except FileNotFoundError as error:
                if trouble_of(error) is Trouble.NO_BUCKET:
                    raise
                return None
        return FoundObject(place, meta["size"], tag_of(meta))

    def objects_in(self, folder: BucketFolder) -> list[FoundObject]:
        """Return all objects in a folder and below it, in no order.

        Raises:
            Unreachable: nobody can tell.
            TooMany: they are more than `MOST_LISTED`.
        """
        found: list[FoundObject] = []
        start, size = folder.path or None, _LISTED_AT_ONCE
        with self._told():
            for page in self._client.list(self._objects, start, chunk_size=size):
                found += (_found(folder, meta) for meta in page)
                if len(found) > MOST_LISTED:
                    raise TooMany
        return found

    def fetch(self, found: FoundObject, path: Path) -> None:
        """Write what was found to a new file, which is whole or not there.

        Raises:
            Unreachable: the bucket does not give it, or not all of it.
            Replaced: it is no longer what was found.
            OSError: the file cannot be written.
        """
        result = self._asked_for(found)
        aside = path.with_suffix(".part")
        try:
            with _new_file(aside) as file:
                self._write(result, found.size, file)
        except BaseException:
            # Tables are asked for again: what is left here would be what they tell of.
            aside.unlink(missing_ok=True)
            raise
        aside.replace(path)

    def _write(self, result: Any, size: int, file: BinaryIO) -> None:
        written = 0
        for chunk in self._chunks(result.stream(_CHUNK_BYTES)):
            written += len(chunk)
            # Whoever answers may go on for ever.
            if written > size:
                break
            file.write(chunk)
        if written != size:
            raise Unreachable(Trouble.NO_ANSWER.value)

    def _asked_for(self, found: FoundObject) -> Any:
        """Return the answer that brings an object, of the version that was found."""
        with self._told():
            try:
                result = self._client.get(self._objects, found.place.path)
            except FileNotFoundError as error:
                raise Replaced from error
        meta = result.meta
        if meta["size"] != found.size or not is_same(found.tag, tag_of(meta)):
            raise Replaced
        return result

    def _chunks(self, stream: Iterable[Any]) -> Iterator[Any]:
        with self._told():
            yield from stream

    @contextmanager
    def _told(self) -> Generator[None]:
        """Say in words of ours what the client raises."""
        try:
            with without_panic():
                yield
        except (self._client.exceptions.BaseError, OSError, ValueError) as error:
            trouble = trouble_of(error)
            is_denied = trouble is Trouble.DENIED
            raise Unreachable(trouble.value, is_denied=is_denied) from error


def _new_file(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _found(folder: BucketFolder, meta: Mapping[str, Any]) -> FoundObject:
    bucket = BucketFolder(folder.scheme, folder.bucket)
    place = bucket.within(*meta["path"].split("/"))
    return FoundObject(place, meta["size"], tag_of(meta))
