"""Addresses of buckets, as `s3://BUCKET/FOLDER/NAME`: read with nothing to be asked."""

from __future__ import annotations

import re

from msgspec import Struct

SCHEMES = ("s3", "gs", "az")


class Address(Struct, frozen=True):
    """What an address says: a bucket, and what stands behind it."""

    scheme: str
    bucket: str
    path: str

    @property
    def shown(self) -> str:
        """The bucket, which may be told where the rest may not."""
        return f"{self.scheme}://{self.bucket}"


def is_address(text: str) -> bool:
    """Return whether a text begins as the address of a bucket does."""
    scheme, mark, _ = text.partition("://")
    return bool(mark) and scheme in SCHEMES


def address_of(text: str) -> Address | None:
    """Read the address of a bucket; None where it cannot be one.

    What a storage would take for a query, a fragment or a login may be a secret, and
    is never sent.
    """
    # Not by urllib: a bucket is no host, and what stands in brackets no address.
    scheme, _, rest = text.partition("://")
    bucket, _, path = rest.partition("/")
    if not is_address(text):
        return None
    if not path.isprintable() or _FORBIDDEN & {*path} or not _BUCKET.fullmatch(bucket):
        return None
    return Address(scheme, bucket, path)


_FORBIDDEN = {*"?#@"}
# The client ends the process over names that no address can hold.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
