"""What SQL says of lines of JSON is what is read from them, wherever it is sure."""

import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import parse
from ctsync.duckdb_connection import open_connection
from ctsync.formats.base import WantedColumns
from ctsync.formats.json_columns import typed_line, usual_sorts
from ctsync.formats.json_rows import parsed, read_line
from ctsync.formats.typed_cells import reader_of

NAMES = ("plan", "user_id", "a b", "score%", "größe", 'q"q', "a/b")
NULLS = ("n/a", "-1.50", "[]", "NaN")
SORTS = ("text", "number", "boolean", "list")
# Values as they may be written: some that DuckDB alone takes, many that it spells anew.
WRITTEN = [
    '"Gold"', '"n/a"', '""', "null", '"\\u00fc"', '"\\u0041"', '"a\\"b"', '"a\\\\b"',
    '"\\/"', '"plan"', '"{"', '"a, nan, b"', '"ends,]"', '"5"', '"true"', '"[]"',
    "0", "-0", "-0.0", "5", "-5", "1.5", "1.50", "-1.50", "1.0", "1E2", "1e2", "1e-7",
    "1e22", "0.1", "0.100000000000000005", "123456789012345.6", "12345678901234567",
    "18446744073709551616", "100000000000000000000000", "NaN", "-Infinity", "inf",
    "nan", "true", "false", "[]", '["a"]', '["a", "b"]', '["a",]', "[1]", "[null]",
    '[["a"]]', "[NaN]", "[inf, 1]", '{"plan": "x"}', '{"score%": 1.5}', "{}",
    '"\\ud83d\\ude00"', '"Жук"',
]  # fmt: skip
KEYS = [*map(json.dumps, NAMES), '"größe"', '"pl\\u0061n"', '"a\\/b"', '"other"']
BETWEEN = st.sampled_from(["", "", "", " ", "\t"])


@st.composite
def lines(draw):
    """A line that mostly is an object."""
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(KEYS), BETWEEN, st.sampled_from(WRITTEN)),
            max_size=5,
        )
    )
    gap, end = draw(BETWEEN), draw(st.sampled_from(["", "", "", "", ",", " "]))
    inner = f",{gap}".join(f"{key}:{space}{value}" for key, space, value in pairs)
    return f"{{{gap}{inner}{end if inner else ''}}}"


@pytest.fixture(scope="module")
def connection():
    with open_connection(threads=1) as opened:
        yield opened


def told(connection, every, sorts):
    """What SQL says of the names in lines: whether it is sure, and the text."""
    said = typed_line(NAMES, sorts, NULLS)
    cells = ", ".join(
        f"({said.sound} AND ({c.sound}) IS NOT FALSE), {c.text}" for c in said.cells
    )
    rows = connection.execute(
        f"SELECT {cells} FROM (SELECT ['', line] AS cells "
        "FROM (SELECT unnest($1::VARCHAR[]) AS line) "
        "WHERE json_valid(line) AND starts_with(line, '{'))",
        [every],
    ).fetchall()
    kept = connection.execute(
        "SELECT line FROM (SELECT unnest($1::VARCHAR[]) AS line) "
        "WHERE json_valid(line) AND starts_with(line, '{')",
        [every],
    ).fetchall()
    for (line,), row in zip(kept, rows, strict=True):
        pairs = zip(row[::2], row[1::2], said.cells, strict=True)
        yield line, [(c.sort, sure, text) for sure, text, c in pairs]


def test_what_is_sure_is_what_is_read(connection):
    wanted = WantedColumns("id", NAMES, nulls=NULLS)

    @partial(
        settings, deadline=None, max_examples=60, suppress_health_check=[*HealthCheck]
    )()
    @given(
        st.lists(lines(), min_size=40, max_size=80),
        st.fixed_dictionaries({name: st.sampled_from(SORTS) for name in NAMES}),
    )
    def holds(every, sorts):
        for line, cells in told(connection, every, sorts):
            read = read_line(wanted, {}, ["", line])
            for (sort, sure, text), expected in zip(cells, read, strict=True):
                if not sure or not sort:
                    continue
                if not text:
                    assert expected is None, line
                elif sort != "list":
                    if is_understood(sort, text):
                        assert expected == reader_of("c", sort)(text), line
                elif {str}.issuperset(map(type, parse(text))):
                    assert expected == reader_of("c", sort)(text), line

    holds()


def is_understood(sort, text):
    """Whether a kind may take the text of a cell; of a number it looks at each sign."""
    if sort == "number":
        return reader_of("c", sort)(text).type == "number"
    return True


@pytest.mark.parametrize(
    ("value", "sort", "text"),
    [
        ("Gold", "text", "Gold"),
        ("Jürgen 🌍", "text", "Jürgen 🌍"),
        (12.5, "number", "12.5"),
        (7, "number", "7"),
        (True, "boolean", "true"),
        (["a", "b"], "list", '["a","b"]'),
        (None, "text", None),
        ("", "number", None),
    ],
)
@pytest.mark.parametrize("name", ["plan", "user_id", "a b"])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_plain_values_are_sure(connection, value, sort, text, name, is_ascii):
    row = {"id": "u1", name: value, "more": "x, y: 5"}
    line = json.dumps(row, ensure_ascii=is_ascii)
    (((_, cells)),) = told(connection, [line], {name: sort})
    assert cells[NAMES.index(name)] == (sort, True, text)


def test_a_number_is_given_as_it_is_written(connection):
    line = '{"plan": 12.50, "user_id":1E2, "a b" : 0.1000000000000000055}'
    sorts = dict.fromkeys(NAMES, "number")
    (((_, cells)),) = told(connection, [line], sorts)
    assert [text for _, _, text in cells[:3]] == [
        "12.50",
        "1E2",
        "0.1000000000000000055",
    ]


def test_most_values_say_what_a_name_holds():
    rows = ['{"a": 1, "b": null}', '{"a": "x", "b": ["x"]}', '{"a": 2.5, "c": ""}']
    assert usual_sorts(map(parsed, rows)) == {"a": "number", "b": "list"}


def test_nothing_is_sure_of_a_line_that_is_nested_deeply(connection):
    line = '{"plan": "x", "deep": ' + "[" * 600 + "]" * 600 + "}"
    (((_, cells)),) = told(connection, [line], {})
    assert not any(sure for _, sure, _ in cells)
