"""Trying out whether a bucket keeps the promises that a state relies on."""

from __future__ import annotations

from contextlib import suppress

from ctsync.errors import StateError
from ctsync.state.object_store.bucket import Bucket, Conflict


def faults_of(bucket: Bucket, token: str) -> tuple[StateError, ...]:
    """Return what makes a bucket unfit; an object of this token comes and goes.

    Raises:
        StateError: it cannot be reached, or the credentials do not allow it.
    """
    name = f"probe-{token}"
    try:
        with suppress(Conflict):  # by a first try whose answer was lost
            bucket.create(name, b"1")
        found = (_creation(bucket, name), _swap(bucket, name), _versions(bucket, name))
    finally:
        bucket.remove([name])
    return tuple(fault for fault in found if fault is not None)


def refuse_unconditional_puts(bucket: Bucket, token: str) -> None:
    """Refuse to begin a state where two runs could both be the one writer.

    Raises:
        StateError: so it is (code `bucket_unfit`).
    """
    for fault in faults_of(bucket, token):
        if fault.code == UNFIT:
            raise fault


UNFIT = "bucket_unfit"


def _creation(bucket: Bucket, name: str) -> StateError | None:
    try:
        bucket.create(name, b"2")
    except Conflict:
        return None
    return _unconditional(bucket, "it puts an object again that is to be created once")


def _swap(bucket: Bucket, name: str) -> StateError | None:
    found = bucket.get(name)
    if found is None:
        return _unconditional(bucket, "it does not give back what was put")
    with suppress(Conflict):
        bucket.swap(name, b"3", found.tag)
    try:
        bucket.swap(name, b"4", found.tag)
    except Conflict:
        return None
    return _unconditional(bucket, "it replaces an object that is not the one named")


def _unconditional(bucket: Bucket, why: str) -> StateError:
    return StateError(
        f"{bucket.location} is not fit for a state: {why}",
        hint="use a bucket with conditional puts, or a database",
        code=UNFIT,
    )


def _versions(bucket: Bucket, name: str) -> StateError | None:
    found = bucket.get(name)
    if found is not None and "version" in found.tag:
        return None
    return StateError(
        f"{bucket.location} keeps no versions: what is deleted by mistake is lost",
        hint="switch versioning on, and let old versions expire after some weeks",
        code="bucket_unversioned",
    )
