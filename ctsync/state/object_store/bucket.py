"""A bucket as this package sees it: few verbs, and troubles told as ctsync does."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from ctsync.errors import StateError, UsageError

SCHEMES = ("s3", "gs", "az")
REQUEST_SECONDS = 10  # of one try; what holds a lease may not wait for ever
RETRY_SECONDS = 15
TRIES = 4

Tag: TypeAlias = Mapping[str, str]
"""Which version of an object is meant: e-tag, generation, or both."""


class Conflict(Exception):
    """An object is not as a conditional put demands, be it by its lost first try."""


class Found(Struct, frozen=True):
    """An object, and which version of it."""

    data: bytes
    tag: Tag


class Place(Struct, frozen=True):
    """Where a state lies: a bucket, and what its objects' names begin with."""

    scheme: str
    bucket: str
    prefix: str

    @property
    def shown(self) -> str:
        """What may be said of it."""
        return f"{self.scheme}://{self.bucket}"


def place_of(url: str, name: str | None) -> Place:
    """Read an address; `name` is one more folder.

    Raises:
        UsageError: it is no address of a bucket; what it says is not shown.
    """
    # Not by urllib: a bucket is no host, and what stands in brackets no address.
    scheme, _, rest = url.partition("://")
    bucket, slash, path = rest.partition("/")
    is_plain = path.isprintable() and not _FORBIDDEN & {*path}
    is_folder = bool(slash) and (not path or path[-1] == "/")
    if not (is_plain and is_folder and _BUCKET.fullmatch(bucket)):
        raise UsageError(
            f"the state's address {scheme}://... cannot be read",
            hint=f"write {scheme}://BUCKET/PREFIX/, and give credentials in the "
            "environment",
        )
    folders = [*path.strip("/").split("/"), *([name] if name else [])]
    return Place(scheme, bucket, "/".join(filter(None, folders)))


_FORBIDDEN = {*"?#@"}
# The client ends the process over names that no address can hold.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Bucket:
    """The objects of one place. What is tried again by the client is idempotent."""

    def __init__(self, place: Place, variables: Mapping[str, str] = os.environ) -> None:
        self.location = place.shown
        self._api = _driver()
        with self._translated("reach"):
            self._store = _opened(self._api, place, variables)

    def get(self, name: str) -> Found | None:
        """Return an object; None where there is none."""
        with self._translated("read"):
            try:
                result = self._api.get(self._store, name)
                return Found(bytes(result.bytes()), _tag(result.meta))
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
        """Write an object to an open file; False where there is none."""
        with self._translated("read"):
            try:
                for chunk in self._api.get(self._store, name):
                    os.write(fd, chunk)
            except FileNotFoundError as error:
                self._check_bucket(error)
                return False
        return True

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
                return _tag(self._api.put(self._store, name, data, mode=mode))
            except (refused.AlreadyExistsError, refused.PreconditionError) as error:
                raise Conflict from error

    def _check_bucket(self, error: Exception) -> None:
        if any(word in str(error) for word in _NO_BUCKET):
            raise StateError(
                f"there is no bucket {self.location}",
                hint="check the state's address, or make the bucket",
                code="state_unreadable",
            ) from error

    @contextmanager
    def _translated(self, action: str) -> Generator[None]:
        try:
            yield
        except (self._api.exceptions.BaseError, OSError, ValueError) as error:
            raise _trouble(self.location, action, error) from error


_NO_BUCKET = ("NoSuchBucket", "bucket does not exist", "ContainerNotFound")


def _tag(meta: Mapping[str, Any]) -> Tag:
    found = {"e_tag": meta.get("e_tag"), "version": meta.get("version")}
    return {name: value for name, value in found.items() if value is not None}


def _driver() -> Any:
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ImportError as error:
        raise UsageError(
            "a state in a bucket needs the package obstore",
            hint='pip install "ctsync[object-store]"',
        ) from error
    return obstore


def _opened(api: Any, place: Place, variables: Mapping[str, str]) -> Any:
    kinds = {
        "s3": api.store.S3Store,
        "gs": api.store.GCSStore,
        "az": api.store.AzureStore,
    }
    return kinds[place.scheme](
        place.bucket,
        prefix=place.prefix or None,
        client_options={
            "timeout": timedelta(seconds=REQUEST_SECONDS),
            "connect_timeout": timedelta(seconds=REQUEST_SECONDS),
            "user_agent": "ctsync",
            **_plain_http(variables),
        },
        retry_config={
            "max_retries": TRIES,
            "retry_timeout": timedelta(seconds=RETRY_SECONDS),
        },
        **_given_token(place, variables),
    )


def _given_token(place: Place, variables: Mapping[str, str]) -> Mapping[str, Any]:
    """Take the token that a pipeline got for its own from Google.

    The client knows keys of service accounts and those of its machine, and no exchange
    of another host's token.
    """
    token = variables.get("GOOGLE_OAUTH_ACCESS_TOKEN")
    if place.scheme != "gs" or not token:
        return {}
    return {"credential_provider": lambda: {"token": token, "expires_at": None}}


def _plain_http(variables: Mapping[str, str]) -> Mapping[str, bool]:
    """Allow what is not encrypted where it does not leave this machine."""
    found = filter(None, map(variables.get, _ENDPOINTS))
    return {"allow_http": True} if any(map(_is_this_machine, found)) else {}


_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trouble(location: str, action: str, error: Exception) -> StateError:
    """Return the refusal for what happened; the client's words may hold the address."""
    name = type(error).__name__
    why, hint = _REASONS.get(name, _NO_ANSWER)
    if "dns error" in str(error).lower():
        why, hint = _NO_HOST
    code = "state_unwritable" if action == "write" else "state_unreadable"
    return StateError(f"cannot {action} {location}: {why}", hint=hint, code=code)


_NO_ANSWER = (
    "it does not answer as it should",
    "see that it can be reached, then run the command again: nothing was lost",
)
_NO_HOST = (
    "DNS knows no such host",
    "check the bucket's endpoint and region, and that this machine can look up names",
)
_RIGHTS = (
    "the credentials do not allow it",
    "give them in the environment, with the rights that specs/state.md lists",
)
_REASONS = {"PermissionDeniedError": _RIGHTS, "UnauthenticatedError": _RIGHTS}
