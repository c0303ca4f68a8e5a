"""What SQL says of a row that it decides, column by column, as Python writes it."""

from ctsync.canonical_json import canonical
from ctsync.duckdb_connection import open_connection
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.change_statistics import traits_of
from ctsync.model.entry import Entry, KnownValue, entry_line, membership_in
from ctsync.model.flows import HIDDEN
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import CellColumn, RowColumns
from ctsync.plan.change_codec import change_line, settled_line
from ctsync.plan.decide_rows import row_decision
from ctsync.plan.schedule import records_of
from ctsync.sql_text import quoted

RULES = {
    "Points": Attribute("Points", kind="counter"),
    "Email": Attribute("Email", kind="string", sensitive=True),
    "Plan": Attribute("Plan", kind="string"),
    "Tags": Attribute("Tags", kind="list"),
}
SORTS = {"Points": "number", "Email": "text", "Plan": "text", "Tags": "list"}
CELLS = tuple(
    CellColumn(name, sort, text=f"cells[{number}]")
    for number, (name, sort) in enumerate(SORTS.items(), 1)
)
COLUMNS = RowColumns("t", ("a.csv", 'b "2".csv'), CELLS, (None, None))
MARK = "0f" * 16
ANN, BOB = "ann@x.io", "bob@x.io"
LETTERS = {"set": "s", "$add": "a", "$incr": "i", "$decr": "d"}


class View:
    """A project with rules and no more."""

    frame = ValueContext()

    def rule_for(self, name):
        return RULES[name]


def mail(prior="unknown", before=None, to=ANN):
    return Operation("Email", "string", "set", to, prior, before, to, sensitive=True)


def plan(prior="unknown", before=None, to="Gold"):
    return Operation("Plan", "string", "set", to, prior, before, to)


def points(operator, operand, before, after):
    prior = "unknown" if before is None else "known"
    return Operation("Points", "counter", operator, operand, prior, before, after)


TAGS = Operation(
    "Tags", "list", "$add", ("a", "b"), "unknown", None, ("a", "b"), certain=False
)
NOTHING = (None, None, None, None)
HELD = {"Plan": ("string", "Free"), "Points": ("counter", 5)}
MAILS = {"Email": ("string", BOB)}
CASES = {
    "all that is new": (
        ("5", ANN, "Gold", '["a","b"]'), None,
        (mail(), plan(), points("set", 5, None, 5), TAGS),
    ),
    "one value that is new": ((None, None, "Gold", None), None, (plan(),)),
    "nothing that is new": (NOTHING, None, ()),
    "nothing that is known": (NOTHING, HELD, ()),
    "what is known": (("5", None, "Free", None), HELD, ()),
    "another text": ((None, None, "Gold", None), HELD, (plan("known", "Free"),)),
    "a higher number": (
        ("7", None, "Free", None), HELD, (points("$incr", 2, 5, 7),),
    ),
    "a lower number": (("1", None, None, None), HELD, (points("$decr", 4, 5, 1),)),
    "a number that no counter moves to": (
        ("-5", None, "Gold", None), HELD,
        (plan("known", "Free"), points("set", -5, 5, -5)),
    ),
    "both sorts of records": (
        ("7", ANN, None, None), HELD, (mail(), points("$incr", 2, 5, 7)),
    ),
    "another address": ((None, ANN, None, None), MAILS, (mail("known", BOB),)),
    "what nobody knew": ((None, BOB, "Gold", None), MAILS, (plan(),)),
    "a list that nobody knew": ((None, None, None, '["a","b"]'), MAILS, (TAGS,)),
}  # fmt: skip


def row_of(number, cells, held):
    body = "NULL"
    if held is not None:
        known = {
            name.lower(): KnownValue(name, kind, value, owned=True)
            for name, (kind, value) in held.items()
        }
        key = ProfileKey("identity", f"u{number}")
        entry = Entry(key, known, (membership_in("t"),), fingerprint="ab" * 16)
        body = quoted(entry_line(entry).decode().removesuffix("\n"))
    listed = ", ".join("NULL" if cell is None else quoted(cell) for cell in cells)
    digest = f"from_hex('{MARK}')"
    return (
        f"('identity', 'u{number}', 0, {number % 2}, {number}, {digest}, "
        f"[{listed}]::VARCHAR[], {body})"
    )


def decided():
    """Give the columns of the row of each case."""
    rows = [
        row_of(number, cells, held)
        for number, (cells, held, _) in enumerate(CASES.values(), 1)
    ]
    names = "type, id, source, file, row, digest, cells, body"
    query = f"SELECT * FROM (VALUES {', '.join(rows)}) AS rows({names})"
    decision = row_decision(View(), "identity", COLUMNS)
    with open_connection() as connection:
        table = connection.sql(decision.over(query)).to_arrow_table()
    found = {row["row"]: row for row in table.to_pylist()}
    return {case: found[number] for number, case in enumerate(CASES, 1)}


def test_rows_are_said_as_their_changes_are_written():
    """All cases in one query: to put it together takes longer than to run it."""
    found = decided()
    for number, case in enumerate(CASES, 1):
        assert found[case] == expected(number, *CASES[case]), case


def expected(number, _, held, operations):
    key = ProfileKey("identity", f"u{number}")
    origin = Origin(COLUMNS.files[number % 2], row=number, table="t")
    settled = EntryAfter(MARK, (membership_in("t"),))
    action = "create" if held is None else "update"
    change = Change(key, action, operations, (origin,), settled=settled)
    records = {wave: canonical(of.as_wire()) for wave, of in records_of(change)}
    sizes = [len(records[wave]) if wave in records else None for wave in (1, 3)]
    by_name = {op.attribute: op for op in operations}
    address = by_name.get("Email")
    letters = [
        LETTERS[by_name[name].operator] if name in by_name else "." for name in RULES
    ]
    return {
        "type": "identity", "id": key.id, "source": 0, "file": number % 2,
        "row": number, "digest": None, "cells": None, "body": None,
        "is_new": held is None,
        "line": line_of(change).decode(),
        "effect": b"".join(effects_of(change)).decode(),
        "size": sizes[0],
        "delta_size": sizes[1],
        "traits": traits_of(change) if operations else None,
        "letters": "".join(letters),
        "email": address and canonical(address.operand).decode(),
        "phone": None,
        **{
            f"w{n}": way_of(action, by_name.get(name))
            for n, name in enumerate(RULES, 1)
        },
    }  # fmt: skip


def line_of(change):
    if change.operations:
        waves = [wave for wave, _ in records_of(change)]
        return change_line(change, traits_of(change), waves)
    is_known = change.action == "update"
    return settled_line(change.key, change.settled) if is_known else b""


def effects_of(change):
    for op in change.operations:
        said = [op.operator, op.operand, op.prior, op.before, op.after]
        row = [change.key.as_json(), op.attribute, op.step, *said]
        yield canonical(row) + b"\n"


def way_of(action, op):
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


def test_columns_that_give_one_attribute_are_left_to_python():
    twice = (CELLS[2], CellColumn("plan", "text", text="cells[2]"))

    class Twice(View):
        def rule_for(self, name):
            return Attribute(name, kind="string")

    columns = RowColumns("t", ("a.csv",), twice, (None,))
    assert row_decision(Twice(), "identity", columns) is None
    assert row_decision(View(), "identity", COLUMNS) is not None
