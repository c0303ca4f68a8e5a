"""Putting effects in the order of their keys without holding them in memory."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from itertools import groupby

from ctsync.apply.effect import Doubt, Effect, effect_from_json
from ctsync.apply.failures import scratch_database
from ctsync.apply.journal import EffectData
from ctsync.canon import canonical, parse
from ctsync.model.key import Key

_BATCH = 10_000


class EffectsByKey:
    """Effects, given in the order in which they came about, read by key.

    They lie in a private temporary database, which is in memory while it is small
    and disappears with the process.
    """

    def __init__(self, effects: Iterable[tuple[Key, EffectData]]) -> None:
        self._rows = scratch_database()
        weakref.finalize(self, self._rows.close)
        self._rows.execute("CREATE TABLE effect (type TEXT, id TEXT, data BLOB)")
        self._rows.execute("BEGIN")
        self._rows.executemany(
            "INSERT INTO effect VALUES (?, ?, ?)",
            ((key.type, key.id, canonical(data)) for key, data in effects),
        )
        self._rows.execute("COMMIT")

    def __iter__(self) -> Iterator[tuple[Key, tuple[Effect | Doubt, ...]]]:
        rows = self._rows.execute("SELECT * FROM effect ORDER BY type, id, rowid")
        rows.arraysize = _BATCH
        for key, group in groupby(rows, key=lambda row: Key(row[0], row[1])):
            yield key, tuple(effect_from_json(parse(row[2])) for row in group)
