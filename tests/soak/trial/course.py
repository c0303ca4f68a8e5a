"""A course: random things that happen to a world, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from ctsync.model.policy import Limit
from trial.wire import FAULTS
from trial.world import Trouble, World

PAIRS = ("Kim", "kim")  # one profile or two: nobody says, so never in flight together

ENDING = ("unauthorised", "forbidden", "redirect")


def identities(count: int) -> list[str]:
    """Give that many identities, some of which are hard to tell apart."""
    return [*PAIRS, "someone@example.com", *(f"u{n:04}" for n in range(count))]


def trouble(chance: Random, calls: int, rate: float) -> Trouble:
    """Draw what goes wrong in an apply of about so many calls."""
    return Trouble(
        faults=faults(chance, rate),
        crash_at=chance.randrange(6 * calls + 9) if chance.random() < 0.2 else None,
        stop_after=chance.randrange(calls + 1) if chance.random() < 0.15 else None,
        canary=Limit(chance.randrange(5)) if chance.random() < 0.1 else None,
    )


def faults(chance: Random, rate: float) -> Iterator[str]:
    """Yield a fault for each call, at a rate."""
    while True:
        kind = chance.choice(FAULTS) if chance.random() < rate else "none"
        # What ends a run is rare, or no run would come far.
        yield "none" if kind in ENDING and chance.random() < 0.95 else kind


def one_round(world: World, chance: Random, people: list[str], *, edits: int) -> None:
    """Edit, plan, apply badly, go on, and now and then look whether all is well."""
    world.edit(people, chance, 1 + chance.randrange(edits))
    if chance.random() < 0.2:
        world.undo(1 + chance.randrange(len(world.history)))
    if chance.random() < 0.1:
        world.settle_foreign(chance.choice(people), chance)
    plan = world.plan()
    for _ in range(1 + chance.randrange(3)):
        size = sum(1 for _ in plan.changes())
        calls = 2 + 2 * size // world.records_per_call
        rate = chance.choice((0.0, 0.2, 0.5, 0.8))
        result = world.apply(plan, trouble(chance, calls, rate))
        world.check()
        if result is not None and result.is_complete and chance.random() < 0.9:
            break
    if chance.random() < 0.1:
        world.disturb_uncertain(chance)
    if chance.random() < 0.05:
        world.doubt()
    if world.plans and chance.random() < 0.1:
        world.apply(chance.choice(world.plans), trouble(chance, 9, 0.3))
    if chance.random() < 0.2:
        world.converge()
