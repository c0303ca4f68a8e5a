"""Run a ctsync command and write down how long its parts took.

`python probe.py FILE ARGUMENT...`. A process of its own, since it changes classes.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from threading import Lock
from time import perf_counter, process_time
from typing import Any, TypeAlias

from ctsync.apply import apply_run, wave_runner
from ctsync.cli import apply_command
from ctsync.cli.app import run
from ctsync.state import journal_writing
from ctsync.transport import http

Spent: TypeAlias = "defaultdict[str, float]"


def probe(spent: Spent, owner: Any, name: str, part: str) -> None:
    """Add the time in a method to `spent`, and count its calls.

    The processor's time is the whole process's, all threads together, and that of
    processes which it began and which have ended.
    """
    original, lock = getattr(owner, name), Lock()

    def measured(*arguments: Any, **named: Any) -> Any:
        started, cpu_started = perf_counter(), _processor()
        try:
            return original(*arguments, **named)
        finally:
            with lock:  # lanes come side by side
                spent[part] += perf_counter() - started
                spent[f"{part}_cpu"] += _processor() - cpu_started
                spent[f"{part}_calls"] += 1

    setattr(owner, name, measured)


def _processor() -> float:
    ended = os.times()
    return process_time() + ended.children_user + ended.children_system


def count_bytes(spent: Spent) -> None:
    """Count what goes into the journal."""
    module: Any = journal_writing
    write = module.write_all

    def counted(fd: int, data: bytes) -> None:
        spent["journal_bytes"] += len(data)
        write(fd, data)

    module.write_all = counted


def main(file: str, *arguments: str) -> int:
    """Run the command, then write the parts."""
    spent: Spent = defaultdict(float)
    probe(spent, journal_writing.FileJournalWriter, "append", "journal")
    probe(spent, journal_writing.FileJournalWriter, "append_plan", "enclosing")
    probe(spent, wave_runner.WaveRunner, "run", "sending")
    probe(spent, apply_command, "plan_of_today", "today")
    probe(spent, apply_run, "JournalReplay", "replay")
    probe(spent, apply_run, "keep_run", "keep")
    probe(spent, apply_run.ApplyRun, "_fold_into_state", "fold")
    probe(spent, http.HttpTransport, "upload", "upload")
    count_bytes(spent)
    try:
        return run(arguments)
    finally:
        Path(file).write_text(json.dumps(spent))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
