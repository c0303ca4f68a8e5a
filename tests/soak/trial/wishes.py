"""What a project wants, as a test understands it, and its YAML text.

Nothing here asks ctsync what a value means: dates, flags and lists are spelled and
expected by this file's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

COHORT, COHORT_TIER, LEFT_TIER, LOUNGE = "vip", "VIP", "Standard", "lounge"
ONCE = "First Source"
COUNTERS = ("Points", "Visits")
LISTS = ("Tags", "Roles")
GROUPS = ("Newsletters", "Football")
FLAG = "MSG-email"
REMOVABLE = ("Name", "Gender")
CANARY = "canary-7f3a"
PASSCODE = "CANARY-PASSCODE-7f3a"
LETTERS = ("a", "b", "c", "d", "e", "z1")

# No delta between two of these, sent twice or more, ends on a third (a test holds it).
COUNTS = (0, 7, 20, 1_009, 12_347, 777_781, 3**21, 999_999_999_999_999)


class Part(NamedTuple):
    """At least these values, none of those."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]


class Day(NamedTuple):
    """A date as the language writes it."""

    text: str

    @property
    def stored(self) -> str:
        moment = datetime.fromisoformat(self.text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return f"$D_{int(moment.timestamp())}"


class Chance(Protocol):
    """What `random.Random` offers, as far as it is needed."""

    def choice(self, seq: Sequence[Any]) -> Any: ...
    def random(self) -> float: ...
    def sample(self, population: Sequence[Any], k: int) -> list[Any]: ...
    def randrange(self, start: int, /) -> int: ...


@dataclass
class Person:
    """What one profile entry says."""

    attributes: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, bool] = field(default_factory=dict)


@dataclass
class Wishes:
    """One version of a project."""

    people: dict[str, Person] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)

    def copy(self) -> Wishes:
        people = {
            identity: Person(dict(person.attributes), dict(person.groups))
            for identity, person in self.people.items()
        }
        return Wishes(people, set(self.members))

    @property
    def named(self) -> set[str]:
        return self.members | self.people.keys()

    def desired(self, identity: str) -> dict[str, Any]:
        """Give what all places together want of a profile's attributes."""
        person = self.people.get(identity, Person())
        merged = dict(person.attributes)
        if identity in self.members:
            merged.setdefault("Tier", COHORT_TIER)
            roles = merged.get("Roles", Part((), ()))
            merged["Roles"] = Part(
                tuple(sorted({*roles.include, LOUNGE})), roles.exclude
            )
        return merged

    def text(self) -> str:
        return "".join(_lines(self))


def _lines(wishes: Wishes) -> Iterator[str]:
    yield "profiles:\n" if wishes.people else "profiles: []\n"
    for identity, person in sorted(wishes.people.items()):
        yield f"  - identity: {json.dumps(identity)}\n"
        if person.attributes:
            yield "    attributes:\n"
        for name, value in sorted(person.attributes.items()):
            yield f"      {json.dumps(name)}: {_spelled(value)}\n"
        if person.groups:
            yield f"    subscriptions: {{email: {json.dumps(person.groups)}}}\n"
    members = json.dumps(sorted(wishes.members))
    yield f"cohorts:\n  {COHORT}:\n    members: {members}\n"
    yield f"    attributes: {{Tier: {COHORT_TIER}, Roles: {{include: [{LOUNGE}]}}}}\n"
    yield f"    leave: {{Tier: {LEFT_TIER}}}\n"


def _spelled(value: Any) -> str:
    if isinstance(value, Day):
        return value.text
    if isinstance(value, Part):
        return json.dumps({"include": value.include, "exclude": value.exclude})
    return json.dumps(value)


def project_text(
    url: str, *, undeclared: str, records_per_call: int, concurrency: int
) -> str:
    """Give the project file: everything is allowed, so that nothing is blocked."""
    return f"""\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
specs: [people.yaml]
catalog:
  Points: {{type: counter}}
  Visits: {{type: counter}}
  Tags: {{type: list}}
  Roles: {{type: list}}
  Renewal Date: {{type: date}}
  {ONCE}: {{type: string, write: once}}
policy:
  undeclared: {undeclared}
  limits: {{create: 100000, update: 100%, remove: 100%, opt_in: 100000}}
upload: {{records_per_call: {records_per_call}, concurrency: {concurrency}}}
"""


