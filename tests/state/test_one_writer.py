"""Two runners fight for one state: there is one writer, and nothing is lost or doubled.

Each round a runner takes the lock, adds one to a counter that the snapshot holds, and
notes it in the journal first. Some are suspended while they hold the lock and wake up
late. The law: every round that was acknowledged is in the end, and no two are one.

CTSYNC_TEST_ROUNDS=2000 lets each runner go through so many rounds.
"""

import itertools
import os
import signal
import threading
from random import Random

import pytest
from object_server import BUCKET

from ctsync.state import open_store

ROUNDS = int(os.environ.get("CTSYNC_TEST_ROUNDS", "60"))  # of each runner
TERM_SECONDS = 0.8

RUNNER = """
import os, sys
from ctsync.errors import StateError
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import Holder, open_store
from msgspec.structs import replace

location, name, me, rounds, seconds = sys.argv[1:]
store = open_store(location, name=name or None)
store.term_seconds = float(seconds)
holder = Holder(me, "here", os.getpid(), "ctsync apply", "2030-01-01T00:00:00Z")
key = ProfileKey("identity", "u1")

def one_round(number):
    with store.lock(holder, timeout_seconds=60):
        left = store.journal()
        snapshot = store.read()
        header = snapshot.header or Header("l", 0, Account("A", "in1"))
        entries = list(snapshot.entries())
        points = entries[0].attributes["points"].value if entries else 0
        if left is not None:
            list(left.lines())
            store.discard_journal()
        head = {"lineage": "l", "serial": header.serial, "run": f"{me}-{number}"}
        with store.open_journal(head) as journal:
            journal.append({"to": points + 1}, sync=True)
            journal.check_lock()
        known = {"points": KnownValue("Points", "counter", points + 1)}
        store.replace(replace(header, serial=header.serial + 1), [Entry(key, known)])
        print(points + 1, flush=True)
        store.discard_journal()

number = 0
while number < int(rounds):
    number += 1
    try:
        one_round(number)
    except StateError as error:
        print("#", error.code, flush=True)
print("done", flush=True)
"""


@pytest.fixture(params=["object-store", "postgres"])
def address(request):
    """A location and a name that nobody used yet."""
    number = next(_NUMBERS)
    if request.param == "postgres":
        return request.getfixturevalue("postgres_server").url(), f"fight-{number}"
    request.getfixturevalue("object_server")
    return f"s3://{BUCKET}/fight/{number}/", ""


_NUMBERS = itertools.count()


class Suspender:
    """Stops a runner now and then for longer than a lease lasts."""

    def __init__(self, runners):
        self.runners, self.random = runners, Random(11)
        self.times = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.is_over.wait(self.random.uniform(0.2, 1.5)):
            runner = self.random.choice(self.runners)
            runner.send_signal(signal.SIGSTOP)
            self.is_over.wait(TERM_SECONDS * self.random.uniform(0.5, 2))
            runner.send_signal(signal.SIGCONT)
            self.times += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def test_two_runners_never_count_twice_and_lose_nothing(address, python):
    location, name = address

    def runner(me):
        return python(RUNNER, location, name, me, ROUNDS, TERM_SECONDS)

    with runner("ann") as ann, runner("bob") as bob:
        texts = {}

        def listen(process):
            texts[process] = process.stdout.read()

        ears = [threading.Thread(target=listen, args=(each,)) for each in (ann, bob)]
        with Suspender([ann, bob]) as suspender:
            for ear in ears:
                ear.start()
            for ear in ears:
                ear.join()
    said = [text.split("\n") for text in texts.values()]
    assert [words[-2:] for words in said] == [["done", ""]] * 2
    counted = [int(w) for words in said for w in words if w.isdigit()]
    assert len(counted) == len(set(counted))
    store = open_store(location, name=name or None)
    (entry,) = store.read().entries()
    assert max(counted) <= entry.attributes["points"].value
    assert all(any(w.isdigit() for w in words) for words in said)
    assert suspender.times
    trouble = {w for words in said for w in words if w.startswith("#")}
    # Who is stopped in the middle of a read may get no answer to it any more.
    assert trouble <= {"# lock_lost", "# state_locked", "# state_unreadable"}
