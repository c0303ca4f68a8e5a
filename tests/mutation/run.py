"""Puts small wrongs into a room of ctsync, one at a time, and sees who notices.

    python tests/mutation/run.py kinds --tests tests/kinds

Everything heavy is imported once; each mutant then runs in a fork of that process,
which imports ctsync anew with one module changed. What the first `--tests` let pass
goes on to the next. `--sample` takes one of so many, by a seed that is said;
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
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from mutants import Mutant, mutants_of  # noqa: E402 - found in this folder

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


def is_noticed(
    name: str, path: Path, mutant: Mutant, tests: Sequence[str], seconds: int
) -> bool:
    """Say whether tests notice a mutant; one that they do not end with is noticed."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os._exit(_tested(name, path, mutant, tests))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.01)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _tested(name: str, path: Path, mutant: Mutant, tests: Sequence[str]) -> int:
    import pytest

    sys.meta_path.insert(0, Finder(name, path, mutant.source))
    sys.dont_write_bytecode = True
    options = ["-x", "-q", "--assert=plain", "--no-header", *_WITHOUT]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            return int(pytest.main([*options, *tests]))
        except BaseException:  # noqa: BLE001 - a mutant may raise anything at import
            return 99


def main() -> int:
    """Run, and print one line for each survivor and a score."""
    options = _options()
    os.chdir(ROOT)
    for heavy in HEAVY:
        importlib.import_module(heavy)
    chance, found = random.Random(options.seed), []
    for path in sorted((ROOT / "ctsync" / options.room).rglob("*.py")):
        if options.only and path.stem not in options.only:
            continue
        found += [(path, each) for each in mutants_of(path.read_text())]
    if options.again:
        named = set(options.again.read_text().splitlines())
        found = [each for each in found if _line(*each) in named]
    if options.sample > 1:
        found = sorted(chance.sample(found, len(found) // options.sample), key=str)
    for tests in options.tests:
        path = ROOT / "ctsync" / "errors.py"
        whole = Mutant(0, "nothing", path.read_text())
        if is_noticed("ctsync.errors", path, whole, [tests], 10 * options.seconds):
            sys.stderr.write(f"{tests} fails without any mutant\n")
            return 1
    started, survivors = time.monotonic(), 0
    for path, mutant in found:
        place = path.relative_to(ROOT)
        name = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
        stages = options.tests
        if any(is_noticed(name, path, mutant, [t], options.seconds) for t in stages):
            continue
        survivors += 1
        _say(_line(path, mutant))
    score = {
        "room": options.room, "only": options.only, "mutants": len(found),
        "survivors": survivors, "sample": options.sample, "seed": options.seed,
        "tests": options.tests, "seconds": round(time.monotonic() - started),
    }  # fmt: skip
    _say(json.dumps(score))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _line(path: Path, mutant: Mutant) -> str:
    """Give the line by which a mutant is known."""
    return f"{path.relative_to(ROOT)}:{mutant.line}: {mutant.what}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room", help="a folder of ctsync, such as kinds")
    parser.add_argument("--only", action="append", help="a module of it")
    parser.add_argument("--tests", action="append", required=True)
    parser.add_argument("--again", type=Path, help="a file of lines of a former run")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=120)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