# Edits


def edit(wishes: Wishes, identities: Sequence[str], chance: Chance) -> None:
    """Change one thing, as somebody at work on the project would."""
    chance.choice(_EDITS)(wishes, chance.choice(identities), chance)


def _declare(wishes: Wishes, identity: str, chance: Chance) -> None:
    person = wishes.people.setdefault(identity, Person())
    name = chance.choice(tuple(_VALUES))
    person.attributes[name] = _VALUES[name](chance)


def _count(wishes: Wishes, identity: str, chance: Chance) -> None:
    person = wishes.people.setdefault(identity, Person())
    person.attributes[chance.choice(COUNTERS)] = chance.choice(COUNTS)


def _list(wishes: Wishes, identity: str, chance: Chance) -> None:
    person = wishes.people.setdefault(identity, Person())
    name = chance.choice(LISTS)
    person.attributes[name] = _VALUES[name](chance)


def _drop_attribute(wishes: Wishes, identity: str, chance: Chance) -> None:
    person = wishes.people.get(identity)
    if person is not None and person.attributes:
        del person.attributes[chance.choice(sorted(person.attributes))]


def _drop_person(wishes: Wishes, identity: str, chance: Chance) -> None:
    wishes.people.pop(identity, None)


def _join(wishes: Wishes, identity: str, chance: Chance) -> None:
    wishes.members.add(identity)


def _leave(wishes: Wishes, identity: str, chance: Chance) -> None:
    wishes.members.discard(identity)


def _group(wishes: Wishes, identity: str, chance: Chance) -> None:
    person = wishes.people.setdefault(identity, Person())
    person.groups[chance.choice(GROUPS)] = chance.choice((True, False))


def _drop_group(wishes: Wishes, identity: str, chance: Chance) -> None:
    person = wishes.people.get(identity)
    if person is not None:
        person.groups.pop(chance.choice(GROUPS), None)


_EDITS = (
    *(_declare,) * 4, *(_count,) * 5, *(_list,) * 3, _drop_attribute, _drop_person,
    _join, _leave, _group, _drop_group,
)  # fmt: skip


def _exact(chance: Chance) -> list[str]:
    return sorted(chance.sample(LETTERS, chance.randrange(5)))


def _part(chance: Chance) -> Part:
    mixed = chance.sample(LETTERS, 1 + chance.randrange(4))
    cut = chance.randrange(len(mixed) + 1)
    return Part(tuple(sorted(mixed[:cut])), tuple(sorted(mixed[cut:])))


def _tags(chance: Chance) -> Any:
    shape = chance.choice(("exact", "exact", "part", "null"))
    return {"exact": _exact, "part": _part, "null": lambda _: None}[shape](chance)


def _one_of(*values: Any) -> Any:
    return lambda chance: chance.choice(values)


_VALUES: dict[str, Any] = {
    "Plan": _one_of("Free", "Gold", "Platinum"),
    "Name": _one_of(f"Ann {CANARY}", f"Bob {CANARY}", None),
    "Gender": _one_of("M", "F", None),
    "Email": _one_of(f"ann@{CANARY}.example", f"bob@{CANARY}.example"),
    "Tier": _one_of(COHORT_TIER),
    "Score": _one_of(1, 2.5, -7, 0),
    "Active": _one_of(True, False),
    "Renewal Date": _one_of(Day("2024-02-29"), Day("2031-12-31T10:00:00Z")),
    "Misc": _one_of("text", "other", 5, True, Day("2020-01-01")),
    "Points": _one_of(*COUNTS),
    "Visits": _one_of(*COUNTS),
    "Tags": _tags,
    "Roles": _part,
    ONCE: _one_of("ads", "friends", "search"),
    FLAG: _one_of(True, False),
}
