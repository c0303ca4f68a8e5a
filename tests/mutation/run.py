"""Puts small wrongs into a room of ctsync, one at a time, and sees who notices.

    python tests/mutation/run.py kinds

Tests are collected once, and each mutant meets those that ran its statement, in a fork
of that session (`session.py`). A wrong that is met while a module is imported has a
fork that imports ctsync anew. `--sample` takes one of so many, by a seed that is said;
`--seconds` bounds one mutant, and one that takes longer counts as noticed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]

from by_hand import by_hand  # noqa: E402 - these are found in this folder
from explained import explained  # noqa: E402
from held_by import HELD_BY  # noqa: E402
from mutants import Mutant, mutants_of  # noqa: E402
from servers import FIXTURES, Shared, running  # noqa: E402
from session import ELSEWHERE, LATE, SURVIVED, Placed, Session, forked  # noqa: E402

HEAVY = (
    "pytest", "hypothesis", "hypothesis.strategies", "msgspec", "orjson", "yaml",
    "click", "requests", "duckdb", "pyarrow", "jsonschema", "filelock", "psycopg",
    "sqlite3", "http.server",
)  # fmt: skip


_WITHOUT = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")


class Loader(importlib.abc.Loader):
    """Loads one module from other source."""

    def __init__(self, source: str, path: str) -> None:
        self._source, self._path = source, path

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, self._path, "exec"), module.__dict__)


class Finder(importlib.abc.MetaPathFinder):
    """Finds one module, changed."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self._name, self._path, self._source = name, path, source

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self._name:
            return None
        loader = Loader(self._source, str(self._path))
        return importlib.machinery.ModuleSpec(
            fullname,
            loader,
            origin=str(self._path),
            is_package=self._path.stem == "__init__",
        )


def main() -> int:
    """Run, and print one line for each survivor and a score."""
    options = _options()
    os.chdir(ROOT)
    for heavy in HEAVY:
        importlib.import_module(heavy)
    with running(tuple(options.server or ())) as shared:
        return _run(options, shared)


def _run(options: argparse.Namespace, shared: Shared) -> int:
    found, started = _mutants(options), time.monotonic()
    tests = tuple(options.tests or HELD_BY[options.room])
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "outcomes.json"
        code = forked(lambda: _session(options, found, tests, note, shared), 24 * 3600)
        if code:
            return int(code)
        told = msgspec.json.decode(note.read_bytes(), type=_Told)
    for number in [n for n, said in enumerate(told.outcomes) if said == ELSEWHERE]:
        # What is only made at import has no line that tells who looks at it.
        files = [*told.files.get(str(found[number].path), []), *tests]
        told.outcomes[number] = _anew(found[number], files, shared, options.seconds)
        _tell(found[number], told.outcomes[number])
    known = explained()
    survivors = [
        f for f, said in zip(found, told.outcomes, strict=True) if said == SURVIVED
    ]
    score = {
        "room": options.room, "only": options.only, "mutants": len(found),
        "survivors": len(survivors),
        "explained": sum(_line(each) in known for each in survivors),
        "out of time": told.outcomes.count(LATE),
        "sample": options.sample, "seed": options.seed, "tests": tests,
        "seconds": round(time.monotonic() - started),
    }  # fmt: skip
    _say(json.dumps(score))
    return 0


class _Told(msgspec.Struct):
    """What a session found: an outcome for each mutant, test files for each path."""

    outcomes: list[str]
    files: dict[str, list[str]]


def _mutants(options: argparse.Namespace) -> list[Placed]:
    found = []
    for path in sorted((ROOT / "ctsync" / options.room).rglob("*.py")):
        if options.only and path.stem not in options.only:
            continue
        source = path.read_text()
        own = (*mutants_of(source), *by_hand(path, source))
        found += [_placed(path, each) for each in own]
    if options.again:
        said = options.again.read_text().splitlines()
        named = {"\t".join(line.split("\t")[:4]).removesuffix(_LATE) for line in said}
        found = [each for each in found if _line(each) in named]
    if options.sample > 1:
        chance = random.Random(options.seed)
        kept = chance.sample(range(len(found)), len(found) // options.sample)
        found = [found[number] for number in sorted(kept)]
    return found


def _placed(path: Path, mutant: Mutant) -> Placed:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return Placed(path, ".".join(parts).removesuffix(".__init__"), mutant)


def _session(
    options: argparse.Namespace,
    found: Sequence[Placed],
    tests: Sequence[str],
    note: Path,
    shared: Shared,
) -> int:
    """Run in a fork, since it imports ctsync as it is."""
    outcomes = []

    def tell(placed: Placed, outcome: str) -> None:
        outcomes.append(outcome)
        _tell(placed, outcome)

    folder = ROOT / "ctsync" / options.room
    session = Session(folder, found, options.seconds, tell, twice=bool(options.server))
    code = _pytest(tests, [session, shared])
    if code == 0:
        paths = {placed.path for placed in found}
        files = {str(path): _files(session.tests_of(path, None)) for path in paths}
        note.write_bytes(msgspec.json.encode(_Told(outcomes, files)))
    elif session.complaint:
        _say(session.complaint)
    return code


def _files(tests: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(test.partition("::")[0] for test in tests))


def _anew(placed: Placed, files: Sequence[str], shared: Shared, seconds: float) -> str:
    """Say what comes of a mutant when ctsync is imported with it."""
    code = forked(lambda: _with_module(placed, files, shared), 3 * seconds)
    if code not in {None, 0} and _fails_anyway(files, shared, seconds):
        return LATE
    return LATE if code is None else SURVIVED if code == 0 else "failed"


def _fails_anyway(files: Sequence[str], shared: Shared, seconds: float) -> bool:
    """Return whether tests fail, too, when ctsync is imported as it is."""
    code = forked(lambda: _pytest(["-x", *files], [shared]), 3 * seconds)
    return code not in {None, 0}


def _with_module(placed: Placed, files: Sequence[str], shared: Shared) -> int:
    finder = Finder(placed.module, placed.path, placed.mutant.source)
    sys.meta_path.insert(0, finder)
    sys.dont_write_bytecode = True
    return _pytest(["-x", *files], [shared])


def _pytest(arguments: Sequence[str], plugins: Sequence[object]) -> int:
    import pytest

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        options = ["-q", "--assert=plain", "--no-header", *_WITHOUT]
        return int(pytest.main([*options, *arguments], plugins=list(plugins)))


def _tell(placed: Placed, outcome: str) -> None:
    if outcome in {SURVIVED, LATE}:
        _say(_line(placed) + (_LATE if outcome == LATE else ""))


_SAID, _LATE = os.dup(1), " (out of time)"


def _say(line: str) -> None:
    """Say a line where the run was asked for, whatever a test does to outputs."""
    os.write(_SAID, f"{line}\n".encode())


def _line(placed: Placed) -> str:
    """Give the line by which a mutant is known, as `explained.tsv` has it."""
    path = placed.path.relative_to(ROOT / "ctsync").as_posix()
    return f"{path}\t{placed.mutant.name}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room", help="a folder of ctsync, such as kinds")
    parser.add_argument("--only", action="append", help="a module of it")
    parser.add_argument(
        "--tests", action="append", help="instead of those of held_by.py"
    )
    parser.add_argument("--server", action="append", choices=FIXTURES)
    parser.add_argument("--again", type=Path, help="a file of lines of a former run")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=30)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
