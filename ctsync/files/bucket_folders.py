"""Folders of buckets: what of object storage the tables of a project may name.

A bucket counts letter by letter, and a name by its parts: `s3://crm/exports/` holds
`exports/a.csv` and neither `exports-of-others/a.csv` nor what `..` would lead to.
"""

from __future__ import annotations

from msgspec import Struct

from ctsync.bucket_address import Address, address_of

BUCKET_HINT = (
    "objects come from the buckets, or folders of them, that --data-root or "
    "CTSYNC_DATA_ROOTS allow, as in --data-root s3://BUCKET/FOLDER/"
)


class BucketFolder(Struct, frozen=True):
    """A folder of a bucket, or all of it where `parts` are none."""

    scheme: str
    bucket: str
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.scheme}://{'/'.join((self.bucket, *self.parts))}/"

    @property
    def address(self) -> Address:
        """The bucket alone."""
        return Address(self.scheme, self.bucket, "")

    @property
    def path(self) -> str:
        """What names of objects in it begin with, without the slash behind it."""
        return "/".join(self.parts)

    def holds(self, other: BucketFolder) -> bool:
        """Return whether an object, or a folder, is in it or is this folder itself."""
        is_same_bucket = self.address == other.address
        return is_same_bucket and other.parts[: len(self.parts)] == self.parts

    def within(self, *parts: str) -> BucketFolder:
        """Return what has a name of these parts in it."""
        return BucketFolder(self.scheme, self.bucket, (*self.parts, *parts))


def bucket_folder(text: str) -> BucketFolder | None:
    """Read the address of a folder or an object; None where it cannot be one.

    Slashes beyond one do not count, as in a path of files; parts that would lead
    elsewhere in such a path are refused, although they are names as any to a bucket.
    """
    address = address_of(text)
    if address is None:
        return None
    parts = tuple(part for part in address.path.split("/") if part)
    if not {".", ".."}.isdisjoint(parts):
        return None
    return BucketFolder(address.scheme, address.bucket, parts)
