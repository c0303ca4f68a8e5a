"""ctsync beside octoDNS: planning profiles from YAML, planning records from YAML.

Both read what is wanted from YAML, find what differs from what is known, and print it.
A record is a host of a zone with its type, its time to live and one or two values: 103
bytes, where a profile has 273.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from contest import CHANGED_EVERY, Contest, Side, changed_of, planning, table_of
from installing import Peer, install
from population import SEED, write_project
from stopwatch import Command, run
from tables import Setting, Table, built, ctsync, sizes

_SIZES = (1_000, 10_000)
_MOST = 100_000
_TARGETS = {1_000: 2.0, 10_000: 8.0}
_CACHED_TARGET = 15.0
_ZONE = "example.com.yaml"
_CONFIG = """\
providers:
  known: {class: octodns.provider.yaml.YamlProvider, directory: ./known}
  wanted: {class: octodns.provider.yaml.YamlProvider, directory: ./wanted}
zones:
  example.com.: {sources: [wanted], targets: [known]}
"""


def measure_octodns(setting: Setting) -> Iterator[Table]:
    """Plan profiles with ctsync and as many records with octoDNS."""
    peer = install(setting, "octodns")
    title = f"Planning from YAML beside {peer.versions if peer else 'octodns'}"
    contests = (
        contest
        for count in sizes(setting, _SIZES, _MOST)
        for contest in _contests(setting, count, peer)
    )
    yield table_of(title, contests, setting)


def _contests(setting: Setting, count: int, peer: Peer | None) -> Iterator[Contest]:
    project = known_project(setting.folder / f"yaml-{count}", count)
    zone = built(setting.folder / f"zone-{count}", lambda at: write_zone(at, count))
    other = None if peer is None else Side(_planning_records(peer, zone, count))
    ours = planning(project, changed_of(count))
    target = _TARGETS.get(count, 8.0 if count > _SIZES[-1] else 2.0)
    cold = Side(ours, clears=(project / ".ctsync",))
    yield Contest("YAML read anew", count, cold, other, target)
    cached = _CACHED_TARGET if count >= _SIZES[-1] else target
    yield Contest("YAML read before", count, Side(ours), other, cached)


def known_project(folder: Path, count: int) -> Path:
    """Write a project of which one profile in a hundred changed since it was known."""
    write_project(folder, count)
    run(ctsync("import", "spec", "--auto-approve", folder=folder))
    return write_project(folder, count, edited_every=CHANGED_EVERY)


def _planning_records(peer: Peer, folder: Path, count: int) -> Command:
    changed = changed_of(count)
    words = (peer.command("octodns-sync"), "--config-file", "config.yaml")
    says = f"Summary: Creates=0, Updates={changed}, Deletes=0"
    return Command((*words, "--log-stream-stdout"), folder, says=says)


def write_zone(folder: Path, count: int) -> None:
    """Write a zone as it is known and as it is wanted."""
    (folder / "config.yaml").write_text(_CONFIG)
    for name, edited_every in (("known", None), ("wanted", CHANGED_EVERY)):
        (folder / name).mkdir()
        with (folder / name / _ZONE).open("w") as file:
            file.write("---\n")
            file.writelines(_records(count, edited_every))


def _records(count: int, edited_every: int | None) -> Iterator[str]:
    chance = Random(SEED)
    for number in range(count):
        is_edited = edited_every is not None and number % edited_every == 0
        seconds = 600 if is_edited else 300
        record = _RECORDS[number % len(_RECORDS)](chance)
        yield f"host-{1_000_000 + number}:\n  ttl: {seconds}\n{record}"


def _a(chance: Random) -> str:
    addresses = [_address(chance), _address(chance)]
    return f"  type: A\n  values: [{', '.join(addresses)}]\n"


def _cname(chance: Random) -> str:
    return f"  type: CNAME\n  value: {_word(chance)}.example.net.\n"


def _txt(chance: Random) -> str:
    return f"  type: TXT\n  value: site-verification={_word(chance)}\n"


def _mx(chance: Random) -> str:
    places = (
        f"  - {{exchange: mx{n}.{_word(chance)}.example.net., preference: {n}0}}\n"
        for n in (1, 2)
    )
    return f"  type: MX\n  values:\n{''.join(places)}"


def _address(chance: Random) -> str:
    return ".".join(str(chance.randrange(1, 255)) for _ in range(4))


def _word(chance: Random) -> str:
    return f"{chance.getrandbits(64):016x}"


_RECORDS = (_a, _cname, _txt, _mx)
