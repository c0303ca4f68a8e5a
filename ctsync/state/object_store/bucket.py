"""A bucket as this package sees it: few verbs, and troubles told as ctsync does."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from ctsync.bucket_address import Address, address_of
from ctsync.errors import StateError, UsageError
from ctsync.object_client import (
    Tag,
    Trouble,
    client_for,
    open_objects,
    tag_of,
    trouble_of,
    without_panic,
)
from ctsync.state.atomic_files import write_all


class Conflict(Exception):
    """An object is not as a conditional put demands, be it by its lost first try."""


class Found(Struct, frozen=True):
    """An object, and which version of it."""

    data: bytes
    tag: Tag


def place_of(url: str, name: str | None) -> Address:
    """Read an address; `name` is one more folder.

    Raises:
        UsageError: it is no address of a folder; what it says is not shown.
    """
    scheme, _, rest = url.partition("://")
    found = address_of(url)
    if found is None or "/" not in rest or not f"/{found.path}".endswith("/"):
        raise UsageError(
            f"the state's address {scheme}://... cannot be read",
            hint=f"write {scheme}://BUCKET/PREFIX/, and give credentials in the "
            "environment",
        )
    folders = [*found.path.strip("/").split("/"), *([name] if name else [])]
    return Address(scheme, found.bucket, "/".join(filter(None, folders)))


class Bucket:
    """The objects of one place. What is tried again by the client is idempotent."""

    def __init__(
        self, place: Address, variables: Mapping[str, str] = os.environ
    ) -> None:
        self.location = place.shown
        self._api = client_for("a state in a bucket")
        with self._translated("reach"):
            self._store = open_objects(self._api, place, variables)

    def get(self, name: str) -> Found | None:
        """Return an object; None where there is none."""
        with self._translated("read"):
            try:
                result = self._api.get(self._store, name)
                return Found(bytes(result.bytes()), tag_of(result.meta))
            except FileNotFoundError as error:
                self._check_bucket(error)
                return None

    def create(self, name: str, data: bytes) -> Tag:
        """Put an object that is not there yet.

        Raises:
            Conflict: it is, perhaps by a first try whose answer was lost.
        """
        return self._put(name, data, "create")

    def swap(self, name: str, data: bytes, tag: Tag) -> Tag:
        """Put an object in the place of exactly this version.

        Raises:
            Conflict: it is another one by now, perhaps as with `create`.
        """
        return self._put(name, data, dict(tag))

    def upload(self, name: str, path: Path) -> None:
        """Put a file under a name that nobody else uses."""
        with self._translated("write"):
            self._api.put(self._store, name, path)

    def download(self, name: str, fd: int) -> bool:
        """Write an object to an open file; False where there is none.

        Raises:
            OSError: the file takes no more.
        """
        with self._translated("read"):
            try:
                found = self._api.get(self._store, name)
            except FileNotFoundError as error:
                self._check_bucket(error)
                return False
        for chunk in self._chunks(found):
            write_all(fd, chunk)
        return True

    def _chunks(self, found: Any) -> Iterator[bytes]:
        with self._translated("read"):
            yield from found

    def names(self, start: str = "") -> list[str]:
        """Return the names that begin with a folder's name, sorted."""
        with self._translated("read"):
            pages = self._api.list(self._store, start or None)
            return sorted(meta["path"] for page in pages for meta in page)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; one that is gone already is no trouble."""
        doomed = list(names)
        if doomed:
            with self._translated("write"):
                self._api.delete(self._store, doomed)

    def _put(self, name: str, data: bytes, mode: Any) -> Tag:
        refused = self._api.exceptions
        with self._translated("write"):
            try:
                return tag_of(self._api.put(self._store, name, data, mode=mode))
            except (refused.AlreadyExistsError, refused.PreconditionError) as error:
                raise Conflict from error

    def _check_bucket(self, error: Exception) -> None:
        if trouble_of(error) is Trouble.NO_BUCKET:
            raise StateError(
                f"there is no bucket {self.location}",
                hint="check the state's address, or make the bucket",
                code="state_unreadable",
            ) from error

    @contextmanager
    def _translated(self, action: str) -> Generator[None]:
        try:
            with without_panic():
                yield
        except (self._api.exceptions.BaseError, OSError, ValueError) as error:
            raise _trouble(self.location, action, error) from error


def _trouble(location: str, action: str, error: Exception) -> StateError:
    """Return the refusal for what happened; the client's words may hold the address."""
    trouble = trouble_of(error)
    code = "state_unwritable" if action == "write" else "state_unreadable"
    message = f"cannot {action} {location}: {trouble.value}"
    return StateError(message, hint=_HINTS[trouble], code=code)


_HINTS = {
    Trouble.NO_ANSWER: (
        "see that it can be reached, then run the command again: nothing was lost"
    ),
    Trouble.NO_HOST: (
        "check the bucket's endpoint and region, and that this machine can look up "
        "names"
    ),
    Trouble.NO_BUCKET: "check the state's address, or make the bucket",
    Trouble.DENIED: (
        "give them in the environment, with the rights that specs/state.md lists"
    ),
}
