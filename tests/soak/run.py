"""Wear ctsync down: `python tests/soak/run.py --seed N --faults 20000 [--seconds S]`.

Project after project is edited, planned and applied to a platform that fails in every
way it knows, over real sockets, under watch. With `--kills N` the platform is well, and
real processes of `ctsync apply` are ended at so many random moments instead. Ends with
one line of numbers; a law that does not hold ends it at once, with the seed that shows
it again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random, SystemRandom

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from trial.course import identities, one_round  # noqa: E402 - found beside this file
from trial.strikes import Course, sandbox  # noqa: E402
from trial.wishes import PASSCODE  # noqa: E402
from trial.world import World  # noqa: E402

from ctsync.sandbox import Sandbox  # noqa: E402

ROUNDS = 10


def main(arguments: Sequence[str]) -> int:
    """Run until there were enough faults or the time is up; 1 where a law fails."""
    options = _parser().parse_args(arguments)
    os.fsync = lambda fd: None  # processes end here, machines do not
    begun, totals, chapter = time.monotonic(), Counter[str](), 0
    tell, goal, most = _chapter, "faults", options.faults
    if options.kills:
        tell, goal, most = _course, "strikes", options.kills
    while totals[goal] < most:
        if time.monotonic() - begun > options.seconds:
            break
        seed = options.seed + chapter
        try:
            totals += tell(seed, options)
        except Exception as error:
            again = f"--seed {seed} --profiles {options.profiles}"
            again += f" --concurrency {options.concurrency}"
            again += " --kills 1" if options.kills else " --faults 1"
            sys.stderr.write(f"python tests/soak/run.py {again}\n{error}\n")
            if not isinstance(error, AssertionError):
                raise
            return 1
        chapter += 1
    names = _STRIKES if options.kills else _FAULTS
    counts = ", ".join(f"{totals[name]} {name}" for name in names)
    sys.stdout.write(
        f"seed {options.seed}: {chapter} projects, {counts}, "
        f"0 violations in {time.monotonic() - begun:.0f} s\n"
    )
    return 0


_FAULTS = (
    "faults", "applies", "calls", "acknowledged", "rejected", "unknown", "counters",
    "crashes",
)  # fmt: skip
_STRIKES = ("strikes", "cut off", "commands", "calls")


def _chapter(seed: int, options: argparse.Namespace) -> Counter[str]:
    """Tell one project's story; its end is always that all is as declared."""
    chance = Random(seed)
    people = identities(options.profiles)
    with (
        tempfile.TemporaryDirectory(prefix="ctsync-soak-") as folder,
        Sandbox(passcode=PASSCODE, seed=seed) as sandbox,
        closing(
            World(
                Path(folder),
                sandbox,
                undeclared=chance.choice(("keep", "remove")),
                records_per_call=chance.choice((1, 2, 3, 10)),
                concurrency=options.concurrency,
            )
        ) as world,
    ):
        world.edit(people, chance, 3 * len(people))
        for _ in range(ROUNDS):
            one_round(world, chance, people, edits=len(people))
        world.converge()
        return world.watch.totals


def _course(seed: int, options: argparse.Namespace) -> Counter[str]:
    """Strike at real processes, and have each version of a project arrive."""
    with (
        tempfile.TemporaryDirectory(prefix="ctsync-soak-") as folder,
        sandbox(seed) as platform,
    ):
        course = Course(Path(folder), platform, Random(seed), profiles=options.profiles)
        course.begin()
        for _ in range(ROUNDS):
            course.one_round(strikes=3)
        return course.totals


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    seed = SystemRandom().randrange(10**6)
    parser.add_argument("--seed", type=int, default=seed, help="of the first project")
    parser.add_argument("--faults", type=int, default=20_000, help="how many to meet")
    parser.add_argument("--kills", type=int, help="how many processes to end instead")
    parser.add_argument("--seconds", type=float, default=3600.0, help="at most")
    parser.add_argument("--profiles", type=int, default=200, help="in each project")
    parser.add_argument("--concurrency", type=int, default=3, help="calls at once")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
