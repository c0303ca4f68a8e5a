"""Who watches a trial: what left, what was acknowledged, what the platform holds."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from ctsync.sandbox.platform import Platform
from trial.wishes import COUNTERS, ONCE, Part, Wishes

Held = Any  # an operation, or for a list what became of each value
Order = tuple[str, Any]


class Broken(AssertionError):
    """A law does not hold."""


@dataclass
class Sent:
    """The last record that was sent to a profile, and what was held before it."""

    orders: dict[str, Order]
    before: dict[tuple[str, str], Held] = field(default_factory=dict)


@dataclass
class Watch:
    """Holds every call to the laws, from what left and what was written down.

    `held` is the last acknowledged order of an attribute, or of a list's value;
    nothing where an outcome is open.
    """

    platform: Platform
    allowed: dict[tuple[str, str], set[Any]] = field(
        default_factory=lambda: defaultdict(set)
    )
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)
    declared: dict[tuple[str, str, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    foreign: dict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    loose: dict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    done: set[tuple[str, str, str]] = field(default_factory=set)
    owned: set[tuple[str, str]] = field(default_factory=set)
    totals: Counter[str] = field(default_factory=Counter)
    plan: str = ""
    _named: list[str] = field(default_factory=list)
    _open: dict[int, list[str]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)  # has left since it was last noted
    _failed: dict[str, str] = field(default_factory=dict)
    _latest: dict[str, Sent] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def planned(self, wishes: Wishes) -> None:
        """Remember what a plan may now bring about."""
        for identity in wishes.named:
            for name, value in wishes.desired(identity).items():
                if name in COUNTERS:
                    self.allowed[identity, name].add(value)
                elif isinstance(value, Part):
                    self.declared[identity, name, "include"].update(value.include)
                    self.declared[identity, name, "exclude"].update(value.exclude)
                elif isinstance(value, list):
                    self.declared[identity, name, "exact"].update(value)

    def sent(self, body: bytes) -> None:
        """Take in a call that is about to leave."""
        with self._lock:
            self.totals["calls"] += 1
            for identity, orders in _records(body):
                self._check_repeats(identity, orders)
                self._check_steps(identity, orders)
                self._gone.add(identity)
                before = dict(self._touch(identity, orders))
                self._latest[identity] = Sent(orders, before)

    def _check_repeats(self, identity: str, orders: Mapping[str, Order]) -> None:
        for name, order in orders.items():
            if (self.plan, identity, _key(name, order)) in self.done:
                raise Broken(f"{identity} {name} {order} was acknowledged in this plan")
            for slot, value in _slots(name, order):
                if self.held.get((identity, slot)) == value and order[0] != "$remove":
                    raise Broken(f"{identity} {slot} {value} was acknowledged before")

    def _check_steps(self, identity: str, orders: Mapping[str, Order]) -> None:
        """Hold a run to sending a later record only after an acknowledged one."""
        if identity in self._failed and orders != self._latest[identity].orders:
            raise Broken(f"{identity} got {orders} after {self._failed[identity]}")

    def _touch(
        self, identity: str, orders: Mapping[str, Order]
    ) -> Iterator[tuple[tuple[str, str], Held]]:
        for name, order in orders.items():
            for slot, _ in _slots(name, order):
                yield (identity, slot), self.held.pop((identity, slot), None)

    def written(self, line: Mapping[str, Any]) -> None:
        """Take in a line that the journal now holds."""
        with self._lock:
            if "change" in line and line["does"][1:]:
                self._named.append(str(line["change"][2]))
            elif "intent" in line:
                spans = line["intent"]["spans"]
                names = [
                    name for at, count in spans for name in self._named[at : at + count]
                ]
                self._open[line["intent"]["call"]] = names
                self._gone.difference_update(names)
            elif "receipt" in line:
                due = iter(self._open.pop(line["receipt"]["call"]))
                for count, outcome in line["receipt"]["outcomes"]:
                    for _ in range(count):
                        self._received(next(due), outcome)

    def ended(self) -> None:
        """Take in the end of a run: what it noted and nobody answered is open."""
        with self._lock:
            doubtful = {key for keys in self._open.values() for key in keys}
            self._open.clear()
            self._named.clear()
            self._failed.clear()
            for slot in [each for each in self.held if each[0] in doubtful]:
                del self.held[slot]

    def _received(self, identity: str, outcome: str) -> None:
        self.totals[outcome] += 1
        self._failed.pop(identity, None)
        if outcome != "acknowledged":
            self._failed[identity] = outcome
        if identity not in self._gone:
            if outcome not in {"not_sent", "unknown"}:  # an earlier try may have left
                raise Broken(f"{identity} is {outcome} and was never sent")
            return
        sent = self._latest[identity]
        if outcome == "acknowledged":
            for name, order in sent.orders.items():
                self._acknowledged(identity, name, order)
        elif outcome != "unknown":
            for slot, value in sent.before.items():
                if value is not None:
                    self.held[slot] = value

    def _acknowledged(self, identity: str, name: str, order: Order) -> None:
        self.done.add((self.plan, identity, _key(name, order)))
        self.owned.add((identity, name))
        if order[0] in {"$incr", "$decr"}:
            self.totals["counters"] += 1
        else:
            for slot, value in _slots(name, order):
                self.held[identity, slot] = value
            if order[0] in {"$add", "$remove"}:
                self.loose[identity, name] -= set(order[1])
        if name == ONCE:
            self.once.setdefault(identity, order[1])

    def forget(self, names: Iterable[tuple[str, str]]) -> None:
        """Hold nothing any more of attributes that the state was to forget."""
        gone = set(names)
        with self._lock:
            for slot in [each for each in self.held if _attribute(each) in gone]:
                del self.held[slot]
            for identity, name in gone:
                # What is forgotten on release is somebody else's from then on.
                self.loose[identity, name] |= self.values(identity, name)

    def values(self, identity: str, name: str) -> set[str]:
        """Give what the platform holds of a list."""
        profile = self.platform.profile("identity", identity)
        found = profile.attributes.get(name) if profile else None
        return {*map(str, found)} if isinstance(found, list) else set()

    def doubt(self) -> None:
        """Hold nothing at all."""
        self.held.clear()
        self.done.clear()

    def look(self, body: bytes) -> None:
        """See what the platform made of a call."""
        for identity, orders in _records(body):
            counters = [name for name in COUNTERS if name in orders]
            profile = self.platform.profile("identity", identity) if counters else None
            for name in counters:
                value = profile.attributes.get(name) if profile else None
                if value is not None and value not in self.allowed[identity, name]:
                    raise Broken(f"{identity} {name} is {value}, which nobody declared")
        if self.platform.violations:
            raise Broken(f"violations: {self.platform.violations[:3]}")


def _records(body: bytes) -> Iterator[tuple[str, dict[str, Order]]]:
    for record in json.loads(body)["d"]:
        orders: dict[str, Order] = {}
        for name, value in record["profileData"].items():
            if name.startswith("category-"):
                for group in value["email"]:
                    orders[f"subscriptions.email.{group}"] = ("set", "re" in name[9:11])
            elif isinstance(value, dict):
                ((operator, operand),) = value.items()
                orders[name] = (operator, operand)
            else:
                orders[name] = ("set", value)
        yield record["identity"], orders


def _slots(name: str, order: Order) -> Iterator[tuple[str, Held]]:
    operator, operand = order
    if operator in {"$add", "$remove"}:
        for value in operand:
            yield f"{name}\0{value}", operator
    else:
        yield name, order


def _attribute(slot: tuple[str, str]) -> tuple[str, str]:
    return slot[0], slot[1].partition("\0")[0]


def _key(name: str, order: Order) -> str:
    return json.dumps([name, order])
