"""Run a ctsync command whose journal is as far away as a server.

`python slow_journal.py SECONDS FILE ARGUMENT...`: each group of the journal is put that
late, by the writer that stores on servers use; 0 leaves the journal in its file. FILE
gets how long sending took. A process of its own, since it changes classes.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from probe import Spent, probe

from ctsync.apply import wave_runner
from ctsync.cli.app import run
from ctsync.state.base import JournalWriter, Line
from ctsync.state.journal_groups import GroupedJournalWriter
from ctsync.state.jsonl_store import JsonlStore


def put_late(seconds: float) -> None:
    """Let journals of a file be written as those on a server are, so much later."""
    open_journal = JsonlStore.open_journal

    def open_far(store: JsonlStore, head: Line) -> JournalWriter:
        open_journal(store, head).close()
        path = store._beside("journal")

        def put(_number: int, group: bytes) -> None:
            time.sleep(seconds)
            with path.open("ab") as file:
                file.write(group)

        first = path.read_bytes()
        return GroupedJournalWriter(put, _go_on, after=first, location="the journal")

    owner: Any = JsonlStore
    owner.open_journal, owner.keeps_unsynced = open_far, False


def _go_on() -> None:
    """Hold no lock that another could take."""


def main(seconds: str, file: str, *arguments: str) -> int:
    """Run the command, then write the seconds."""
    spent: Spent = defaultdict(float)
    if float(seconds):
        put_late(float(seconds))
    probe(spent, wave_runner.WaveRunner, "run", "sending")
    code = run(arguments)
    Path(file).write_text(json.dumps(spent))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
