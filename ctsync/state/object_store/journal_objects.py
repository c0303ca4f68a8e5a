"""A journal as objects that are created once, one after another, each a group of it.

Whoever takes the lease over seals the journal that it finds: it creates the object that
would have come next. Who lost the lease then cannot create it, and knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from ctsync.errors import StateError
from ctsync.state.journal_groups import called
from ctsync.state.lock_holder import lock_lost
from ctsync.state.object_store.bucket import Bucket, Conflict, Found

FOLDER = "journal"
GETS_AT_ONCE = 16
_SEAL = b"sealed\n"  # no group is this: a line begins with a brace


def put_group(bucket: Bucket, journal: str, number: int, group: bytes) -> None:
    """Create one object of a journal.

    Raises:
        StateError: the journal was sealed, since another run took the lease (code
            `lock_lost`), or it is not known whether the object was created.
    """
    name = _name(journal, number)
    try:
        bucket.create(name, group)
    except Conflict:
        # The first try may have been taken, and its answer lost.
        found = bucket.get(name)
        if found is None or found.data != group:
            raise lock_lost(bucket.location) from None


def seal(bucket: Bucket, journal: str) -> None:
    """Let no group follow those that there are.

    Raises:
        StateError: the bucket cannot be used.
    """
    number = len(bucket.names(f"{FOLDER}/{journal}/"))
    while True:
        try:
            bucket.create(_name(journal, number), _SEAL)
        except Conflict:
            found = bucket.get(_name(journal, number))
            if found is not None and found.data == _SEAL:
                return
            number += 1  # it was faster
        else:
            return


def groups(bucket: Bucket, journal: str) -> Iterator[bytes]:
    """Yield the groups of a journal, some of them fetched ahead.

    Raises:
        StateError: one is missing (code `journal_damaged`), or cannot be read.
    """
    names = bucket.names(f"{FOLDER}/{journal}/")
    expected = [_name(journal, number) for number in range(len(names))]
    if names != expected:
        raise _missing(bucket.location)
    for found in _fetched(bucket.get, iter(names)):
        if found is None:
            raise _missing(bucket.location)
        if found.data == _SEAL:
            return
        yield found.data


def _fetched(
    get: Callable[[str], Found | None], names: Iterator[str]
) -> Iterator[Found | None]:
    with ThreadPoolExecutor(GETS_AT_ONCE) as pool:
        while some := list(islice(names, GETS_AT_ONCE)):
            yield from pool.map(get, some)


def _missing(location: str) -> StateError:
    return StateError(
        f"a part of {called(location)} is missing",
        hint="bring back the deleted object (the bucket keeps versions), or run "
        '"ctsync state doubt --all", since what it sent is then not known',
        code="journal_damaged",
    )


def _name(journal: str, number: int) -> str:
    return f"{FOLDER}/{journal}/{number:08d}"
