"""Rows of several sources, those of one key side by side, as if they were one row.

Whoever finds candidates beside a database puts the rows of a key together, and what
decides the rows of one table then decides these: where an attribute stands in one of
them, or in several with the same words, it is a cell like any other. Where it takes
more to tell what places want together, `sound` does not hold, and Python tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, compress, pairwise
from typing import ClassVar

from msgspec import field

from ctsync.canonical_json import canonical
from ctsync.model.kind_shape import LIST
from ctsync.model.row_lines import lines_sql
from ctsync.model.row_source import CellColumn, RowColumns, RowFile
from ctsync.sql_text import quoted


class JoinedColumns(RowColumns, frozen=True):
    """What the cells of joined rows are; `parts` are the sources by their numbers.

    Expressions stand over the columns that `said_by` gives for each source, all of
    them NULL where it has no row.
    """

    parts: Mapping[int, RowColumns] = field(default_factory=dict)

    place: ClassVar[str] = "standing"

    def said_by(self, number: int) -> str:
        """SQL over `file`, `row` and `cells` of a source: the columns of its rows."""
        part = self.parts[number]
        said = {
            "file": "file",
            "row": "row",
            "told": part.sound,
            "origin": part.origins,
        }
        if self._order() is None:
            said["rank"] = _rank(part.files, self._ranks())
            said["line"] = f"coalesce({lines_sql(part.lines)}, 0)"
        for place, column in enumerate(part.cells):
            said[f"text_{place}"] = column.text
            said[f"clear_{place}"] = _clear(column)
        return ", ".join(f"{sql} AS {name}_{number}" for name, sql in said.items())

    def standing(self, place: int | str) -> Sequence[RowFile]:
        """Return the files in which the rows of a key stand."""
        files = zip(self.parts.values(), str(place).split(","), strict=True)
        return [each for part, n in files if n for each in part.standing(int(n))]

    def of(self, source: int) -> RowColumns:
        """Return what the cells of one source are."""
        return self.parts[source]

    @property
    def standing_sql(self) -> str:
        """SQL of what `standing` reads: the file of each source, '' where it has none.

        It is NULL nowhere.
        """
        files = (f"coalesce(file_{number}::VARCHAR, '')" for number in self.parts)
        return f"concat_ws(',', {', '.join(files)})"

    @property
    def memberships(self) -> str:
        """SQL: all that an entry keeps of where its rows stand, as JSON."""
        names = sorted((part.membership, n) for n, part in self.parts.items())
        listed = ", ".join(
            f"CASE WHEN row_{number} IS NOT NULL "
            f"THEN {quoted(canonical(name).decode())} END"
            for name, number in names
        )
        return f"concat('[', concat_ws(',', {listed}), ']')"

    @property
    def memberships_shown(self) -> str:
        """SQL: the same where origins do not show it, else NULL."""
        cohorts = (n for n, part in self.parts.items() if part.cohort is not None)
        shown = " OR ".join(f"row_{number} IS NOT NULL" for number in cohorts)
        return f"CASE WHEN {shown} THEN {self.memberships} END" if shown else "NULL"

    @property
    def origins(self) -> str:
        """SQL: the places of the rows in their order, as a plan writes them."""
        order = self._order()
        if order is None:
            return "array_to_string(list_transform(places, lambda p: p.origin), ',')"
        return f"concat_ws(',', {', '.join(f'origin_{n}' for n in order)})"

    @property
    def first(self) -> tuple[str, str, str]:
        """SQL of source, file and row of the first place."""
        order = self._order()
        if order is None:
            return ("places[1].source", "places[1].file", "places[1].row")
        cases = (f"WHEN row_{n} IS NOT NULL THEN {n}" for n in order)
        file, row = (
            f"coalesce({', '.join(f'{name}_{n}' for n in order)})"
            for name in ("file", "row")
        )
        return (f"CASE {' '.join(cases)} END", file, row)

    @property
    def places(self) -> str:
        """SQL: the places in their order, where `origins` asks for `places`."""
        if self._order() is not None:
            return "NULL"
        each = (_place_of(number) for number in self.parts)
        there = f"list_filter([{', '.join(each)}], lambda p: p.rank IS NOT NULL)"
        return f"list_sort({there})"

    def _ranks(self) -> Mapping[str, int]:
        """Return the rank of every file among those of all sources."""
        names = {name for part in self.parts.values() for name in part.files}
        return {name: rank for rank, name in enumerate(sorted(names))}

    def _order(self) -> Sequence[int] | None:
        """Return the sources in the order of their files, None where these mingle."""
        ordered = sorted(self.parts, key=lambda n: min(self.parts[n].files))
        files = [self.parts[number].files for number in ordered]
        bounds = pairwise(files)
        return ordered if all(max(a) < min(b) for a, b in bounds) else None


def joined_columns(parts: Mapping[int, RowColumns]) -> JoinedColumns | None:
    """Return the columns of joined rows; None where sources cannot be told apart."""
    if len({part.membership for part in parts.values()}) < len(parts):
        return None
    found: defaultdict[str, list[tuple[str, CellColumn, RowColumns]]] = defaultdict(
        list
    )
    for number, part in parts.items():
        for place, column in enumerate(part.cells):
            found[column.attribute].append((f"{place}_{number}", column, part))
    told = (f"coalesce(told_{number}, true)" for number in parts)
    cells = tuple(_joined(*zip(*each, strict=True)) for each in found.values())
    return JoinedColumns(None, (), cells, (), " AND ".join(told), parts=parts)


def _joined(
    names: Sequence[str], columns: Sequence[CellColumn], parts: Sequence[RowColumns]
) -> CellColumn:
    """Return one attribute as several sources say it."""
    first = columns[0]
    texts = [f"nullif(text_{name}, '')" for name in names]
    sound = [f"coalesce(clear_{name}, true)" for name in names]
    sound += _one_word(texts, columns)
    return CellColumn(
        first.attribute,
        first.sort,
        first.map,
        text=f"coalesce({', '.join(texts)}, '')",
        sound=f"({' AND '.join(sound)})",
        stays=_stays(names, parts),
    )


def _one_word(texts: Sequence[str], columns: Sequence[CellColumn]) -> Iterator[str]:
    """Yield what holds where all texts that are no blank say the same for sure.

    Of equal texts only those of columns that are read alike do, and an exact list has
    one place.
    """
    first = (columns[0].sort, columns[0].map)
    is_read_alike = [(column.sort, column.map) == first for column in columns]
    yield from (f"{texts[n]} IS NULL" for n, so in enumerate(is_read_alike) if not so)
    for one, other in combinations(compress(texts, is_read_alike), 2):
        same = "" if columns[0].sort == LIST else f" OR {one} = {other}"
        yield f"({one} IS NULL OR {other} IS NULL{same})"


def _stays(names: Sequence[str], parts: Sequence[RowColumns]) -> str:
    """SQL: whether a held value stays that no row says.

    It does where a table of the attribute lists the profile, or leaves alone those that
    it does not list.
    """
    tables = [(n, p) for n, p in zip(names, parts, strict=True) if p.cohort is None]
    if any(part.keeps_missing for _, part in tables):
        return "true"
    listed = (f"row_{name.partition('_')[2]} IS NOT NULL" for name, _ in tables)
    return " OR ".join(listed) or "false"


def _clear(column: CellColumn) -> str:
    clear = f"coalesce({column.sound}, true)"
    if column.keeps_blank:
        return clear
    return f"({clear} AND coalesce({column.text}, '') <> '')"


def _rank(files: Sequence[str], ranks: Mapping[str, int]) -> str:
    return f"[{', '.join(str(ranks[name]) for name in files)}][file + 1]"


def _place_of(number: int) -> str:
    """SQL of a place; the order of its first fields is that of places in a plan."""
    names = ("rank", "line", "row", "source", "file", "origin")
    said = {name: f"{name}_{number}" for name in names} | {"source": str(number)}
    fields = (f"'{name}': {sql}" for name, sql in said.items())
    return f"{{{', '.join(fields)}}}"
