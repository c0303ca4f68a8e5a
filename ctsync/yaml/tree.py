"""YAML events to plain trees, about four times as fast as PyYAML's own constructor.

A tree holds dicts, lists and scalars as `ctsync.yaml.scalars` describes them. Marks are
kept only on request: findings are rare, and the file is read again for them.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any, TypeAlias

from ctsync.model.fault import Fault, Faults
from ctsync.yaml.profile_columns import ProfileColumns, ProfileColumnsWriter
from ctsync.yaml.scalars import PLAIN, QUOTED, Node

Position: TypeAlias = tuple[int, int]
Marks: TypeAlias = dict[tuple[int, "str | int"], Position]

MAX_DEPTH = 64
LINES_DEPTH = 3  # `profiles:` of a file or environment, and `members:` of a cohort
NAMES_DEPTH = 1  # the names under `cohorts:`
LISTED = "profiles"
LISTED_DEPTH = 2

_ODD_KEYS = frozenset({"", "~", "null", "<<"})
_MERGE = "<<"


class TreeBuilder:
    """Builds the tree of one document from its events.

    `lines` gives, by the id of a list near the root, the line of each item; `key_lines`
    by the id of a map under the root that of each key. `marks` is filled when it is
    given. What can be passed over is collected in `problems`.

    With `profiles`, the list of `profiles:` stays empty, and what stands in it is given
    as columns by its id. Lists that an anchor or a merge put there are read as ever.
    """

    def __init__(
        self,
        events: Any,
        get: Callable[[], Any],
        *,
        budget: int,
        marks: Marks | None,
        profiles: dict[int, ProfileColumns] | None = None,
    ) -> None:
        self.get = get
        self.marks = marks
        self.profiles = profiles
        self.problems: list[Fault] = []
        self.lines: dict[int, list[int]] = {}
        self.key_lines: dict[int, dict[str, int]] = {}
        self.twice: list[tuple[dict[str, Node], str]] = []
        self._scalar = events.ScalarEvent
        self._map, self._map_end = events.MappingStartEvent, events.MappingEndEvent
        self._list, self._list_end = events.SequenceStartEvent, events.SequenceEndEvent
        self._alias = events.AliasEvent
        self._anchors: dict[str, Node | None] = {}
        self._measures: dict[int, tuple[int, int]] = {}
        self._kept: list[Node] = []  # an id is given again once its owner is gone
        self._budget = budget

    def node(self, event: Any, depth: int) -> Node:
        """Return the node that starts with `event`.

        Raises:
            Faults: reading cannot go on.
        """
        kind = event.__class__
        if kind is self._alias:
            return self._repeat(event, depth)
        if event.tag is not None:
            self._report("CT005", f"tag {_shown(event.tag)}", "leave it out", event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node: Node
        if kind is self._scalar:
            node = (QUOTED if event.style else PLAIN) + event.value
        elif depth >= MAX_DEPTH:
            raise _too_deep(event)
        else:
            node = self.mapping(depth) if kind is self._map else self.sequence(depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def mapping(self, depth: int) -> dict[str, Node]:  # noqa: C901, PLR0912 - the hot loop
        """Return the mapping whose start was just read."""
        out: dict[str, Node] = {}
        merges: list[tuple[Any, Node]] = []
        get, scalar, marks = self.get, self._scalar, self.marks
        lines: dict[str, int] | None = {} if depth == NAMES_DEPTH else None
        while True:
            start = get()
            if start.__class__ is scalar and start.anchor is None and start.tag is None:
                # Names come again with every profile: one text of each is enough.
                key = intern(start.value)
            elif start.__class__ is self._map_end:
                break
            else:
                key = self._unusual_key(start, depth)
            event = get()
            if event.__class__ is scalar and event.anchor is None and event.tag is None:
                value: Node = (QUOTED if event.style else PLAIN) + event.value
            elif depth == 0 and key == LISTED and self._is_plain_list(event):
                value = self.profile_columns()
            else:
                value = self.node(event, depth + 1)
            if key in out or key in _ODD_KEYS:
                is_twice = key in out
                if self._is_odd(start, key, value, merges, is_twice=is_twice):
                    self.twice += [(out, key)] if is_twice else []
                    continue
            out[key] = value
            if marks is not None:
                marks[id(out), key] = position_of(start)
            if lines is not None:
                lines[key] = start.start_mark.line + 1
        if lines is not None:
            self.key_lines[id(out)] = lines
        for at, source in merges:
            self._merge(out, source, at)
        return out

    def sequence(self, depth: int) -> list[Node]:
        """Return the list whose start was just read."""
        out: list[Node] = []
        lines: list[int] | None = [] if depth <= LINES_DEPTH else None
        get, end = self.get, self._list_end
        while (event := get()).__class__ is not end:
            if lines is not None:
                lines.append(event.start_mark.line + 1)
            if self.marks is not None:
                self.marks[id(out), len(out)] = position_of(event)
            out.append(self.node(event, depth + 1))
        if lines is not None:
            self.lines[id(out)] = lines
        return out

    def _is_plain_list(self, event: Any) -> bool:
        is_list = event.__class__ is self._list and self.profiles is not None
        return is_list and event.anchor is None and event.tag is None

    def profile_columns(self) -> list[Node]:
        """Return an empty list for the list whose start was just read."""
        out: list[Node] = []
        writer = ProfileColumnsWriter()
        get, end, add = self.get, self._list_end, writer.add
        while (event := get()).__class__ is not end:
            line = event.start_mark.line + 1
            add(self.node(event, LISTED_DEPTH), line)
        if self.profiles is not None:
            self.profiles[id(out)] = writer.finish()
        self._kept.append(out)
        return out

    def _unusual_key(self, event: Any, depth: int) -> str:
        node = self.node(event, depth + 1)
        if isinstance(node, str):
            return intern(node[1:])
        self._report("CT010", "a key is a list or a map", "write text", event)
        line, column = position_of(event)
        return f"x-{line}-{column}"  # unique, and ignored by whoever reads on

    def _is_odd(
        self,
        start: Any,
        key: str,
        value: Node,
        merges: list[tuple[Any, Node]],
        *,
        is_twice: bool,
    ) -> bool:
        is_plain = not getattr(start, "style", None)
        if key == _MERGE and is_plain and not merges:
            merges.append((start, value))
        elif is_twice or (key == _MERGE and is_plain):
            hint = "keep one of them"
            self._report("CT004", f"key {_shown(key)} stands twice", hint, start)
        elif is_plain:
            shown = key or "nothing"
            self._report("CT010", f"{shown} stands as a key", "quote it", start)
        else:
            return False
        return True

    def _merge(self, out: dict[str, Node], source: Node, at: Any) -> None:
        """Add what `<<` names; of several maps the first one wins, as YAML says."""
        maps = source if isinstance(source, list) else [source]
        for one in maps:
            if not isinstance(one, dict):
                hint = "name an anchor, as in <<: *defaults"
                self._report("CT014", "<< takes a map or a list of maps", hint, at)
                continue
            for key, value in one.items():
                if key not in out:
                    out[key] = value
                    if self.marks is not None and (id(one), key) in self.marks:
                        self.marks[id(out), key] = self.marks[id(one), key]

    def _repeat(self, event: Any, depth: int) -> Node:
        name = event.anchor
        node = self._anchors.get(name)
        if node is None:
            is_open = name in self._anchors
            said = f"*{name} stands inside its own anchor" if is_open else ""
            message = said or f"no anchor &{name} stands before *{name}"
            self._report("CT006", message, None, event)
            return PLAIN
        size, height = self._measure(node)
        if depth + height > MAX_DEPTH:
            raise _too_deep(event)
        self._budget -= size
        if self._budget < 0:
            message = "aliases repeat too much: the file would grow without bounds"
            hint = "repeat less, or move the data to a table"
            raise Faults(fault_at(position_of(event), "CT006", message, hint))
        return node

    def _measure(self, node: Node) -> tuple[int, int]:
        """Return how many nodes a repeated node holds, and how deep it nests."""
        if isinstance(node, str):
            return 1, 0
        known = self._measures.get(id(node))
        if known is None:
            parts = node.values() if isinstance(node, dict) else node
            inner = [self._measure(part) for part in parts]
            size = 1 + sum(size for size, _ in inner)
            height = 1 + max((height for _, height in inner), default=0)
            known = self._measures[id(node)] = size, height
        return known

    def _report(self, code: str, message: str, hint: str | None, event: Any) -> None:
        self.problems.append(fault_at(position_of(event), code, message, hint))


def position_of(event: Any) -> Position:
    """Return line and column of an event, counted from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def fault_at(position: Position, code: str, message: str, hint: str | None) -> Fault:
    """Return what is wrong at a position."""
    line, column = position
    return Fault(code, message, hint, line=line, column=column)


def _too_deep(event: Any) -> Faults:
    message = f"nested deeper than {MAX_DEPTH} levels"
    return Faults(fault_at(position_of(event), "CT012", message, "flatten it"))


def _shown(text: str) -> str:
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'
