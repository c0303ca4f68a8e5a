"""The parts of one file: what of it is judged as a whole, and what one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ctsync.model.contribution import Path
from ctsync.spec.findings import Locator, Reporter
from ctsync.spec.scalars import Node, json_of, json_scalar, literal
from ctsync.spec.shape import shape_faults

_VALUES = ("attributes", "leave")  # of a cohort: for kinds to judge


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One file. `view` is what of it has the right shape, as JSON."""

    file: str
    tree: Mapping[str, Node]
    view: Mapping[str, Any]
    lines: Mapping[int, list[int]]

    def lines_of(self, items: list[Node], path: Path, locator: Locator) -> list[int]:
        """Give the line of each item of a list that stands at `path`."""
        lines = self.lines.get(id(items))
        if lines is not None:
            return lines
        count = range(len(items))
        return [locator.locate(self.file, (*path, index))[0] for index in count]


def judged(
    schema: Mapping[str, Any],
    file: str,
    tree: Mapping[str, Node],
    lines: Mapping[int, list[int]],
    view: Mapping[str, Any],
    report: Reporter,
) -> Section:
    """Report what is wrong with the shape of a file; give the file without it."""
    faults = shape_faults(schema, view)
    for fault in faults:
        is_entry = len(fault.path) > 1 and fault.path[0] == "catalog"
        report.add(
            fault.code,
            fault.message,
            file=file,
            path=fault.path,
            hint=fault.hint,
            attribute=str(fault.path[1]) if is_entry else None,
        )
    return Section(file, tree, _sound(view, [fault.path for fault in faults]), lines)


def _sound(view: Mapping[str, Any], bad: list[Path]) -> dict[str, Any]:
    """Leave out bad catalog entries, and whole every other key with something bad."""
    sound = dict(view)
    for path in bad:
        if len(path) > 1 and path[0] == "catalog":
            entries = sound.get("catalog", {}).items()
            sound["catalog"] = {k: v for k, v in entries if k != path[1]}
        elif path:
            sound.pop(str(path[0]), None)
    return sound


def catalog_of(section: Section) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the catalog entries of a file, that of `identity` apart."""
    for name, entry in section.view.get("catalog", {}).items():
        if name != "identity" and not name.startswith("x-"):
            yield name, entry


def cohorts_of(section: Section) -> Iterator[tuple[str, dict[str, Node]]]:
    """Yield the cohorts of a file that are maps."""
    cohorts = section.tree.get("cohorts")
    for name, node in cohorts.items() if isinstance(cohorts, dict) else ():
        if isinstance(node, dict) and not name.startswith("x-"):
            yield name, node


def outline(tree: Mapping[str, Node], file: str, report: Reporter) -> dict[str, Any]:
    """Give a file as JSON, without profiles, members and attribute values.

    Words that YAML readers take for different things are reported, and read as the
    boolean that was meant.
    """
    return {
        key: _part(key, node, file, report)
        for key, node in tree.items()
        if not key.startswith("x-")
    }


def _part(key: str, node: Node, file: str, report: Reporter) -> Any:
    if key == "profiles" and isinstance(node, list):
        return []
    if key == "environments" and isinstance(node, dict):
        return {k: {} if isinstance(v, dict) else json_of(v) for k, v in node.items()}
    if key == "cohorts" and isinstance(node, dict):
        return {k: _cohort(v, (key, k), file, report) for k, v in node.items()}
    if key == "tables":
        return _tables(node, file, report)
    return _plain(node, (key,), file, report)


def _tables(node: Node, file: str, report: Reporter) -> Any:
    if not isinstance(node, dict):
        return json_of(node)
    message = "tables are not supported yet"
    hint = "write the profiles in YAML"
    report.add("CT901", message, file=file, path=("tables",), hint=hint)
    return {}


def _cohort(node: Node, path: Path, file: str, report: Reporter) -> Any:
    if not isinstance(node, dict):
        return json_of(node)
    return {
        key: _cohort_part(key, value, (*path, key), file, report)
        for key, value in node.items()
        if not key.startswith("x-")
    }


def _cohort_part(key: str, node: Node, path: Path, file: str, report: Reporter) -> Any:
    if key in _VALUES and isinstance(node, dict):
        return {}
    if key == "members" and isinstance(node, list):
        return []
    return _plain(node, path, file, report)


def _plain(node: Node, path: Path, file: str, report: Reporter) -> Any:
    if isinstance(node, list):
        items = enumerate(node)
        return [_plain(item, (*path, at), file, report) for at, item in items]
    if isinstance(node, dict):
        return {k: _plain(v, (*path, k), file, report) for k, v in node.items()}
    word = literal(node)
    if word.type != "trap":
        return json_scalar(word)
    message = f"plain {word.text} means different things to YAML readers"
    hint = "write true, false or null, or quote it"
    report.add("CT201", message, file=file, path=path, hint=hint)
    return word.text
