"""What kinds say in SQL is what they say in Python, wherever they are sure of it."""

from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import to_builtins

from ctsync.canonical_json import canonical, parse
from ctsync.duckdb_connection import open_connection
from ctsync.formats.typed_cells import reader_of
from ctsync.kinds import KINDS
from ctsync.kinds.base import MoveNames, ValueContext
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.limits import PlatformLimits
from ctsync.model.attribute import Attribute
from ctsync.model.decided_rows import LETTERS
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Faults
from ctsync.project.table_columns import Column
from ctsync.sources.column_values import ColumnReader
from ctsync.sources.doubtful_cells import doubtful_words

SORTS = ("text", "untyped", "number", "boolean", "date", "moment", "instant", "list")
FRAMES = (
    ValueContext(),
    ValueContext(
        ZoneInfo("Europe/Berlin"), PlatformLimits(value_bytes=24, list_values=2)
    ),
)
# Texts, numbers, days and lists as exports have them at their worst.
HOSTILE = [
    "a", "Gold", "M", "Y", "é", "e\u0301", "São Paulo", "Жук", "東京", "한국", "😀",
    "🌍", "ß", "\u017f", "İ", "\u00ad", "a\u00adb", "\u200b", "\ufeffx", "\u2028",
    "\u00a0x", "x\u00a0", " x", "x ", "a  b", "$", "$D_5", "$x", 'say "hi"',
    "back\\slash", "\\N", "a'b", "[a]", '["a","b"]', "[", "]", "{}", "NULL",
    "null", "nan", "NaN", "None", "#N/A", "<NA>", "NaT", "0", "007", "7",
    "123456789012345", "1234567890123456", "٣٤", "१२", "+14155551234",
    "+0123456789", "+1415555123456789", "14155551234", "a@b", "a@b@c", "@b",
    "é@b.c", "a b@c", "x" * 128, "x" * 129, "é" * 128, "\x00", "a\x00b", "\t",
    "a\nb", "\x7f", "\x85", "1", "-1", "-0", "0.0", "-0.0", "1.0", "1.10",
    "1e5", "1e+22", "1E5", "0.1", "-0.5", "0.001", "0.0001", "0.00001", "1e-7",
    "123456789.123456", "1234567890.123456", "99999999999999.9",
    "9007199254740993", "1.", ".5", "+1", "01", "1,5", "1_000", "inf", "true",
    "false", "True", "yes", "no", "t", "2024-02-29", "2023-02-29", "0000-01-01",
    "0001-01-01", "9999-12-31", "10000-01-01", "2024-1-1", "1969-12-31",
    "2024-03-31", "2024-02-29 12:00:00", "2024-02-29 24:00:00",
    "2024-02-29T12:00:00", "1900-01-01", "2024-02-29 12:00:00.5",
    "2024-02-29 12:00:60", "2024-03-31 02:30:00", "2024-02-29 12:00:00+00",
    "2024-01-01 (BC)", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00+05:30",
    "2024-02-29T12:00:00-0330", "2024-02-29T12:00:00+24:00", "2024-02-29T12:00:00+01",
    "2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-10-27T02:59:59.5",
    "2024-03-31T01:59:59", "2024-03-31T03:00:00", "2040-12-31", "2041-01-01",
    "1899-12-31", "1900-01-01T00:00:00", "1940-04-01", "1893-04-01", "2024-10-27",
    "2024-02-30T12:00:00Z", "0001-01-01T00:00:00+05:30", "9999-12-31T23:59:59-05:30",
    "[]", '["b","a"]', '["a","a"]', '["a","A"]',
    '["a b","ab"]', "[null]", '["007"]', '["7"]', '["a",null]', '["é"]',
    '["a\\"b"]', '["$D_1"]', '[" a"]', '["a "]', '[""]', '["a,b"]', '["[a]"]',
    '["a]"]', '["%"]', '["NULL"]', '["b"]', '["x1","x2","x3"]',
]  # fmt: skip
PIECES = st.sampled_from(
    [*"aZ09 .-+@$_:,'é", "00", "E5", "2024-", "-05", '["', '","', '"]']
)
CELLS = (
    st.sampled_from(HOSTILE)
    | st.lists(PIECES, max_size=8).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.integers(-(10**18), 10**18).map(str)
    | st.floats().map(repr)
    | st.datetimes().map(str)
    | st.dates().map(str)
    | st.lists(st.text("aAb 07$", max_size=4), max_size=4).map(
        lambda texts: canonical(texts).decode()
    )
).filter(bool)
law = partial(
    settings,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


LONG_LIST = canonical([f"shoes-{n:02}" for n in range(46)]).decode()


def rules_of(name):
    """Every rule that an attribute of a kind may have."""
    yield Attribute("Plan", name)
    yield Attribute('Odd "Näme"', name, sensitive=True)
    if KINDS[name].takes_enum:
        yield Attribute("Plan", name, enum=("Gold", "a", 'say "hi"'))
    yield from (rule for rule in SYSTEM.values() if rule.kind == name)


RULES = [rule for name in sorted(KINDS) for rule in rules_of(name)]


@pytest.fixture(scope="module")
def connection():
    with open_connection(threads=1) as opened:
        yield opened


def meant(cell, sort, rule, frame):
    """What Python says of a cell: the target, None where there is more to be said."""
    try:
        read = reader_of("c", sort)(cell)
    except ValueError:
        assert sort == "list"  # DuckDB would not have written it
        return None
    raw = ColumnReader(Column("c", rule.attribute, ()), rule).read(read)
    kind = KINDS[rule.kind]
    try:
        target = kind.normalize(raw, rule, frame)
    except (Faults, AttributeError):
        return None
    if kind.lint(target) or any(doubtful_words(rule.attribute, raw)):
        return None
    return target


def value_of(target):
    return target.exact if target.is_set else target.value


def told(connection, cells, sort, rule, frame):
    """What SQL says of cells: the target's value as JSON, None where it is not sure."""
    said = KINDS[rule.kind].columns("cell", sort, rule, frame)
    if said is None:
        return [None] * len(cells)
    rows = connection.execute(
        f"SELECT sound, CASE WHEN sound THEN {said.value} END FROM ("
        f"SELECT *, {said.sound} AS sound FROM (SELECT unnest($1::VARCHAR[]) AS cell))",
        [cells],
    ).fetchall()
    assert all(sound is not None for sound, _ in rows)
    return [value if sound else None for sound, value in rows]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("frame", FRAMES, ids=["utc", "berlin"])
def test_a_sound_cell_means_what_python_says(connection, rule, frame):
    @law(max_examples=6)
    @given(st.lists(CELLS, min_size=40, max_size=80))
    def holds(cells):
        for sort in SORTS:
            every = [*HOSTILE, *cells]
            for cell, value in zip(
                every, told(connection, every, sort, rule, frame), strict=True
            ):
                if value is not None:
                    target = meant(cell, sort, rule, frame)
                    assert target is not None, (sort, cell, value)
                    assert value == canonical(value_of(target)).decode(), (sort, cell)

    holds()


@pytest.mark.parametrize(
    ("name", "kind", "sort", "cells"),
    [
        (
            "Plan",
            "string",
            "text",
            ["Gold", "a b", "São Paulo", "東京", "7", "1e5", "a-b"],
        ),
        ("Name", "string", "text", ["Ada Lovelace", "Jürgen Müller"]),
        ("Email", "string", "text", ["ada.lovelace@example.com"]),
        ("Phone", "string", "text", ["+14155551234"]),
        ("Gender", "string", "text", ["M", "F"]),
        ("Score", "number", "number", ["7", "-7", "7.0", "0.5", "1234.567", "0.0"]),
        ("Points", "counter", "number", ["0", "120", "999999999999999"]),
        ("Vip", "boolean", "boolean", ["true", "false"]),
        ("Since", "date", "date", ["2024-02-29", "1969-12-31"]),
        ("Since", "date", "moment", ["2024-02-29 23:59:59"]),
        ("Since", "date", "instant", ["2024-02-29 23:59:59+00"]),
        ("Since", "date", "untyped", ["2024-02-29", "2024-02-29T12:30:00+05:30"]),
        ("Since", "date", "text", ["2024-02-29T12:30:00", "2024-02-29T12:30:00Z"]),
        ("Tags", "list", "list", ['["b","a"]', '["shoes-12"]']),
        ("Tags", "list", "list", ['["a b","B"]', '["7 a","7b"]', LONG_LIST]),
        ("Plan", "string", "text", ["7 a", "7 7", "7$", "x" * 512]),
        ("Education", "string", "text", ["School", "College"]),
    ],
)
def test_clean_cells_are_decided_in_columns(connection, name, kind, sort, cells):
    """A law over what is sound says nothing of columns that are sure of nothing."""
    rule = SYSTEM.get(name, Attribute(name, kind))
    for frame in (ValueContext(), ValueContext(ZoneInfo("Europe/Berlin"))):
        meanings = [value_of(meant(cell, sort, rule, frame)) for cell in cells]
        found = told(connection, cells, sort, rule, frame)
        assert found == [canonical(each).decode() for each in meanings]


KNOWN_VALUES = {
    "string": ["Gold", "Free", "", 'say "hi"', "back\\slash", "é", "\x1f", "5", None],
    "number": [
        0,
        5,
        5.0,
        5.5,
        -5,
        1e22,
        0.1,
        10,
        100,
        9007199254740993,
        0.00001,
        True,
        None,
    ],
    "boolean": [True, False, None, "true", 1],
    "date": ["$D_0", "$D_-5", "$D_1709164800", None],
    "list": [None],
}
KNOWN_VALUES["counter"] = KNOWN_VALUES["number"]
TARGETS = {
    "string": ["Gold", "Free", "é", "5"],
    "number": [0, 5, 5.5, -5, 0.1, 10, 100],
    "boolean": [True, False],
    "date": ["$D_0", "$D_-5", "$D_1709164800"],
    "list": [("a",), ("a", "b"), ("b",)],
}
TARGETS["counter"] = TARGETS["number"]
SETS = st.sampled_from([(), ("a",), ("a", "b"), ("b",)])


@st.composite
def knowns(draw, rule):
    """Everything that an entry may hold, of the right kind and of others."""
    kind = draw(st.sampled_from([rule.kind, rule.kind, *KNOWN_VALUES]))
    is_list = kind == "list"
    certain = draw(st.sampled_from([True, True, False]))
    return KnownValue(
        draw(st.sampled_from([rule.attribute, rule.attribute, "PLAN"])),
        kind,
        draw(st.sampled_from(KNOWN_VALUES[kind])),
        certain,
        draw(st.booleans()),
        None if certain else "run",
        present=draw(SETS) if is_list else (),
        maybe=draw(st.sampled_from([(), (), ("c",)])),
        absent=draw(st.sampled_from([(), (), ("d",)])),
        ours=draw(st.sampled_from([(), (), ("a",)])) if is_list else (),
        complete=draw(st.booleans()) if is_list else False,
    )


def moved(connection, pairs, rule):
    """What SQL says of pairs of what is held and what is wanted, in JSON."""
    kind = KINDS[rule.kind]
    move = kind.moves(MoveNames("h", "b", "v", "l"), rule)
    rows = connection.execute(
        f"SELECT h, b, l, CASE WHEN l <> '' THEN {move.operand} END FROM ("
        f"SELECT *, CASE WHEN h IS NULL THEN '{move.first}' "
        f"WHEN b IS NOT NULL THEN {move.letter} END AS l FROM ("
        f"SELECT *, CASE WHEN h IS NOT NULL THEN {move.before} END AS b FROM ("
        "SELECT json_extract(p.body, '/x')::VARCHAR AS h, p.v "
        "FROM (SELECT unnest($1::STRUCT(body VARCHAR, v VARCHAR)[]) AS p))))",
        [
            [
                {"body": "{}" if held is None else f'{{"x":{held}}}', "v": value}
                for held, value in pairs
            ]
        ],
    ).fetchall()
    return move, rows


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.kind in TARGETS and not rule.enum], ids=str
)
def test_a_move_in_columns_is_the_one_that_python_makes(connection, rule):
    kind = KINDS[rule.kind]

    @law(max_examples=12)
    @given(
        st.lists(
            st.tuples(st.none() | knowns(rule), st.sampled_from(TARGETS[rule.kind])),
            min_size=30,
        )
    )
    def holds(pairs):
        texts = [
            (
                None if known is None else canonical(to_builtins(known)).decode(),
                canonical(wanted).decode(),
            )
            for known, wanted in pairs
        ]
        move, rows = moved(connection, texts, rule)
        for (known, wanted), (spelled, value), (held, before, letter, operand) in zip(
            pairs, texts, rows, strict=True
        ):
            if letter is None or held != spelled:
                continue  # Python tells; where an entry is spelled otherwise, too
            how = {"exact": wanted} if rule.kind == "list" else {"value": wanted}
            target = DesiredValue(rule.attribute, rule.kind, **how)
            found = kind.diff(known, target, ValueContext())
            assert bool(found) == (letter != ""), (known, wanted)
            for op in found:
                assert (op.operator, op.step) == (LETTERS[letter], 1)
                assert (op.certain, op.since) == (not move.is_open, None)
                assert (op.ours, op.excluded) == ((), ())
                assert canonical(op.operand).decode() == operand
                assert canonical(op.before).decode() == (before or "null")
                assert canonical(op.after).decode() == value
                assert op.prior == ("unknown" if held is None else "known")
        assert parse(texts[0][1]) is not None

    holds()


def test_clean_entries_are_decided_in_columns(connection):
    for name, wanted in TARGETS.items():
        rule = Attribute("Plan", name)
        lists = {"present": wanted[0]} if name == "list" else {"value": wanted[0]}
        held = KnownValue("Plan", name, owned=True, **lists)
        known = canonical(to_builtins(held)).decode()
        _, rows = moved(connection, [(known, canonical(wanted[0]).decode())], rule)
        assert rows[0][2] == ""
        if name != "list":
            _, rows = moved(connection, [(known, canonical(wanted[1]).decode())], rule)
            assert rows[0][2] in LETTERS
