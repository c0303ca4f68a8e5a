"""Projects to measure with: seeded, so that every run reads the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

SEED = 20_240_229
HEAD = """\
version: 1
name: bench
specs: [people.yaml]
account: {{id: BENCH-1, region: in1{endpoint}}}
state: state.jsonl
catalog:
  Plan: {{type: string, enum: [Free, Silver, Gold, Platinum]}}
  Renewal Date: {{type: date}}
  Interests: {{type: list}}
policy: {{limits: {{create: 100000000, update: 100%}}}}
"""

_FIRST = ("Asha", "Bruno", "Chiara", "Dmitri", "Elif", "Farah", "Goran", "Hana")
_LAST = ("Montana", "Okafor", "Lindqvist", "Petrova", "Castellano", "Nakamura")
_PLANS = ("Free", "Silver", "Gold", "Platinum")
_LIKES = tuple(
    f"{noun}-{number:03d}" for noun in ("shoes", "bags") for number in range(200)
)
_DAY_ZERO = dt.date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """What is declared of one profile: an id and eight attributes."""

    identity: str
    name: str
    email: str
    phone: str
    plan: str
    renewal: dt.date
    interests: tuple[str, ...]
    score: float
    branch: str


def people(count: int, *, edited_every: int | None = None) -> Iterator[Person]:
    """Yield so many people, always the same.

    With `edited_every`, one attribute of each so-manieth person is another.
    """
    chance = Random(SEED)
    for number in range(count):
        is_edited = edited_every is not None and number % edited_every == 0
        yield _person(chance, number, is_edited=is_edited)


def _person(chance: Random, number: int, *, is_edited: bool) -> Person:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    mark = f"{chance.getrandbits(40):010x}"
    renewal = _DAY_ZERO + dt.timedelta(days=chance.randrange(2000))
    interests = tuple(sorted(chance.sample(_LIKES, 2)))
    plan, score = chance.choice(_PLANS), chance.randrange(10_000_000)
    return Person(
        identity=f"{1_000_000 + number}",
        name=f"{first} {last} {mark[:4]}",
        email=f"{first.lower()}.{mark}@example.com",
        phone=f"+1415{chance.randrange(10_000_000):07d}",
        plan=plan,
        renewal=renewal,
        interests=interests,
        score=(score + is_edited) / 1000,
        branch=f"b{mark[5:]}",
    )


def profiles(count: int, *, edited_every: int | None = None) -> Iterator[str]:
    """Yield entries of `profiles:`, of about 250 bytes and eight attributes each."""
    return map(_profile, people(count, edited_every=edited_every))


def _profile(person: Person) -> str:
    return (
        f'  - identity: "{person.identity}"\n'
        "    attributes:\n"
        f"      Name: {person.name}\n"
        f"      Email: {person.email}\n"
        f'      Phone: "{person.phone}"\n'
        f"      Plan: {person.plan}\n"
        f"      Renewal Date: {person.renewal}\n"
        f"      Interests: [{', '.join(person.interests)}]\n"
        f"      Score: {person.score}\n"
        f"      Branch: {person.branch}\n"
    )


def write_project(
    folder: Path,
    count: int,
    *,
    edited_every: int | None = None,
    endpoint: str | None = None,
) -> Path:
    """Write a project with so many inline profiles, and give its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f", endpoint: '{endpoint}'" if endpoint else ""
    (folder / "ctsync.yaml").write_text(HEAD.format(endpoint=address))
    with (folder / "people.yaml").open("w") as file:
        file.write("profiles:\n")
        file.writelines(profiles(count, edited_every=edited_every))
    return folder
