"""The commands, one short file each; exceptions become exit codes here, once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and end the process with its exit code."""
    try:
        run = _load()
    except KeyboardInterrupt:  # no command has begun to look for it
        sys.stderr.write("interrupted; nothing was sent\n")
        sys.exit(130)
    _end(run(list(sys.argv[1:] if arguments is None else arguments)))


def _load() -> Callable[[Sequence[str]], int]:
    from ctsync.cli.terminal.streams import open_closed_files, put_streams

    open_closed_files()
    put_streams()
    from ctsync.cli.app import run_alone

    return run_alone


def _end(code: int) -> None:
    if "duckdb" in sys.modules:
        # When Python tears itself down, DuckDB's binding reports what it still finds
        # as leaks, forty lines of them, on standard error. All is closed by now.
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os._exit(code)
    sys.exit(code)
