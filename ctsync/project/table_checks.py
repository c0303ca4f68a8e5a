"""Tables and files of members, as the sections of all files declare them: judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ctsync.bucket_address import is_address
from ctsync.canonical_json import fold_name
from ctsync.files.bucket_folders import bucket_folder
from ctsync.formats import is_readable, readable_instead
from ctsync.kinds.base import ValueContext
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.attribute import Attribute
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ID_TYPES
from ctsync.model.record import GROUP_PREFIX
from ctsync.project.attribute_name_checks import odd_spaces
from ctsync.project.catalog import undeclared_rule
from ctsync.project.environment_variables import Reference
from ctsync.project.profile_checks import ProfileChecks
from ctsync.project.source_positions import FindingCollector, Place
from ctsync.project.spec_file import SpecFile
from ctsync.project.spoiled_parts import SpoiledParts
from ctsync.project.table_columns import (
    Column,
    computed_column,
    map_faults,
    option_faults,
    read_column,
)
from ctsync.project.tables import CsvWords, FileText, MemberFile, Table
from ctsync.yaml.profile_entry import CHANNELS
from ctsync.yaml.scalars import Node, literal

_RULES = ("where", "duplicates", "missing", "invalid", "allow_empty", "int96")


class TableReader:
    """Reads well-shaped tables, and reports what is wrong with them."""

    def __init__(
        self,
        rules: Mapping[str, Attribute],
        frame: ValueContext,
        checks: ProfileChecks,
        spoiled: SpoiledParts,
    ) -> None:
        """`rules` are those of the catalog, by name as spelled."""
        self._rules = rules
        self._spoiled = spoiled
        self._frame = frame
        self._checks = checks
        self._report = checks.report

    def table(self, section: SpecFile, name: str, view: Mapping[str, Any]) -> Table:
        """Return a table that has the right shape."""
        path: Path = ("tables", name)
        key_type, key_column = _key(view["key"])
        odd = odd_spaces(key_column, "column")
        self._report.add(Place(section.file, (*path, "key")), *odd)
        columns = [*self._columns(section, path, view)]
        columns += self._computed(section, path, view, columns)
        if "columns" not in view and "compute" not in view:
            fault = Fault("CT104", "columns is missing", "columns: {plan: Plan}")
            self._report.add(Place(section.file, path), fault)
        columns.sort(key=lambda column: (column.attribute, column.column))
        return Table(
            name,
            section.file,
            path,
            file_words(view["file"], section.file, path, self._report),
            key_type,
            key_column,
            tuple(columns),
            section.line_of(path, self._report.locator),
            key_expression=view.get("compute", {}).get("key"),
            csv=self._csv(section, path, view.get("csv", {})),
            nulls=tuple(view.get("nulls", ())),
            **{rule: view[rule] for rule in _RULES if rule in view},
        )

    def _csv(self, section: SpecFile, path: Path, view: Mapping[str, Any]) -> CsvWords:
        header = view.get("header", True)
        names = () if header is True else tuple(header)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            fault = Fault("CT616", f'names column "{twice}" twice', "name each once")
            self._report.add(Place(section.file, (*path, "csv", "header")), fault)
        known = {name: view[name] for name in ("separator", "encoding") if name in view}
        return CsvWords(header=names, **known)

    def _computed(
        self,
        section: SpecFile,
        path: Path,
        view: Mapping[str, Any],
        columns: Iterable[Column],
    ) -> Iterator[Column]:
        given = {column.attribute: column.column for column in columns}
        for attribute, expression in view.get("compute", {}).items():
            at = (*path, "compute", attribute)
            if attribute == "key" or attribute.startswith("x-"):
                continue
            column = computed_column(attribute, at, expression, view)
            self._judge(column, expression, Place(section.file, at))
            if attribute not in given:
                yield column
                continue
            message = f'column "{given[attribute]}" gives {attribute} too'
            fault = Fault("CT601", message, "keep one of them")
            self._report.add(Place(section.file, at), fault, attribute=attribute)

    def _columns(
        self, section: SpecFile, path: Path, view: Mapping[str, Any]
    ) -> Iterator[Column]:
        nodes = _node_at(section.tree, (*path, "columns"))
        first: dict[str, str] = {}
        for name, words in view.get("columns", {}).items():
            node = nodes.get(name) if isinstance(nodes, dict) else None
            at = (*path, "columns", name)
            column = read_column(name, at, words, node, view)
            place = Place(section.file, at)
            odd = odd_spaces(name, "column")
            self._report.add(place, *odd, attribute=column.attribute)
            self._judge(column, words, place)
            if first.setdefault(column.attribute, name) == name:
                yield column
                continue
            message = (
                f'columns "{first[column.attribute]}" and "{name}" both give '
                f"{column.attribute}"
            )
            fault = Fault("CT601", message, "keep one of them")
            self._report.add(Place(section.file, at), fault, attribute=column.attribute)

    def _judge(self, column: Column, words: Any, place: Place) -> None:
        attribute = column.attribute
        given = {} if isinstance(words, str) else words
        at = _within(place, "attribute") if given else place
        self._report.add(at, *self._name_faults(attribute, at), attribute=attribute)
        self._judge_words(column, place)
        if self._is_unknown(attribute):
            return
        rule = self._rules.get(attribute) or undeclared_rule(attribute)
        for option, fault in option_faults(column, given, rule, self._frame):
            self._report.add(_within(place, option), fault, attribute=attribute)
        for word, fault in map_faults(column, rule, self._frame):
            self._report.add(_within(place, "map", word), fault, attribute=attribute)

    def _is_unknown(self, attribute: str) -> bool:
        is_declared = attribute in self._rules or attribute in SYSTEM
        return self._spoiled.hides_rule(fold_name(attribute), is_declared=is_declared)

    def _name_faults(self, attribute: str, place: Place) -> Iterable[Fault]:
        names = self._checks.names
        channel, dot, group = attribute.removeprefix(GROUP_PREFIX).partition(".")
        is_group = attribute.startswith(GROUP_PREFIX) and dot and channel in CHANNELS
        if is_group:
            return names.check_group(group, place)
        return () if attribute in names.sound else names.judge(attribute, place)

    def _judge_words(self, column: Column, place: Place) -> None:
        """Report keys of `map` that YAML readers take for other things."""
        for word in column.map or {}:
            at = _within(place, "map", word)
            if literal(f":{word}").type != "trap":
                continue
            if not self._report.locator.is_quoted(at.file, at.path):
                message = f"plain {word} means different things to YAML readers"
                fault = Fault("CT201", message, f'write "{word}", with quotes')
                self._report.add(at, fault, attribute=column.attribute)


def member_file_of(
    section: SpecFile, name: str, report: FindingCollector
) -> MemberFile | None:
    """Return where the members of a cohort stand, None where they are listed."""
    view = section.view.get("cohorts", {}).get(name)
    members = view.get("members") if isinstance(view, dict) else None
    if not isinstance(members, dict):
        return None
    path: Path = ("cohorts", name, "members")
    words = file_words(members["file"], section.file, path, report)
    line = report.locator.locate(section.file, path)[0]
    key, may = _key(members["key"]), members.get("allow_empty", False)
    return MemberFile(words, *key, section.file, path, line, allow_empty=may)


def file_words(text: str, file: str, path: Path, report: FindingCollector) -> FileText:
    """Return a pattern of files, with what is plainly wrong with it reported."""
    pattern = Reference(text, file, (*path, "file"), report.locator)
    report.findings.extend(pattern.misplaced(report.secrets))
    if pattern.is_malformed:
        hint = "write ${NAME}: letters, digits and _"
        message = "${ does not name a variable"
        report.findings.add(pattern.finding("CT105", message, hint))
    elif not pattern.names and not _may_end_so(text):
        message = f'"{text}" is no file that rows can come from'
        hint = readable_instead(text)
        report.findings.add(pattern.finding("CT613", message, hint))
    return FileText(pattern)


def _may_end_so(text: str) -> bool:
    if text.endswith("*") or is_readable(text):
        return True
    # What is wrong with an address is told without its words: one that was signed ends
    # in a secret.
    return is_address(text) and bucket_folder(text) is None


def _key(view: Mapping[str, Any]) -> tuple[str, str]:
    ((kind, column),) = ((k, v) for k, v in view.items() if k in ID_TYPES)
    return kind, column


def _within(place: Place, *steps: str) -> Place:
    return Place(place.file, (*place.path, *steps))


def _node_at(tree: Mapping[str, Node], path: Path) -> Node | None:
    node: Node | None = dict(tree)
    for step in path:
        node = node.get(str(step)) if isinstance(node, dict) else None
    return node
