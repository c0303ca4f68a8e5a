"""The parts of one file: what of it is judged as a whole, and what one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.project.catalog import IDENTITY
from ctsync.project.schema_errors import keys_meant, shape_faults
from ctsync.project.source_positions import FindingCollector, Place, SourcePositions
from ctsync.yaml.reader import Document
from ctsync.yaml.scalars import Node, json_of, json_scalar, literal

_VALUES = ("attributes", "leave")  # of a cohort: for kinds to judge
_NAMED = frozenset({"catalog", "cohorts", "tables"})  # a bad part spoils only itself


class SpecFile(Struct, frozen=True, eq=False):
    """One file. `view` is what of it has the right shape, as JSON.

    `spoiled` are the paths of what is left out there: keys of the file, and of named
    things only those.
    """

    file: str
    tree: Mapping[str, Node]
    view: Mapping[str, Any]
    document: Document
    spoiled: tuple[Path, ...] = ()

    def lines_of(
        self, items: list[Node], path: Path, locator: SourcePositions
    ) -> list[int]:
        """Return the line of each item of a list that stands at `path`."""
        lines = self.document.lines.get(id(items))
        if lines is not None:
            return lines
        count = range(len(items))
        return [locator.locate(self.file, (*path, index))[0] for index in count]

    def line_of(self, path: Path, locator: SourcePositions) -> int:
        """Return the line of a cohort or table that stands at `path`."""
        section, name = path
        lines = self.document.key_lines.get(id(self.tree.get(str(section))), {})
        return lines.get(str(name)) or locator.locate(self.file, path)[0]


def judge(
    schema: Mapping[str, Any],
    file: str,
    tree: Mapping[str, Node],
    document: Document,
    report: FindingCollector,
    environment: str | None = None,
) -> SpecFile:
    """Report what is wrong with the shape of a file; give the file without it.

    `tree` is that of the document, after an environment was laid over it. Of what
    stands twice nobody knows which is meant, and nothing more is told of it.
    """
    outline = FileOutline(file, report)
    view = outline.of(tree)
    twice = _spoiled([*map(partial(_laid, environment), twice_in(document))])
    faults = [
        fault
        for fault in shape_faults(schema, view, "the file")
        if not any(fault.path[: len(path)] == path for path in twice)
    ]
    for fault in faults:
        if fault.path not in outline.traps:
            report.add(Place(file), fault, attribute=_attribute_at(fault.path))
    spoiled = _spoiled([*(fault.path for fault in faults), *twice])
    sound = _without(view, spoiled)
    meant = [(key,) for key in sorted(keys_meant(schema, view))]
    return SpecFile(file, tree, sound, document, (*spoiled, *meant))


def twice_in(document: Document) -> Iterator[Path]:
    """Yield the paths of keys that stand twice, but for those of profiles."""
    if not document.twice:
        return
    keys: dict[int, list[str]] = {}
    for owner, key in document.twice:
        keys.setdefault(id(owner), []).append(key)
    for path, node in _maps_in(document.tree or {}, ()):
        yield from ((*path, key) for key in keys.get(id(node), ()))


def _maps_in(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if not isinstance(node, dict):
        return
    yield path, node
    for key, value in node.items():
        yield from _maps_in(value, (*path, key))


def _laid(environment: str | None, path: Path) -> Path:
    """Return where a path leads once an environment is laid over the file."""
    return path[2:] if path[:2] == ("environments", environment) else path


def _attribute_at(path: Path) -> str | None:
    return str(path[1]) if len(path) > 1 and path[0] == "catalog" else None


def _spoiled(bad: list[Path]) -> list[Path]:
    """Return what is left out where something is bad: a key, or one named thing."""
    whole = [path for path in bad if path]
    return list(dict.fromkeys(path[: 2 if path[0] in _NAMED else 1] for path in whole))


def _without(view: Mapping[str, Any], spoiled: list[Path]) -> dict[str, Any]:
    sound = dict(view)
    for key, *names in spoiled:
        if names and isinstance(sound.get(str(key)), dict):
            named = sound[str(key)].items()
            sound[str(key)] = {name: v for name, v in named if name != names[0]}
        else:
            sound.pop(str(key), None)
    return sound


def catalog_of(section: SpecFile) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the catalog entries of a file, that of `identity` apart."""
    for name, entry in section.view.get("catalog", {}).items():
        if name != IDENTITY and not name.startswith("x-"):
            yield name, entry


