"""How far one key and one value walk through `plan`: functions, files and shapes.

    python tests/benchmarks/walk.py [--list]

A plan is made in this process of a project with a row of a table and a YAML profile
that differ from the state. A function is met where one of its arguments, or what it
returns or yields, holds the word: as text, or in a tuple, mapping or value of
ctsync's, three deep. A shape is the type that holds the word itself, and text, bytes
or SQL around it is one shape each. With `--list` every function is named.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from msgspec import Struct

import ctsync
from ctsync.cli.app import run

ROOT = Path(ctsync.__file__).parent
KEY, BEFORE, VALUE = "walker-4711", "Walkerville", "Walkerburg"
PROJECT = """version: 1
account: {id: WALK, region: in1}
state: state.jsonl
specs: [spec.yaml]
"""
TABLE = """tables:
  t: {file: rows.csv, key: {identity: id}, columns: {town: Town}}
"""
DEPTH, MOST_ITEMS = 3, 32


class Walk:
    """What one word met."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.codes: dict[CodeType, None] = {}
        self.shapes: dict[str, None] = {}

    def meet(self, code: CodeType, values: Iterable[Any]) -> None:
        """Take a function in, if any of the values holds the word."""
        found = [shape for value in values for shape in shapes_in(value, self.word)]
        if found:
            self.codes[code] = None
            self.shapes.update(dict.fromkeys(found))

    @property
    def files(self) -> list[str]:
        """The files of the functions, in the order in which they were met."""
        return [*dict.fromkeys(code.co_filename for code in self.codes)]


def shapes_in(value: Any, word: str, depth: int = DEPTH) -> Iterator[str]:
    """Yield what holds the word, the innermost of each."""
    if isinstance(value, str | bytes):
        text = value if isinstance(value, str) else value.decode(errors="replace")
        if word in text:
            yield type(value).__name__ if text == word else f"{type(value).__name__} …"
        return
    for part in _parts(value) if depth else ():
        for shape in shapes_in(part, word, depth - 1):
            is_itself = shape in {"str", "bytes"}
            yield type(value).__name__ if is_itself else shape


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping) and type(value).__module__ == "builtins":
        return [*value.keys(), *value.values()][:MOST_ITEMS]
    if isinstance(value, tuple | list):
        return value[:MOST_ITEMS]
    if isinstance(value, Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    return ()


def trace(words: Iterable[str], arguments: list[str]) -> dict[str, Walk]:
    """Run a command in this process; return what each word met."""
    walks = {word: Walk(word) for word in words}

    def note(frame: FrameType, event: str, returned: Any) -> None:
        code = frame.f_code
        if not code.co_filename.startswith(str(ROOT)) or event not in _EVENTS:
            return
        if event == "return":
            values = [returned]
        else:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            values = [frame.f_locals[n] for n in names if n not in {"self", "cls"}]
        for walk in walks.values():
            walk.meet(code, values)

    sys.setprofile(note)
    try:
        _run(arguments)
    finally:
        sys.setprofile(None)
    return walks


_EVENTS = frozenset({"call", "return"})


def walks_of(source: str) -> dict[str, Walk]:
    """Plan a change of one profile that a `table` or the `yaml` of a spec declares."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ctsync.yaml").write_text(PROJECT)
        _write(folder, source, BEFORE)
        _run(["import", "spec", "-C", name, "--auto-approve"])
        _write(folder, source, VALUE)
        return trace((KEY, VALUE), ["plan", "-C", name, "--out", "plan.json"])


def _run(arguments: list[str]) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(arguments)
    if code not in _DONE:
        raise RuntimeError(f"{arguments[0]} ends with {code}: {said.getvalue()}")


_DONE = frozenset({0, 2})


def _write(folder: Path, source: str, town: str) -> None:
    if source == "table":
        (folder / "spec.yaml").write_text(TABLE)
        (folder / "rows.csv").write_text(f"id,town\n{KEY},{town}\n")
        return
    profile = f'  - identity: "{KEY}"\n    attributes: {{Town: {town}}}\n'
    (folder / "spec.yaml").write_text(f"profiles:\n{profile}")


def report(*, is_listed: bool) -> Iterator[str]:
    """Yield a line for each walk and, where they are wanted, for each function."""
    for source in ("yaml", "table"):
        for word, walk in walks_of(source).items():
            what = "key" if word == KEY else "value"
            shapes = ", ".join(walk.shapes)
            count = f"{len(walk.codes)} functions in {len(walk.files)} files"
            yield f"{source} {what}: {count}, {len(walk.shapes)} shapes: {shapes}\n"
            for code in walk.codes if is_listed else ():
                place = Path(code.co_filename).relative_to(ROOT)
                yield f"    {place} {code.co_qualname}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    sys.stdout.writelines(report(is_listed=parser.parse_args().list))
