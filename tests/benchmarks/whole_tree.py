"""Runs a command and waits for all that it started, so that its cost is told whole.

A JVM outlives the Python that began it by a moment, and nobody else would wait for it.
Only on Linux.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: orphans below become children of this one


def main() -> int:
    """Run the command of the arguments; give its exit code."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    code = subprocess.call(sys.argv[1:])
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return code


if __name__ == "__main__":
    sys.exit(main())
