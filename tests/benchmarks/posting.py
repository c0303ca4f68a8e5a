"""What sending costs where nothing else is done: the calls of a plan, and no more.

`python posting.py PLAN LANES RECORDS_PER_CALL FILE` reads every body into memory, sends
them over so many connections, and forgets the answers: no journal, no verdicts, no
counts. Whoever sends through requests from one process can hardly be faster.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter, process_time

from ctsync.plan.document.plan_file import SavedPlan, open_plan
from ctsync.plan.document.schedule import WAVES
from ctsync.transport.http import connect
from ctsync.transport.upload_result import Transport


def main(file: str, workers: str, records_per_call: str, result: str) -> int:
    """Send, then write down how long it took."""
    with open_plan(Path(file)) as plan:
        bodies: SimpleQueue[bytes] = SimpleQueue()
        for body in _bodies(plan, int(records_per_call)):
            bodies.put(body)
        transport = connect(
            plan.head.account, "x", timeout_seconds=60, connections=int(workers)
        )
    threads = [
        Thread(target=_post, args=(bodies, transport)) for _ in range(int(workers))
    ]
    started, cpu_started = perf_counter(), process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = {
        "posting": perf_counter() - started,
        "posting_cpu": process_time() - cpu_started,
    }
    Path(result).write_text(json.dumps(spent))
    return 0


def _bodies(plan: SavedPlan, records_per_call: int) -> list[bytes]:
    everyone = range(plan.foot.places)
    cargos = (
        load.records_slice() for wave in WAVES for load in plan.loads(wave, everyone)
    )
    return [
        call.body
        for records_slice in cargos
        for call in records_slice.calls(records_per_call)
    ]


def _post(bodies: SimpleQueue[bytes], transport: Transport) -> None:
    while True:
        try:
            body = bodies.get_nowait()
        except Empty:
            return
        transport.upload(body, dry_run=False)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
