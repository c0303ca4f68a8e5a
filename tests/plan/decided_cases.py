"""Rows that SQL decides, one query for many, beside what Python writes of each."""

from dataclasses import dataclass, field
from functools import cached_property

from ctsync.canonical_json import canonical, fold_name
from ctsync.duckdb_connection import open_connection
from ctsync.kinds.base import ValueContext
from ctsync.kinds.subscription import is_opt_in
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.change_statistics import traits_of
from ctsync.model.decided_rows import PLACED
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.flows import HIDDEN
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import CellColumn, RowColumns
from ctsync.plan.columns.decide_rows import row_decision
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.plan.document.schedule import records_of
from ctsync.sql_text import quoted

FILES = ("a.csv", 'b "2".csv')
MARK = "0f" * 16
LETTERS = {"set": "s", "$add": "a", "$incr": "i", "$decr": "d"}


@dataclass(frozen=True)
class DecidedCases:
    """Columns with the rules of their attributes; `sorts` says what their cells are.

    The rows are those of table `t`, or of a cohort; of their attributes `wants` takes
    some, if it is given. What their cells say is `sound`.
    """

    rules: dict
    sorts: dict
    wants: object = None
    cohort: str | None = None
    sound: str = "true"
    frame: ValueContext = field(default_factory=ValueContext)

    def rule_for(self, name):
        return self.rules[name]

    @cached_property
    def columns(self):
        cells = tuple(
            CellColumn(name, sort, text=f"cells[{number}]", sound=self.sound)
            for number, (name, sort) in enumerate(self.sorts.items(), 1)
        )
        table = "t" if self.cohort is None else None
        return RowColumns(table, FILES, cells, (None, None), cohort=self.cohort)

    def decided(self, cases, *, are_new=False):
        """Give for each case, cells and what is held, the columns that SQL makes."""
        rows = [
            self._row(number, *case) for number, case in enumerate(cases.values(), 1)
        ]
        names = "type, id, source, file, row, digest, cells, body"
        query = f"SELECT * FROM (VALUES {', '.join(rows)}) AS rows({names})"
        decision = row_decision(self, "identity", self.columns, self.wants)
        query = decision.over(query, are_new=are_new)
        with open_connection() as connection:
            table = connection.sql(query).to_arrow_table()
        given = (*PLACED, "digest", "cells", "body")
        assert {*table.column_names} == {*given, *decision.added}
        found = {row["row"]: row for row in table.to_pylist()}
        return {case: found[number] for number, case in enumerate(cases, 1)}

    def _row(self, number, cells, held):
        body = "NULL"
        if held is not None:
            body = quoted(self.body(number, held))
        listed = ", ".join("NULL" if cell is None else quoted(cell) for cell in cells)
        digest = f"from_hex('{MARK}')"
        return (
            f"('identity', 'u{number}', 0, {number % 2}, {number}, {digest}, "
            f"[{listed}]::VARCHAR[], {body})"
        )

    def body(self, number, held):
        """The line of an entry that holds values, each with its kind."""
        known = {
            fold_name(name): value
            if isinstance(value, KnownValue)
            else KnownValue(name, *value, owned=True)
            for name, value in held.items()
        }
        cohorts = (self.columns.membership,)
        key = ProfileKey("identity", f"u{number}")
        entry = Entry(key, known, cohorts, fingerprint="ab" * 16)
        return entry_line(entry).decode().removesuffix("\n")

    def expected(self, number, held, operations, *, seen=(), is_cut=False):
        """Give what Python writes of a case.

        Of a part of a change `operations` are those that are chosen, and `seen` are the
        attributes that the profile has or is to have.
        """
        change = self._change(number, held, operations, is_cut=is_cut)
        records = {wave: canonical(of.as_wire()) for wave, of in records_of(change)}
        sizes = [len(records[wave]) if wave in records else None for wave in (1, 3)]
        by_name = {op.attribute: op for op in operations}
        letters = [
            LETTERS[by_name[name].operator] if name in by_name else "."
            for name in self.sorts
        ]
        part = {"seen": "".join("x" if n in seen else "." for n in self.sorts)}
        return {
            "type": "identity", "id": f"u{number}", "source": 0, "file": number % 2,
            "row": number, "digest": None, "cells": None, "body": None,
            "is_new": held is None,
            "line": _line(change).decode(),
            "effect": b"".join(_effects(change)).decode(),
            "size": sizes[0],
            "delta_size": sizes[1],
            "traits": traits_of(change) if operations else None,
            "letters": "".join(letters),
            "email": address(operations, "email"),
            "phone": address(operations, "phone"),
            **(part if self.wants is not None else {}),
            **{
                f"w{n}": _way(change.action, by_name.get(name))
                for n, name in enumerate(self.sorts, 1)
            },
        }  # fmt: skip

    def _change(self, number, held, operations, *, is_cut):
        key = ProfileKey("identity", f"u{number}")
        columns = self.columns
        file = columns.files[number % 2]
        origin = Origin(file, None, number, columns.cohort, columns.table)
        mark = None if is_cut else MARK
        return Change(
            key,
            "create" if held is None else "update",
            operations,
            (origin,),
            settled=EntryAfter(mark, (columns.membership,)),
            opt_in=any(map(is_opt_in, operations)),
        )


def address(operations, name):
    """The address that operations assign, as JSON; None where they assign none."""
    found = [op.operand for op in operations if fold_name(op.attribute) == name]
    return canonical(found[0]).decode() if found else None


def _line(change):
    if change.operations:
        waves = [wave for wave, _ in records_of(change)]
        return change_line(change, traits_of(change), waves)
    is_known = change.action == "update"
    return settled_line(change.key, change.settled) if is_known else b""


def _effects(change):
    for op in change.operations:
        said = [op.operator, op.operand, op.prior, op.before, op.after]
        row = [change.key.as_json(), op.attribute, op.step, *said]
        yield canonical(row) + b"\n"


def _way(action, op):
    """What a column says of an operation, as `model.decided_flows` reads it."""
    if op is None:
        return None
    before, operand = op.before, op.operand
    if op.sensitive:
        before, operand = before and HIDDEN, HIDDEN
    shown = canonical(operand).decode()
    if op.prior == "unknown":
        return shown if action == "create" else f"?{shown}"
    first = f"{canonical(before).decode()}," if op.operator == "set" else ""
    return f"{LETTERS[op.operator]}{first}{shown}"
