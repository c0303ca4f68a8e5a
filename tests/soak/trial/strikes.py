"""Real applies that are ended at random moments, under load, and taken up again.

Every apply is a process of its own that sends several calls at a time to a platform
behind some latency. The moments are drawn from a seed; what has happened by then is up
to the machine, so that a seed repeats a course, but not to the microsecond.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from ctsync.apply.recover import folded_view
from ctsync.canonical_json import canonical, fold_name, parse
from ctsync.model.entry import Entry
from ctsync.sandbox import Sandbox
from ctsync.state.base import Store
from ctsync.state.jsonl_store import JsonlStore
from trial.expect import mistakes
from trial.watch import Broken, Watch
from trial.wishes import COUNTERS, COUNTS, PASSCODE, Part, Person, Wishes, project_text

ROOT = Path(__file__).parents[3]
LATENCY_SECONDS = 0.04
TIMEOUT_SECONDS = 3  # how long a counter that nobody heard of is waited for
CONCURRENCY = 6
_MOST_SECONDS = 120
_KILL, _TERM, _INT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
_STRIKES = ((_KILL,), (_KILL,), (_KILL,), (_TERM,), (_INT, _INT), (_TERM, _KILL))
# 3: all had left, and a second signal came before it was heard of. 4: of a saved plan
# nothing is left to do.
_ENDS = {0, 3, 4, 128 + _INT, 128 + _TERM, -_KILL, -_INT, -_TERM}


def sandbox(seed: int) -> Sandbox:
    """Give a platform that takes its time; some calls are written late."""
    return Sandbox(
        passcode=PASSCODE,
        seed=seed,
        latency_seconds=LATENCY_SECONDS,
        slow_seconds=LATENCY_SECONDS,
        faults={"late": 0.2},
    )


class Course:
    """One project, whose every version reaches the platform whatever happens."""

    def __init__(
        self, folder: Path, platform: Sandbox, chance: Random, *, profiles: int
    ) -> None:
        self.folder, self.sandbox, self.chance = folder, platform, chance
        self.names = [f"u{number:03}" for number in range(profiles)]
        self.wishes, self.watch = Wishes(), Watch(platform.platform)
        self.totals: Counter[str] = Counter()
        text = project_text(
            platform.url, undeclared="keep", records_per_call=3, concurrency=CONCURRENCY
        )
        pace = f"concurrency: {CONCURRENCY}"
        text = text.replace(pace, f"{pace}, timeout_seconds: {TIMEOUT_SECONDS}")
        (folder / "ctsync.yaml").write_text(text)

    @property
    def store(self) -> Store:
        return JsonlStore.at("state.jsonl", folder=self.folder, name=None)

    def begin(self) -> None:
        """Bring a first version to the platform undisturbed."""
        self.edit()
        self._finish("--first-run")

    def one_round(self, strikes: int) -> None:
        """Change everything, strike at some applies of it, and then let it be done."""
        self.edit()
        saved = self.chance.random() < 0.5
        if saved:
            self._run("plan", "--out", "plan", "--summary")
        for _ in range(strikes):
            words = ("plan",) if saved and self.chance.random() < 0.7 else ()
            self.strike(words)
        self._finish()

    def edit(self) -> None:
        """Want another value of every attribute of every profile."""
        people = self.wishes.people
        for name in self.names:
            before = people.get(name, Person()).attributes
            people[name] = Person(
                {
                    "Plan": self._other(before.get("Plan"), "Free", "Gold", "Trial"),
                    **{n: self._other(before.get(n), *COUNTS) for n in COUNTERS},
                    "Tags": sorted(self.chance.sample("abcde", 3)),
                    "Roles": Part((self.chance.choice("abc"),), ("e",)),
                },
                {"Football": self.chance.random() < 0.5},
            )
        (self.folder / "people.yaml").write_text(self.wishes.text())
        self.watch.planned(self.wishes)

    def _other(self, value: Any, *choices: Any) -> Any:
        return self.chance.choice([each for each in choices if each != value])

    # Applies

    def strike(self, words: tuple[str, ...]) -> None:
        """Begin an apply, and end it at a random moment."""
        known, calls = self._known(), self.sandbox.platform.call_count
        numbers = self.chance.choice(_STRIKES)
        with self._spawn("apply", *words, "--auto-approve") as process:
            self._wait_for_a_moment(process, calls)
            for number in numbers:
                if process.poll() is None:
                    process.send_signal(number)  # to this process, by its own id
                    time.sleep(self.chance.random() * 2 * LATENCY_SECONDS)
            said = process.communicate(timeout=_MOST_SECONDS)
        if process.returncode not in _ENDS:
            raise Broken(f"{numbers}: exit {process.returncode}\n{said[1]}")
        self.totals["strikes"] += 1
        self.totals["cut off"] += process.returncode != 0
        self._judge(known, calls)

    def _wait_for_a_moment(self, process: subprocess.Popen[str], calls: int) -> None:
        """Wait for a moment: mostly one while calls are in flight."""
        if self.chance.random() < 0.15:
            time.sleep(self.chance.random())  # while it starts, plans, or recovers
            return
        rounds = 3 * len(self.names) / 3 / CONCURRENCY
        delay = self.chance.random() * rounds * 1.5 * LATENCY_SECONDS
        while process.poll() is None and self.sandbox.platform.call_count == calls:
            time.sleep(0.002)
        time.sleep(delay)

    def _finish(self, *words: str) -> None:
        """Apply undisturbed, at most twice, until all is as it is wanted."""
        for _ in range(2):
            known, calls = self._known(), self.sandbox.platform.call_count
            self._run("apply", "--auto-approve", *words)
            self._judge(known, calls)
            if self._run("plan", "--detailed-exitcode", "--summary", codes={0, 2}) == 0:
                break
        else:
            raise Broken("after two applies there are still changes")
        found = mistakes(
            self.wishes, self.watch, removes=False, joined=set(), known=set()
        )
        if wrong := "; ".join(list(found)[:5]):
            raise Broken(wrong)

    def _run(
        self, *words: str, codes: frozenset[int] | set[int] = frozenset((0,))
    ) -> int:
        with self._spawn(*words) as process:
            _, said = process.communicate(timeout=_MOST_SECONDS)
        if process.returncode not in codes:
            raise Broken(f"ctsync {words}: exit {process.returncode}\n{said}")
        self.totals["commands"] += 1
        return process.returncode

    def _spawn(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ctsync", *words],
            cwd=self.folder,
            env={
                **os.environ, "PYTHONPATH": str(ROOT), "CLEVERTAP_PASSCODE": PASSCODE
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    # Laws

    def _known(self) -> dict[str, Entry]:
        return {entry.key.id: entry for entry in folded_view(self.store).entries()}

    def _judge(self, before: Mapping[str, Entry], calls: int) -> None:
        """Hold what left to what was known, and what is known to what is there."""
        self._check_calls(before, calls)
        time.sleep(3 * LATENCY_SECONDS)  # what is late has been written by then
        self._check_state()
        if self.watch.platform.violations:
            raise Broken(f"violations: {self.watch.platform.violations[:3]}")

    def _check_calls(self, before: Mapping[str, Entry], calls: int) -> None:
        seen: Counter[bytes] = Counter()
        for call in self.sandbox.platform.calls[calls:]:
            self.totals["calls"] += 1
            for record in parse(call.body)["d"]:
                seen[canonical(record)] += 1
                entry = before.get(record["identity"])
                for name, value in record["profileData"].items():
                    _check_news(entry, record["identity"], name, value)
        for record, times in seen.items():
            # Nothing is lost here, so nothing is sent twice in one run.
            if times > 1:
                raise Broken(f"sent {times} times in one run: {record.decode()}")

    def _check_state(self) -> None:
        """Read the state as any command may, at this moment."""
        for identity, entry in self._known().items():
            profile = self.watch.platform.profile("identity", identity)
            found = {} if profile is None else dict(profile.attributes)
            for known in entry.attributes.values():
                if known.kind == "list":
                    lacks = set(known.present) - set(found.get(known.name, ()))
                    if lacks:
                        raise Broken(f"{identity} {known.name} lacks {lacks}")
                elif known.name in found and known.certain:
                    _check_certain(identity, known.name, known.value, found[known.name])
        for identity, name, value in self._counters():
            if value is not None and value not in self.watch.allowed[identity, name]:
                raise Broken(f"{identity} {name} is {value}, which nobody declared")

    def _counters(self) -> Iterator[tuple[str, str, Any]]:
        for identity in self.names:
            profile = self.watch.platform.profile("identity", identity)
            for name in COUNTERS if profile else ():
                yield identity, name, profile.attributes.get(name)


def _check_certain(identity: str, name: str, value: Any, found: Any) -> None:
    if value != found:
        raise Broken(f"{identity} {name}: certain of {value!r}, but it is {found!r}")


def _check_news(entry: Entry | None, identity: str, name: str, value: Any) -> None:
    """Hold an order to saying something that was not acknowledged before."""
    known = None if entry is None else entry.attributes.get(fold_name(name))
    if known is None:
        return
    if isinstance(value, dict):
        is_news = not set(value.get("$add", ())) & set(known.present)
    else:
        is_news = not known.certain or known.value != value
    if not is_news:
        raise Broken(f"{identity} {name}: {value} was acknowledged before")
