"""Write, amend or read a state: `python amending.py LOCATION ACT COUNT [CHANGED]`.

Acts are `write`, `amend`, `entries` and `pick`; COUNT is how many profiles the state
has, CHANGED how many of them an act is about, evenly spread. Entries are alike but for
what tells profiles apart, so that making them costs little beside what is measured. A
process of its own, whose memory can be told.
"""

from __future__ import annotations

import hashlib
import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from ctsync.apply.gc_tuning import collected_seldom
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import open_store
from ctsync.state.entry_edits import Edit


def entry(number: int, *, edit: int = 0) -> Entry:
    """Give an entry of eight attributes; `edit` makes one of them another."""
    mark = hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()
    values = {
        "Name": f"Asha Montana {mark[:4]}",
        "Email": f"asha.{mark[:10]}@example.com",
        "Phone": f"+1415{number:07d}",
        "Plan": ("Free", "Silver", "Gold", "Platinum")[number % 4],
        "Renewal Date": f"$D_{1_704_067_200 + number % 2000 * 86_400}",
        "Score": f"{int(mark[10:16], 16) + edit}",
        "Branch": mark[16:21],
    }
    known = {
        name.replace(" ", "").lower(): KnownValue(name, "string", value, owned=True)
        for name, value in values.items()
    }
    words = f"bags-{mark[21:23]}", f"shoes-{mark[23:25]}"
    known["interests"] = KnownValue("Interests", "list", owned=True, present=words)
    print_of = hashlib.md5(b"%d %d" % (number, edit), usedforsecurity=False)
    return Entry(_key(number), known, fingerprint=print_of.hexdigest())


def _key(number: int) -> ProfileKey:
    return ProfileKey("identity", f"{10_000_000 + number}")


def _numbers(count: int, changed: int) -> Iterator[int]:
    """Yield so many numbers, as far apart as they can be."""
    return (place * count // changed for place in range(changed))


def _edits(count: int, changed: int, serial: int) -> Iterator[tuple[ProfileKey, Edit]]:
    for number in _numbers(count, changed):
        yield _key(number), partial(_edited, entry(number, edit=serial))


def _edited(after: Entry, before: Entry | None) -> Entry:
    if before is None:
        raise ValueError(f"{after.key} is not in the state")
    return after


def main(location: str, act: str, count: int, changed: int = 0) -> None:
    """Do one act."""
    store = open_store(location, folder=Path())
    if act == "write":
        header = Header("lineage", 1, Account("BENCH-1", "in1"))
        store.replace(header, map(entry, range(count)))
        return
    snapshot = store.read()
    if act == "entries":
        deque(snapshot.entries(), maxlen=0)
    elif act == "pick":
        found = sum(1 for _ in snapshot.pick(map(_key, _numbers(count, changed))))
        if found != changed:
            raise ValueError(f"{found} of {changed} are there")
    elif snapshot.header is not None:
        header = replace(snapshot.header, serial=snapshot.header.serial + 1)
        del snapshot
        store.amend(header, _edits(count, changed, header.serial))


if __name__ == "__main__":
    with collected_seldom():
        location, act, *counts = sys.argv[1:]
        main(location, act, *map(int, counts))
