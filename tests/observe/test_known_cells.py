"""What SQL says of a cell of an export, Python says too; of clean cells it says all."""

import pytest

from ctsync.canonical_json import canonical, fold_name, parse
from ctsync.duckdb_connection import open_connection
from ctsync.observe.exports.entry_lines import NOTHING, cells_of, phone_cell
from ctsync.observe.exports.export_columns import LONG, ExportColumn
from ctsync.observe.exports.known_cells import known_sql
from ctsync.observe.exports.switches import switch_in
from ctsync.sql_text import quoted

BLANK = ("null", '""', "[]")
TEXTS = (
    '"Gold"',
    '"x$D_5"',
    '"Jürgen"',
    '" "',
    '"a[$b"',
    '"7 "',
    '"😀"',
    f'"{"x" * (LONG - 3)}"',
)
WORDS = ('"true"', '"FALSE"', '"True"')
DAYS = ('"2026-11-01"', '"2026-11-01T10:00:00Z"', '"2026-99-99x"')
MOMENTS = ('"$D_0"', '"$D_1700000000"', '"$D_-5"', '"$D_9999999999"')
DIGITS = ('"5"', '"1.50"', '"-0.25"', '"007"', '"1e5"', '"0.0001"', '"-0"')
NUMBERS = ("0", "5", "-5", "1.5", "0.25", "-0.25", "0.001", "999999999999999", "100.0")
LONGER = ("0.30000000000000004", "123456789012345.6", "-0.0015430967123456788")
BOOLEANS = ("true", "false")
LISTS = ('["a"]', '["b","a"]', '["a","a"]', '["é","z","é"]', '["a,b","[]"]', '[""]')
SORTED_LISTS = ('["a","b"]', '["a","b","c"]', '["b","a","b"]', '["a","c","b"]')
ODD = (
    *('"$x"', '"$D_007"', '"$D_-0"', '"$D_"', '"$D_99999999999"', '"["'),
    *('"[1]"', '"a\\\\b"', '"\\u0000"', f'"{"x" * LONG}"', f'"{"é" * 40_000}"'),
    *("-0", "-0.0", "1e22", "1e-7", "1e400", "1234567890123456", "9007199254740993"),
    *("0.00099", "0.12345678901234567890", "12345678901234567890", "-1.50e3"),
    *('["a",null]', "[1]", '["a\\\\b"]', '["a","b\\""]', "{}", '{"a":1}', "[[]]"),
    *('[ "a"]', '["a", "b"]', "nan", "01", ".5", "5."),
)
SWITCHES = ('"yes"', '"Subscribed"', '"no"', '"UNSUBSCRIBED"', "1", "0", '"1"', '"0"')
NO_SWITCHES = ('" yes"', "2", "1.5", '"x"', '["yes"]', '"\u017fubscribed"')
PHONES = ('"+14155551234"', '"14155551234"', '"0049"', "14155551234", "999999999999999")
NO_PHONES = ('"(415)"', '"٣"', "0", "-5", "1234567890123456", '"+1\\\\2"', "415.5")
CELLS = (
    *(*BLANK, *TEXTS, *WORDS, *DAYS, *MOMENTS, *DIGITS, *NUMBERS, *LONGER, *BOOLEANS),
    *(*LISTS, *SORTED_LISTS, *ODD, *SWITCHES, *NO_SWITCHES, *PHONES, *NO_PHONES),
)
PLAIN = (*TEXTS, *WORDS, *DAYS)
PLAIN_DIGITS = ('"5"', '"1.50"', '"-0.25"')
ALL_LISTS = (*LISTS, *SORTED_LISTS)
COUNTED = (*NUMBERS, *LONGER, *PLAIN_DIGITS, *ALL_LISTS)
TOLD = {
    None: (*PLAIN, *MOMENTS, *NUMBERS, *LONGER, *BOOLEANS, *ALL_LISTS),
    "string": (*PLAIN, *DIGITS, *ALL_LISTS),
    "number": COUNTED,
    "counter": COUNTED,
    "boolean": (*BOOLEANS, *WORDS, *ALL_LISTS),
    "date": (*MOMENTS, *DAYS, *ALL_LISTS),
    "list": (*PLAIN, *DIGITS, *ALL_LISTS),
    "list-of-tags": ALL_LISTS,
    "subscription": ALL_LISTS,
}


def said_in_sql(column, cells):
    values = ", ".join(f"({place}, {quoted(cell)})" for place, cell in enumerate(cells))
    told = known_sql("cell", column)
    query = f"SELECT {told} FROM (VALUES {values}) t(place, cell) ORDER BY place"
    with open_connection() as connection:
        found = [said for (said,) in connection.execute(query).fetchall()]
    return dict(zip(cells, found, strict=True))


def said_in_python(column, cell):
    """What an entry has of a cell, or None where nobody can read it."""
    try:
        value = parse(cell)
    except ValueError:
        return None
    name, kind = column.attribute, column.kind
    if value is None or value == "":
        known = NOTHING
    elif column.sort == "switch":
        is_on = switch_in(value)
        known = NOTHING if is_on is None else cells_of(name, kind)(is_on)
    else:
        known = (phone_cell if name == "Phone" else cells_of(name, kind))(value)
    whole = canonical({column.folded: known})
    return "" if known is NOTHING else whole[1:-1].decode()


def told(column):
    """The cells of which SQL is sure; all of them are as Python says."""
    found = {c: s for c, s in said_in_sql(column, CELLS).items() if s is not None}
    assert found == {cell: said_in_python(column, cell) for cell in found}
    return {*found}


def column(sort, name, kind):
    return ExportColumn(sort, fold_name(name), name, kind)


@pytest.mark.parametrize("kind", TOLD)
def test_cells_of_an_attribute_are_told_as_python_tells_them(kind):
    found = told(column("attribute", "It's {0}", kind))
    assert found >= {*BLANK, *TOLD[kind]}
    assert not found & {*ODD}


def test_a_phone_number_may_lack_its_plus():
    found = told(column("attribute", "Phone", "string"))
    assert found >= {*BLANK, *PHONES}
    assert not found & {*NO_PHONES}


@pytest.mark.parametrize("kind", [None, "boolean", "subscription"])
def test_flags_are_told_by_their_words(kind):
    found = told(column("switch", "MSG-push", kind))
    assert found == {*BLANK, *SWITCHES, *BOOLEANS, *WORDS}


@pytest.mark.parametrize("kind", ["string", "number", "list", "date"])
def test_a_flag_of_another_kind_takes_a_look(kind):
    assert told(column("switch", "MSG-push", kind)) == {*BLANK}


def test_of_what_says_more_than_one_attribute_only_nothing_is_told():
    assert told(column("special", "profileData", None)) == {*BLANK}