def cohorts_of(section: SpecFile) -> Iterator[tuple[str, dict[str, Node]]]:
    """Yield the cohorts of a file that are maps."""
    cohorts = section.tree.get("cohorts")
    for name, node in cohorts.items() if isinstance(cohorts, dict) else ():
        if isinstance(node, dict) and not name.startswith("x-"):
            yield name, node


def tables_of(section: SpecFile) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the well-shaped tables of a file."""
    for name, view in section.view.get("tables", {}).items():
        if not name.startswith("x-"):
            yield name, view


class FileOutline:
    """Gives files as JSON, without profiles, members and attribute values.

    Words that YAML readers take for different things are reported; `traps` are their
    places.
    """

    def __init__(self, file: str, report: FindingCollector) -> None:
        self.traps: set[Path] = set()
        self._file = file
        self._report = report

    def of(self, tree: Mapping[str, Node]) -> dict[str, Any]:
        """Return the outline of a file."""
        return {
            key: self._section(key, node)
            for key, node in tree.items()
            if not key.startswith("x-")
        }

    def _section(self, key: str, node: Node) -> Any:
        if key == "profiles" and isinstance(node, list):
            return []
        if not isinstance(node, dict):
            return self._plain(node, (key,))
        if key == "environments":
            return {k: {} if isinstance(v, dict) else json_of(v) for k, v in _own(node)}
        if key == "cohorts":
            return {name: self._cohort(v, (key, name)) for name, v in _own(node)}
        if key == "tables":
            return {name: self._table(v, (key, name)) for name, v in _own(node)}
        return self._plain(node, (key,))

    def _table(self, node: Node, path: Path) -> Any:
        if not isinstance(node, dict):
            return self._plain(node, path)
        return {
            key: self._columns(v, (*path, key))
            if key == "columns" and isinstance(v, dict)
            else self._plain(v, (*path, key))
            for key, v in _own(node)
        }

    def _columns(self, node: Mapping[str, Node], path: Path) -> Any:
        return {name: self._column(v, (*path, name)) for name, v in _own(node)}

    def _column(self, node: Node, path: Path) -> Any:
        if not isinstance(node, dict):
            return self._plain(node, path)
        return {
            key: dict.fromkeys(dict(_own(v)), True)
            if key == "map" and isinstance(v, dict)
            else self._plain(v, (*path, key))
            for key, v in _own(node)
        }

    def _cohort(self, node: Node, path: Path) -> Any:
        if not isinstance(node, dict):
            return self._plain(node, path)
        return {key: self._part(key, v, (*path, key)) for key, v in _own(node)}

    def _part(self, key: str, node: Node, path: Path) -> Any:
        if key in _VALUES and isinstance(node, dict):
            return {}
        if key == "members" and isinstance(node, list):
            return []
        return self._plain(node, path)

    def _plain(self, node: Node, path: Path) -> Any:
        if isinstance(node, list):
            return [self._plain(v, (*path, at)) for at, v in enumerate(node)]
        if isinstance(node, dict):
            return {key: self._plain(v, (*path, key)) for key, v in _own(node)}
        word = literal(node)
        if word.type == "trap":
            self.traps.add(path)
            message = f"plain {word.text} means different things to YAML readers"
            hint = "write true or false, or quote it"
            self._report.add(Place(self._file, path), Fault("CT201", message, hint))
        return json_scalar(word)


def _own(node: Mapping[str, Node]) -> list[tuple[str, Node]]:
    return [(key, value) for key, value in node.items() if not key.startswith("x-")]
