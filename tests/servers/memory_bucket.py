"""A bucket in this process's memory, by the same client, troubled at will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import obstore
import obstore.exceptions
import obstore.store

from ctsync.object_client import Tag
from ctsync.state.object_store.bucket import Bucket, Conflict


class MemoryBucket(Bucket):
    """Conditional puts hold as in any bucket; `fate` says what becomes of the next.

    `pass` does it, `lost` does it and answers as a client does whose first try was
    taken: that the object is another one. What is called before a put is `meanwhile`.
    """

    def __init__(self, objects: Any = None) -> None:
        self.location = "memory://bucket"
        self._api = obstore
        self._store = obstore.store.MemoryStore() if objects is None else objects
        self.fates: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.puts: list[str] = []

    def beside(self) -> MemoryBucket:
        """Give another process's view of the same objects."""
        return MemoryBucket(self._store)

    def _put(self, name: str, data: bytes, mode: Any) -> Tag:
        act, self.meanwhile = self.meanwhile, lambda: None
        act()
        self.puts.append(name)
        fate = self.fates.pop(0) if self.fates else "pass"
        tag = super()._put(name, data, mode)
        if fate == "lost":
            raise Conflict
        return tag
