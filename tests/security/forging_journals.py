"""Forged journals: whatever a sealed one says, every command answers or refuses it.

`PYTHONPATH=. python tests/security/forging_journals.py 1000 [SEED]` edits lines of the
journals of runs that met faults, seals each anew, and runs commands over it. It prints
how they ended; an exception that is none of ctsync's ends it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from forging import PASSCODE, Forge, Forged

from ctsync.canonical_json import canonical, parse
from ctsync.sandbox import Sandbox
from ctsync.state.file_store import FileStore
from ctsync.state.journal_lines import open_line, seal_lines

RUNS = (("none",), ("none", "lost"), ("lost", "none", "error500"), ("throttle",))
"""What the calls of each run meet."""
COMMANDS = (
    ("plan", "--format", "json"),
    ("state", "list"),
    ("state", "show", "identity=a"),
    ("state", "history"),
    ("doctor",),
    ("apply", "true.plan", "--auto-approve", "--format", "json"),
    ("apply", "--auto-approve"),
)
ENDS = {0, 1, 2, 3, 4, 6}
ODD: tuple[Any, ...] = (
    None, True, 0, 1, 2, 7, -1, 10**9, 10**18, 1.5, 1e300, "", "x", "a" * 300, [], {},
    [0], [[0, 1]], [[5, 1]], [[0, 10**9]], {"x": 1}, "acknowledged", "$incr", "set",
)  # fmt: skip


class JournalForge:
    """A project, and journals of runs that applied its plan."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.forge = Forge(folder, sandbox)
        project = folder / "ctsync.yaml"
        swift = "concurrency: 1, timeout_seconds: 2"
        project.write_text(project.read_text().replace("concurrency: 1", swift))
        self.path = folder / "state.jsonl.journal"
        self.journals = [self._journal(faults) for faults in RUNS]

    def _journal(self, faults: tuple[str, ...]) -> list[Any]:
        self.forge.sandbox.script(*faults)
        with kept_journals(self.path) as kept:
            self.forge.run("apply", "true.plan", "--auto-approve")
        self.forge.sandbox.script()
        self.forge.restore()
        return kept[-1]

    def offer(self, lines: list[Any], rng: Random) -> Iterator[str]:
        """Lay a journal beside the state, run commands, and say how each ended."""
        self.path.write_bytes(seal_lines([canonical(line) for line in lines], 0)[0])
        for words in rng.sample(COMMANDS, 3):
            code, _ = self.forge.run(*words)
            if code not in ENDS:
                raise Forged(f"{words} ended with {code}")
            yield f"{words[0]} {code}"
        self.forge.restore()


@contextmanager
def kept_journals(path: Path) -> Iterator[list[list[Any]]]:
    """Keep what journals hold before they are discarded."""
    kept: list[list[Any]] = []
    discard = FileStore.discard_journal

    def keep(store: FileStore) -> None:
        if path.exists():
            kept.append([_unhurried(line) for line in opened(path.read_bytes())])
        discard(store)

    with patch.object(FileStore, "discard_journal", keep):
        yield kept


def _unhurried(line: Any) -> Any:
    """Let nobody wait for a late write of a call."""
    if "intent" in line:
        line["intent"]["timeout_seconds"] = 0.01
    return line


def opened(data: bytes) -> Iterator[Any]:
    """Yield the lines of a journal without their seals."""
    checksum = 0
    for line in data.splitlines(keepends=True):
        found = open_line(line, checksum)
        assert found is not None
        text, checksum = found
        yield parse(text)


def forged(lines: list[Any], rng: Random) -> list[Any]:
    """Return lines cut off somewhere in their second half, with a few edits."""
    lines = json.loads(json.dumps(lines[: rng.randint(len(lines) // 2, len(lines))]))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        edit = _edited_lines if rng.random() < 0.35 else _edited_value
        edit(lines, rng)
    return lines


def _edited_lines(lines: list[Any], rng: Random) -> None:
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(3):
        case 0:
            lines[one], lines[two] = lines[two], lines[one]
        case 1:
            lines.insert(one, json.loads(json.dumps(lines[two])))
        case _ if len(lines) > 1:
            del lines[one]


def _edited_value(lines: list[Any], rng: Random) -> None:
    holder, name = rng.choice([*_places(rng.choice(lines))] or [(lines, 0)])
    match rng.randrange(3):
        case 0:
            del holder[name]
        case 1:
            other, place = rng.choice([*_places(rng.choice(lines))] or [(lines, 0)])
            holder[name] = json.loads(json.dumps(other[place]))
        case _:
            holder[name] = rng.choice(ODD)
    if not lines:
        lines.append({})


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(data, dict | list):
        return
    for name in [*data] if isinstance(data, dict) else range(len(data)):
        yield data, name
        yield from _places(data[name])


def main(count: int, seed: int) -> None:
    """Offer so many journals."""
    os.environ["CLEVERTAP_PASSCODE"] = PASSCODE
    rng, ends = Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as folder, Sandbox(passcode=PASSCODE) as sandbox:
        journals = JournalForge(Path(folder), sandbox)
        for _ in range(count):
            lines = forged(rng.choice(journals.journals), rng)
            try:
                ends.update(journals.offer(lines, rng))
            except BaseException:
                sys.stderr.writelines(f"{canonical(line).decode()}\n" for line in lines)
                raise
    said = ", ".join(f"{number} {what}" for what, number in sorted(ends.items()))
    sys.stdout.write(f"{count} forged journals: {said}\n")


if __name__ == "__main__":
    with patch("os.fsync"):  # processes end here, machines do not
        main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
