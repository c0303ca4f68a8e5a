"""Clients of object storage: the one place that knows their package and its troubles.

Credentials come from the environment, as each storage's own tools take them, and never
from an address. What is not encrypted is spoken with this machine alone.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from ctsync.bucket_address import Address
from ctsync.errors import UsageError

REQUEST_SECONDS = 10  # of one try; what holds a lease may not wait for ever
RETRY_SECONDS = 15
TRIES = 4

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")

Tag: TypeAlias = Mapping[str, str]
"""Which version of an object is meant: e-tag, generation, or both."""


class Trouble(Enum):
    """Why a request failed, in words of ours: those of the client hold addresses."""

    NO_ANSWER = "it does not answer as it should"
    NO_HOST = "DNS knows no such host"
    NO_BUCKET = "there is no such bucket"
    DENIED = "the credentials do not allow it"


def client_for(what: str) -> Any:
    """Return the client's module.

    Raises:
        UsageError: it is not installed; the message says that `what` needs it.
    """
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ImportError as error:
        raise UsageError(
            f"{what} needs the package obstore",
            hint='pip install "ctsync[object-store]"',
        ) from error
    return obstore


def open_objects(
    client: Any, place: Address, variables: Mapping[str, str] = os.environ
) -> Any:
    """Open a bucket; names of objects then go on from the path of the place.

    Raises:
        UsageError: the environment says what no request can hold.
    """
    _require_sound(place, variables)
    kinds = {
        "s3": client.store.S3Store,
        "gs": client.store.GCSStore,
        "az": client.store.AzureStore,
    }
    return kinds[place.scheme](
        place.bucket,
        prefix=place.path or None,
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


@contextmanager
def without_panic() -> Generator[None]:
    """Make an error of what the client raises where it did not expect something.

    Raises:
        ValueError: it panicked; its own exception is no `Exception`, and would pass
            by everybody who tells of errors.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError("the client gave up") from None
        raise


def _require_sound(place: Address, variables: Mapping[str, str]) -> None:
    """Refuse what the client would end the process over; no value is shown."""
    for name, form in _FORMS[place.scheme].items():
        text = variables.get(name)
        if text and not form.fullmatch(text):
            is_endpoint = form is _URL
            raise UsageError(
                f"{name} is no address" if is_endpoint else f"{name} cannot be sent",
                hint="write https://HOST, or http://127.0.0.1:PORT for this machine"
                if is_endpoint
                else "it holds a space, a line break or another character that no "
                "request takes; set it anew",
            )


_URL = re.compile(
    r"(?i:https?)://([\w.~%:-]+@)?([\w.-]+|\[[0-9a-fA-F:.]+\])"
    r"(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(/[\w.~%/-]*)?",
    re.ASCII,
)
_WORD = re.compile("[!-~]+")
_FORMS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "s3": {
        **dict.fromkeys(_ENDPOINTS, _URL),
        "AWS_REGION": _WORD,
        "AWS_DEFAULT_REGION": _WORD,
        "AWS_ACCESS_KEY_ID": _WORD,
        "AWS_SESSION_TOKEN": _WORD,
    },
    "gs": {"GOOGLE_OAUTH_ACCESS_TOKEN": _WORD},
    "az": {},
}


def tag_of(meta: Mapping[str, Any]) -> Tag:
    """Return which version of an object its description is of."""
    found = {"e_tag": meta.get("e_tag"), "version": meta.get("version")}
    return {name: value for name, value in found.items() if value is not None}


def is_same(tag: Tag, other: Tag) -> bool:
    """Return whether two tags are of one version, by all that both of them say.

    A listing tells no version, which is told of each object; and some put quotes around
    tags in the one and not in the other.
    """
    both = tag.keys() & other.keys()
    return all(tag[name].strip('"') == other[name].strip('"') for name in both)


def trouble_of(error: Exception) -> Trouble:
    """Return what an exception of the client means."""
    if type(error).__name__ in {"PermissionDeniedError", "UnauthenticatedError"}:
        return Trouble.DENIED
    if "dns error" in str(error).lower():
        return Trouble.NO_HOST
    is_gone = any(word in str(error) for word in _NO_BUCKET)
    return Trouble.NO_BUCKET if is_gone else Trouble.NO_ANSWER


_NO_BUCKET = ("NoSuchBucket", "bucket does not exist", "ContainerNotFound")


def _given_token(place: Address, variables: Mapping[str, str]) -> Mapping[str, Any]:
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


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
