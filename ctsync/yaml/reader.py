"""YAML files to documents: the one place where YAML is parsed.

Events of PyYAML's C parser feed a builder of our own; where libyaml is missing, the
pure parser gives the same documents more slowly. `yaml.load` is never called, so no
text of a spec can name a Python object.
"""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ctsync.files.plain_files import open_plain
from ctsync.files.roots import resolved
from ctsync.model.fault import Fault, Faults
from ctsync.yaml.errors import explain_syntax
from ctsync.yaml.profile_columns import ProfileColumns
from ctsync.yaml.scalars import PLAIN, Node
from ctsync.yaml.tree import Marks, Position, TreeBuilder, fault_at, position_of

MOST_BYTES = 1 << 30  # many more profiles than this belong into a table
_BOM = b"\xef\xbb\xbf"
_ALIAS_FLOOR = 100_000  # nodes that aliases may repeat in a file, however small
_ALIAS_PER_BYTE = 4
# Escapes that give NUL or half of a surrogate pair; only files with one are watched.
_BAD_ESCAPE = re.compile(
    rb"\\(?:0|x00|u0000|U0{8}|u[dD][89a-fA-F]|U0000[dD][89a-fA-F])"
)
_START = 1, 1
_TOO_LARGE = fault_at(
    _START, "CT016", "the file has more than 1 GiB", "use a table for so many"
)
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


class Document(Struct, frozen=True, eq=False):
    """What a file holds. `tree` is None where it cannot be read at all.

    `lines` gives, by the id of a list near the root, the line of each of its items;
    `key_lines` by the id of a map under the root that of each key. `profiles` give, by
    the id of an empty list, what stands in its place. `twice` has the keys that stand
    twice, each with its map, which holds the first of the two.
    """

    tree: dict[str, Node] | None
    problems: tuple[Fault, ...] = ()
    lines: Mapping[int, list[int]] = field(default_factory=dict)
    key_lines: Mapping[int, dict[str, int]] = field(default_factory=dict)
    sha256: str = ""
    marks: Marks | None = None
    profiles: Mapping[int, ProfileColumns] = field(default_factory=dict)
    twice: Sequence[tuple[Mapping[str, Node], str]] = ()


