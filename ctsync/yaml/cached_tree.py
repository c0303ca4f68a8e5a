"""Documents as bytes, so that they can be kept and given back unparsed.

Columns are written as they lie in memory, behind a head in JSON that has the rest of
the document. Words of profiles stand apart, since they are seldom needed.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ctsync.canonical_json import parse
from ctsync.model.contribution import Path
from ctsync.yaml.profile_columns import ProfileColumns
from ctsync.yaml.reader import Document
from ctsync.yaml.scalars import Node
from ctsync.yaml.tree import LINES_DEPTH

_SIZE_BYTES = 8
_NUMBERS = "Q"


def can_dump(document: Document) -> bool:
    """Return whether a document is whole, and nothing in it is to be explained."""
    profiles = document.profiles.values()
    is_whole = document.tree is not None and not document.problems
    return is_whole and not any(each.odd or each.faulty for each in profiles)


def dump_document(document: Document) -> tuple[bytes, bytes | bytearray]:
    """Return the columns of a document, and the words of its profiles."""
    import json

    places = list(_near_the_root(document.tree or {}, ()))
    head: dict[str, Any] = {
        "tree": document.tree,
        "lines": _by_path(places, document.lines),
        "key_lines": _by_path(places, document.key_lines),
    }
    columns: list[bytes] = []
    words: bytes | bytearray = b""
    for path, profile_columns in _by_path(places, document.profiles):
        columns, words = list(_columns(profile_columns)), profile_columns.words
        head["profiles"] = {"path": path, **_outline(profile_columns, columns)}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    size = len(text).to_bytes(_SIZE_BYTES, "little")
    return b"".join((size, text, *columns)), words


def load_document(
    columns: bytes, words: Callable[[], bytes | bytearray], salt: bytes, digest: str
) -> Document:
    """Return the document that was frozen; its `words` are asked for when needed.

    `salt` is that of its marks, `digest` the SHA-256 of its file.
    """
    start = _SIZE_BYTES + int.from_bytes(columns[:_SIZE_BYTES], "little")
    head = parse(columns[_SIZE_BYTES:start])
    tree = head["tree"]
    profiles = {}
    if "profiles" in head:
        outline = head["profiles"]
        profile_columns = _profile_columns(outline, columns, start)
        profile_columns.salt, profile_columns.load = salt, words
        profiles[id(_at(tree, outline["path"]))] = profile_columns
    return Document(
        tree,
        lines={id(_at(tree, path)): lines for path, lines in head["lines"]},
        key_lines={id(_at(tree, path)): lines for path, lines in head["key_lines"]},
        sha256=digest,
        profiles=profiles,
    )


def _near_the_root(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """Yield the lists and maps of which the reader notes lines."""
    yield path, node
    parts: Any = enumerate(node) if isinstance(node, list) else ()
    if isinstance(node, dict):
        parts = node.items()
    for step, part in parts if len(path) < LINES_DEPTH else ():
        if not isinstance(part, str):
            yield from _near_the_root(part, (*path, step))


def _by_path(
    places: list[tuple[Path, Node]], noted: Mapping[int, Any]
) -> list[tuple[Path, Any]]:
    return [(path, noted[id(node)]) for path, node in places if id(node) in noted]


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _columns(profile_columns: ProfileColumns) -> Iterator[bytes]:
    yield bytes(profile_columns.types)
    yield array(_NUMBERS, profile_columns.lines).tobytes()
    yield array(_NUMBERS, profile_columns.ends).tobytes()
    yield "\n".join(profile_columns.ids).encode()
    yield from profile_columns.marks.values()


def _outline(profile_columns: ProfileColumns, columns: list[bytes]) -> dict[str, Any]:
    return {
        "sizes": [len(column) for column in columns],
        "marks": list(profile_columns.marks),
        "names": profile_columns.names,
        "groups": profile_columns.groups,
        "is_folded": profile_columns.is_folded,
    }


def _profile_columns(
    outline: Mapping[str, Any], data: bytes, at: int
) -> ProfileColumns:
    columns = []
    for size in outline["sizes"]:
        columns.append(data[at : at + size])
        at += size
    types, lines, ends, ids, *marks = columns
    profile_columns = ProfileColumns()
    profile_columns.types = bytearray(types)
    profile_columns.lines = array(_NUMBERS, lines)
    profile_columns.ends = array(_NUMBERS, ends)
    profile_columns.ids = ids.decode().split("\n") if types else []
    profile_columns.marks = dict(zip(outline["marks"], marks, strict=True))
    profile_columns.names, profile_columns.groups = outline["names"], outline["groups"]
    profile_columns.is_folded = outline["is_folded"]
    return profile_columns
