"""The one object that is replaced: it names all others that count."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.object_client import Tag
from ctsync.state.lock_holder import Holder
from ctsync.state.object_store.bucket import Bucket, Conflict
from ctsync.state.snapshot_codec import check_format, not_a_state

NAME = "head.json"
FORMAT = "ctsync.head/1"
TRIES = 20


class Lease(Struct, frozen=True, forbid_unknown_fields=True):
    """Who writes. `beat` moves as long as the holder lives, at least once a term."""

    holder: Holder
    term_seconds: float
    beat: int = 0


class RunName(Struct, frozen=True, forbid_unknown_fields=True):
    """A run, and the object that is kept of it."""

    run: str
    name: str


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """What counts of all that lies in the place.

    `epoch` is that of the last who took the lease. `journal` names the folder of a
    journal, `manifest` is what a folder of Parquet files has as a file.
    """

    epoch: int = 0
    lease: Lease | None = None
    journal: str | None = None
    runs: tuple[RunName, ...] = ()
    manifest: str | None = None

    def as_bytes(self, token: str) -> bytes:
        """Return the content of the object.

        An e-tag may be a hash of it; the token makes it differ from all before.
        """
        data = {"format": FORMAT, "token": token, **to_builtins(self)}
        return canonical(data) + b"\n"


class Stored(Struct, frozen=True):
    """A head as it was found or put, with its token."""

    head: Head
    tag: Tag
    token: str


def stored_head(data: bytes, tag: Tag, location: str) -> Stored:
    """Read what `Head.as_bytes` gave.

    Raises:
        StateError: it is something else, or of a newer format.
    """
    try:
        fields = dict(parse(data))
        check_format(fields.pop("format", None), FORMAT, f"{location} ({NAME})")
        token = str(fields.pop("token", ""))
        return Stored(convert(fields, Head), tag, token)
    except (ValueError, TypeError) as error:
        raise not_a_state(f"{location} ({NAME})", "it cannot be read") from error


class HeadObject:
    """Reads the head, and replaces it only as it was read. Threads may share it."""

    def __init__(self, bucket: Bucket, new_token: Callable[[], str]) -> None:
        self.location = bucket.location
        self._bucket, self._new_token = bucket, new_token
        self._lock = RLock()

    def read(self) -> Stored | None:
        """Return the head as it is now; None where there is no state yet."""
        found = self._bucket.get(NAME)
        if found is None:
            return None
        return stored_head(found.data, found.tag, self._bucket.location)

    def change(self, edit: Callable[[Head], Head]) -> Head:
        """Replace the head by what an edit makes of it, be it edited meanwhile.

        Raises:
            StateError: it could not be written, and then it is not known whether it
                was; or what `edit` raises.
        """
        with self._lock:
            for _ in range(TRIES):
                stored = self.read()
                after = edit(Head() if stored is None else stored.head)
                if self._put(stored, after):
                    return after
        raise StateError(
            f"cannot write {self._bucket.location}: others change it all the time",
            hint="run the command again",
            code="state_unwritable",
        )

    def _put(self, before: Stored | None, after: Head) -> bool:
        token = self._new_token()
        data = after.as_bytes(token)
        try:
            if before is None:
                self._bucket.create(NAME, data)
            else:
                self._bucket.swap(NAME, data, before.tag)
        except Conflict:
            # A first try may have been taken, and its answer lost.
            found = self.read()
            return found is not None and found.token == token
        return True


def beaten(lease: Lease) -> Lease:
    """Return a lease one beat later."""
    return replace(lease, beat=lease.beat + 1)