@contextmanager
def collection_paused() -> Iterator[None]:
    """Hold garbage collection while a population is built: half of the time else."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_document(path: Path, *, with_marks: bool = False) -> Document:
    """Read one YAML file. What is wrong with it is in `problems`; nothing is raised."""
    data = read_file(path)
    if isinstance(data, Document):
        return data
    return parse_document(data, with_marks=with_marks)


def read_file(path: Path) -> bytes | Document:
    """Return the bytes of a file, or a document with the reason why there are none."""
    try:
        with open_plain(resolved(path)) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        return Document(None, (_unreadable(path, error),))
    return data if len(data) <= MOST_BYTES else Document(None, (_TOO_LARGE,))


def parse_document(
    data: bytes,
    *,
    with_marks: bool = False,
    in_columns: bool = False,
    pure: bool = False,
) -> Document:
    """Read YAML text. `pure` does without libyaml.

    `in_columns` gives profiles as columns rather than as trees.
    """
    digest = hashlib.sha256(data).hexdigest()
    body = data.removeprefix(_BOM)
    problem = _undecodable(body, len(data) - len(body))
    if problem is not None:
        return Document(None, (problem,), sha256=digest)
    marks: Marks | None = {} if with_marks else None
    profiles: dict[int, ProfileColumns] = {}
    builder = _builder(body, marks, profiles if in_columns else None, pure=pure)
    tree, ending = _whole(builder, body)
    return Document(
        tree,
        (*builder.problems, *ending),
        builder.lines,
        builder.key_lines,
        digest,
        marks,
        profiles,
        builder.twice,
    )


def _unreadable(path: Path, error: OSError) -> Fault:
    if path.is_dir():
        return fault_at(_START, "CT003", "this is a folder", "name a file")
    reason = (error.strerror or "cannot be read").lower()
    return fault_at(_START, "CT003", f"cannot be read: {reason}", None)


def _undecodable(body: bytes, skipped: int) -> Fault | None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        message = f"not UTF-8: byte {error.start + skipped}"
        return fault_at((line, column), "CT002", message, "save the file as UTF-8")
    return None


def _builder(
    body: bytes,
    marks: Marks | None,
    profiles: dict[int, ProfileColumns] | None,
    *,
    pure: bool,
) -> TreeBuilder:
    import yaml

    cyaml = None if pure else getattr(yaml, "cyaml", None)
    parser: Any
    try:
        parser = yaml.SafeLoader(body) if cyaml is None else cyaml.CParser(body)
    except yaml.reader.ReaderError:
        parser = None  # the pure parser looks ahead: nothing but `_whole` reports
    get = _unprintable if parser is None else parser.get_event
    budget = max(_ALIAS_FLOOR, _ALIAS_PER_BYTE * len(body))
    builder = TreeBuilder(
        yaml.events, get, budget=budget, marks=marks, profiles=profiles
    )
    if _BAD_ESCAPE.search(body):
        builder.get = _watched(get, yaml.events.ScalarEvent, builder.problems)
    return builder


def _unprintable() -> Any:
    import yaml

    raise yaml.reader.ReaderError("", 0, 0, "", "")


def _watched(
    get: Callable[[], Any], scalar: Any, problems: list[Fault]
) -> Callable[[], Any]:
    def get_watched() -> Any:
        event = get()
        if event.__class__ is scalar and _is_unsendable(event.value):
            message = "an escape gives NUL or half a character"
            hint = "write the character itself"
            problems.append(fault_at(position_of(event), "CT008", message, hint))
            event.value = "?"  # what it was could not be encoded
        return event

    return get_watched


def _is_unsendable(text: str) -> bool:
    return any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


def _whole(
    builder: TreeBuilder, body: bytes
) -> tuple[dict[str, Node] | None, tuple[Fault, ...]]:
    """Return the one document of the stream, and what ended the reading too early."""
    import yaml

    try:
        return _only_map(builder, yaml.events), ()
    except Faults as wrong:
        return None, wrong.faults
    except yaml.reader.ReaderError:
        return None, (_bad_character(body),)
    except yaml.MarkedYAMLError as error:
        return None, (_syntax_problem(error, body),)


def _only_map(builder: TreeBuilder, events: Any) -> dict[str, Node]:
    # The stream begins, then the document; after its node the document ends, and the
    # stream.
    get = builder.get
    get()
    if get().__class__ is events.StreamEndEvent:
        raise Faults(_not_a_map(None, _START))
    start = get()
    tree = builder.node(start, 0)
    get()
    after = get()
    if after.__class__ is not events.StreamEndEvent:
        message = "a second document starts here"
        hint = "put it in a file of its own"
        raise Faults(fault_at(position_of(after), "CT007", message, hint))
    if not isinstance(tree, dict):
        raise Faults(_not_a_map(tree, position_of(start)))
    return tree


def _not_a_map(tree: Node | None, position: Position) -> Fault:
    if tree is None or tree == PLAIN:
        message = "the file is empty"
    else:
        found = "a list" if isinstance(tree, list) else "text"
        message = f"{found} stands at the top"
    return fault_at(position, "CT011", message, "write a map, as in profiles: [...]")


def _bad_character(body: bytes) -> Fault:
    text = body.decode("utf-8")
    match = _UNPRINTABLE.search(text)
    at = match.start() if match else 0
    before = text[:at]
    position = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    name = f"U+{ord(text[at]):04X}" if text else "nothing"
    message = f"character {name} is not allowed"
    return fault_at(position, "CT008", message, "remove it")


def _syntax_problem(error: Any, body: bytes) -> Fault:
    position = _at(error.problem_mark or error.context_mark)
    opened = _at(error.context_mark or error.problem_mark)
    lines = body.decode("utf-8").splitlines()
    line = lines[position[0] - 1] if position[0] <= len(lines) else ""
    words = (error.problem or "", error.context or "")
    return explain_syntax(*words, line, position, opened)


def _at(mark: Any) -> Position:
    return (mark.line + 1, mark.column + 1) if mark else _START
