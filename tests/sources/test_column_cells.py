"""What SQL says of cells under the options of a column is what is read of them."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical
from ctsync.duckdb_connection import open_connection
from ctsync.formats.base import TypedCell
from ctsync.formats.typed_cells import reader_of
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Faults
from ctsync.project.table_columns import Column
from ctsync.sources.column_cells import cell_column
from ctsync.sources.column_values import ColumnReader

FORMS = (
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M",
    "%Y (%m) %d", "%d %b %Y", "%y-%m-%d", "%Y-%m-%d %z", "%Y%%%m%d", "%H:%M %d.%m.%Y",
)  # fmt: skip
OPTIONS = [
    {},
    *({"format": form} for form in FORMS),
    *({"split": mark} for mark in (";", "|", ", ", '"')),
    *({"decimal": ","}, {"split": ";", "format": "%Y-%m-%d"}),
    *({"how": "include"}, {"how": "include", "split": ";"}),
]
HOSTILE = [
    "2024-02-29", "29.02.2024", "02/29/2024", "20240229", "2023-02-29", "30.02.2024",
    "1.2.2024", "01.13.2024", "20241301", "2024-02-29T12:30:00", "29/02/2024 12:30",
    "29/02/2024 24:00", "2024 (02) 29", "29 Feb 2024", "24-02-29", "0099-01-01",
    "0000-01-01", "12:30 29.02.2024", "29.02.2024 ", " 29.02.2024", "29x02x2024",
    "٢٩.02.2024", "a;b", "b;a;a", "a;;b", ";", "a|b", "a, b", 'a";"b', '"', "a\\;b",
    "[a];b", " a;b ", "ü;b", "1,5", "1.5", "1,50", "1.234,5", "1,2,3", "-0,5", ",5",
    "1e5", "1,5e3", "5", "true", "x",
]  # fmt: skip
CELLS = st.text('0129-./: T;|",ab', min_size=1, max_size=19) | st.datetimes().flatmap(
    lambda moment: st.sampled_from(FORMS).map(moment.strftime)
)


@pytest.fixture(scope="module")
def connection():
    with open_connection(threads=1) as opened:
        yield opened


def kind_of(column, rule):
    if rule.kind is not None:
        return KINDS[rule.kind]
    of_sort = {"list": "list", "date": "date", "moment": "date"}
    return KINDS[of_sort.get(column.sort, "string")]


def told(connection, cells, column, rule):
    """The value of each cell that SQL is sure of, as JSON text; else None."""
    made = cell_column(column, rule, TypedCell("cells[1]", "untyped"))
    said = kind_of(made, rule).columns("cell", made.sort, rule, ValueContext())
    if not made.sort or said is None:
        return [None] * len(cells)
    return [
        value
        for (value,) in connection.execute(
            f"SELECT CASE WHEN told AND cell <> '' AND {said.sound} THEN {said.value} "
            f"END FROM (SELECT {made.text} AS cell, {made.sound} AS told "
            "FROM (SELECT [unnest($1::VARCHAR[])] AS cells))",
            [cells],
        ).fetchall()
    ]


def meant(cell, column, rule):
    """What Python says of the same cell, as JSON text; None where it has a fault."""
    raw = ColumnReader(column, rule).read(reader_of("c", "untyped")(cell))
    made = cell_column(column, rule, TypedCell("cells[1]", "untyped"))
    try:
        target = kind_of(made, rule).normalize(raw, rule, ValueContext())
    except (Faults, AttributeError):
        return None
    return canonical(target.exact if target.is_set else target.value).decode()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_sure_cell_means_what_is_read(connection, options):
    rules = [
        Attribute("A", kind) for kind in (None, "string", "number", "date", "list")
    ]
    column = Column("c", "A", (), **options)

    @partial(
        settings, deadline=None, max_examples=4, suppress_health_check=[*HealthCheck]
    )()
    @given(st.lists(CELLS, min_size=20, max_size=60))
    def holds(cells):
        every = [*HOSTILE, *cells]
        for rule in rules:
            found = told(connection, every, column, rule)
            for cell, value in zip(every, found, strict=True):
                assert value is None or value == meant(cell, column, rule), cell

    holds()


@pytest.mark.parametrize(
    ("kind", "options", "cells"),
    [
        ("date", {"format": "%d.%m.%Y"}, ["29.02.2024"]),
        (None, {"format": "%Y%m%d"}, ["20240229"]),
        ("date", {"format": "%d/%m/%Y %H:%M"}, ["29/02/2024 12:30"]),
        ("list", {"split": ";"}, ["b;a", "a"]),
        (None, {"split": ", "}, ["b, a"]),
        ("number", {"decimal": ","}, ["1,50", "-0,5", "7"]),
        ("counter", {"decimal": ","}, ["7"]),
    ],
)
def test_plain_cells_are_sure(connection, kind, options, cells):
    column = Column("c", "A", (), **options)
    assert None not in told(connection, cells, column, Attribute("A", kind))
