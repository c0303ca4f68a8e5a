"""The daemon of Spark's workers, but so that their processor time is counted.

Spark's own asks the system to forget workers that end, and what they took with them. A
worker ends once it was idle for a minute, as all are while a long plan is written.
"""

from __future__ import annotations

import signal

from pyspark import daemon

if __name__ == "__main__":
    # It ignores the end of its children by this name; nothing sends it the other.
    # Then they wait for `whole_tree`, to which they fall when the daemon ends.
    daemon.SIGCHLD = signal.SIGURG
    daemon.manager()
