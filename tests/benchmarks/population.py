"""Projects to measure with: seeded, so that every run reads the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
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


def profiles(count: int, *, edited_every: int | None = None) -> Iterator[str]:
    """Yield entries of `profiles:`, of about 250 bytes and eight attributes each.

    With `edited_every`, one attribute of each so-manieth profile is another.
    """
    chance = Random(SEED)
    for number in range(count):
        is_edited = edited_every is not None and number % edited_every == 0
        yield _profile(chance, number, is_edited=is_edited)


def _profile(chance: Random, number: int, *, is_edited: bool) -> str:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    mark = f"{chance.getrandbits(40):010x}"
    renewal = _DAY_ZERO + dt.timedelta(days=chance.randrange(2000))
    likes = ", ".join(sorted(chance.sample(_LIKES, 2)))
    plan, score = chance.choice(_PLANS), chance.randrange(10_000_000)
    score += is_edited
    return (
        f'  - identity: "{1_000_000 + number}"\n'
        "    attributes:\n"
        f"      Name: {first} {last} {mark[:4]}\n"
        f"      Email: {first.lower()}.{mark}@example.com\n"
        f'      Phone: "+1415{chance.randrange(10_000_000):07d}"\n'
        f"      Plan: {plan}\n"
        f"      Renewal Date: {renewal}\n"
        f"      Interests: [{likes}]\n"
        f"      Score: {score / 1000}\n"
        f"      Branch: {mark[4:]}\n"
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
