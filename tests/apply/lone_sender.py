"""A sender between a platform that answers as it is told to, and a clock by hand."""

from collections import defaultdict
from random import Random
from threading import Event, Lock
from time import monotonic, sleep

from ctsync.apply.apply_settings import ApplySettings, RetryPace, Runtime
from ctsync.apply.calls.sender import Sender
from ctsync.apply.calls.stop_reason import StopReason
from ctsync.apply.clock import Clock
from ctsync.apply.journal.journal_writer import NoRunJournal
from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.transport.upload_result import CallEnding, UploadResult

TIMEOUT = 60.0
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
MOVED = Operation("Points", "counter", "$incr", 5, "known", 1, 6)


def change(identity, operation=GOLD):
    return Change(ProfileKey("identity", identity), "update", (operation,))


def ended(happened, **more):
    return UploadResult(happened, message=f"{happened}", **more)


def replied(processed, *items):
    said = canonical({"processed": processed, "unprocessed": list(items)})
    return UploadResult(CallEnding.REPLIED, 200, said)


class Platform:
    """Answers the calls of each identity in turn, and takes whatever else comes."""

    def __init__(self, answers):
        self.answers = {who: list(said) for who, said in answers.items()}
        self.holds = defaultdict(list)  # what a call waits for before it is answered
        self.left, self.most, self._flying = [], 0, 0
        self._lock = Lock()

    def upload(self, body, *, dry_run):
        records = parse(body)["d"]
        who = records[0]["identity"]
        with self._lock:
            self.left.append(who)
            assert len(self.left) < 100, "calls without an end"
            self._flying += 1
            self.most = max(self.most, self._flying)
            said = self.answers.get(who) or [replied(len(records))]
            answer = said.pop(0)
        try:
            for wait in self.holds[who]:
                wait()
        finally:
            with self._lock:
                self._flying -= 1
        return answer


class Notes(NoRunJournal):
    """What was noted; `fails` names what cannot be, and with what error."""

    def __init__(self, *, is_far=False, fails=None):
        self.is_far, self.fails = is_far, fails or {}
        self.intents, self.receipts = [], []

    def write_intent(self, calls):
        self.intents += [number for number, _ in calls]
        self._may_fail("intent")

    def check_lock(self):
        self._may_fail("lock")

    def leave(self, call):
        self._may_fail("leave")

    def write_receipt(self, call, verdicts, *, is_answered):
        self._may_fail("receipt")
        self.receipts.append((call, is_answered))

    def _may_fail(self, what):
        if what in self.fails:
            raise self.fails[what]


class Watch:
    """Whoever watches, and whoever may ask for an end."""

    def __init__(self):
        self.waited, self.requested, self.signal_number = [], False, None
        self.told = Event()

    def progressed(self, counts, total):
        pass

    def waits(self, seconds, why):
        self.waited.append(seconds)
        self.told.set()


class Sending:
    """One sender with calls of one record for each letter. Its clock only sleeps.

    A space parts what may not share a load.
    """

    def __init__(
        self, cargo_of, letters, answers=None, *, operation=GOLD, wave=1, **given
    ):
        self.calls = (
            call
            for part in letters.split()
            for call in cargo_of(
                *(change(each, operation) for each in part), wave=wave
            ).calls(given.get("together", 1))
        )
        self.platform = Platform(answers or {})
        self.notes, self.watch = given.get("notes", Notes()), Watch()
        self.now, self.slept = 1000.0, []
        self.before_sleep = lambda: None
        self.stop_reason = StopReason(given.get("stop", self.watch))
        pace = {"factor": 1.0, "slice_seconds": 0.02} | given.get("pace", {})
        terms = ApplySettings(
            concurrency=given.get("concurrency", 1),
            timeout_seconds=TIMEOUT,
            pace=RetryPace(**pace),
        )
        in_real_time = given.get("in_real_time", False)
        clock = Clock(lambda: 0.0, lambda: self.now, self.now)
        around = Runtime(clock, self._sleep, Random(7), self.watch)
        if in_real_time:
            around = Runtime(
                Clock(lambda: 0.0, monotonic, 0.0), sleep, Random(7), self.watch
            )
        self.sender = Sender(self.platform, self.notes, self.stop_reason, terms, around)
        self.delivery = self.sender.deliver(self.calls)

    def _sleep(self, seconds):
        self.before_sleep()
        self.slept.append(seconds)
        assert len(self.slept) < 2000, "waits without an end"
        self.now += seconds

    def until_left(self, who):
        """Wait, in a lane, until a call has left."""
        give_up_at = monotonic() + 3
        while who not in self.platform.left and monotonic() < give_up_at:
            sleep(0.001)

    def turns(self, number):
        """Let the deciding thread look so often."""
        for _ in range(number):
            next(self.delivery)

    def until(self, happened):
        """Let it look until something has happened; then a little longer."""
        give_up_at = monotonic() + 10
        while not happened():
            assert monotonic() < give_up_at, "it did not happen"
            next(self.delivery)

    def outcomes(self):
        """Send everything; give the outcome of each record, by whose it is."""
        return outcomes(told for many in self._in_time() for told in many)

    def _in_time(self):
        give_up_at = monotonic() + 10
        for told in self.delivery:
            assert monotonic() < give_up_at, "it does not end"
            yield told


def outcomes(told):
    return {
        record.key.id: verdict.outcome.value
        for records_slice, verdicts in told
        for record, verdict in zip(records_slice, verdicts, strict=True)
    }
