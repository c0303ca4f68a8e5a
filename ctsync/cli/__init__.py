"""The commands, one short file each; exceptions become exit codes here, once."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and end the process with its exit code."""
    from ctsync.cli.app import run

    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))
