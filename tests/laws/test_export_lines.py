"""Law: rows of an export leave the same known, whether SQL tells their lines or Python.

`test_entry_lines` holds Python's own short cut to the careful way.
"""

import contextlib
import csv
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ctsync.canonical_json import fold_name
from ctsync.errors import CtsyncError
from ctsync.kinds.system_attributes import system_rule
from ctsync.model.attribute import Attribute
from ctsync.model.entry import Entry, KnownValue, entry_from_line
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.exports import export_query
from ctsync.observe.exports.export_rows import ExportFile
from ctsync.observe.exports.take_export import ExportImport, ExportWish
from ctsync.observe.import_profiles import Beside, ImportRules, ProfileImport

DATA = "profileData"
KINDS = (
    *(None, "string", "number", "counter", "boolean", "date", "list"),
    *("list-of-tags", "subscription", "of somebody else"),
)
NAMES = (
    *("Plan", "plan", "Phone", "Renewal Date", "Ärger", "a/b~c", 'say "x"', "Age"),
    *("MSG-push", "msg-Email", DATA, "subscriptionGroups", "ts", "events"),
)
ZONES = ("UTC", "Asia/Kolkata", "Europe/Paris")
IDS = ("u1", "u2", "U3", " u4 ", "é", 'q"', "back\\slash", "", "\t", "10", "x" * 40)

texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["+14155551234", "14155551234", "$D_1700000000", "$D_-5", "$D_007", "$x",
         "007", "true", "TRUE", "no", "subscribed", " Yes", '["a","b","a"]', "1.50",
         "[1, null]", '["b", "a"]', '[", "]', '[""]', "[]", "[", '["x"', "NaN",
         '["x\\u0041"]', "2026-11-01", "2026-11-01T00:00:00", " ", "12", "0.5",
         "-0", "1e5", "a\x00b", "Gold", "Free", "Ada", "Jürgen",
         "x" * 65_535, "é" * 40_000]
    ),
)  # fmt: skip
numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([0, 5.0, -0.0, 8726.909, 0.1 + 0.2, 1e300, 1e15, 1e16, 2.0**53]),
    st.sampled_from([0.001, 0.00099, 5e-324, 123456789.123456789, 1_700_000_000]),
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
cells = st.one_of(
    plain,
    st.lists(texts, max_size=4),
    st.lists(plain, max_size=3),
    st.dictionaries(texts, plain, max_size=2),
)
kinds = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(KINDS))


# Most rows have cells that are clean, and all rows a key of their own.
mostly = st.sampled_from([True] * 5 + [False])
clean = st.sampled_from(
    ["Gold", "Jürgen", 5, 0.25, 0.1 + 0.2, True, ["b", "a"], "+123", "$D_5", None, ""]
)
ids = st.lists(st.sampled_from(IDS), min_size=1, max_size=6, unique=True)
twins = st.lists(st.sampled_from(IDS), min_size=1, max_size=6)


class Inside(tuple):
    """Names and values of an object, of which a name may stand twice."""

    __slots__ = ()


@st.composite
def pairs(draw, is_clean):
    """Names, most of them once, and values."""
    found = draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=is_clean))
    return [(name, draw(clean if is_clean else cells)) for name in found]


@st.composite
def objects(draw):
    """Lines of JSON, a few of them as no tool writes them."""
    lines = []
    for key in draw(ids if draw(mostly) else twins):
        is_clean = draw(mostly)
        said = draw(pairs(is_clean))
        if draw(st.booleans()):
            said.append((DATA, Inside(draw(pairs(is_clean)))))
        found = key if is_clean else draw(st.sampled_from([key, None, 5, ["u1"]]))
        said.insert(draw(st.integers(0, len(said))), ("identity", found))
        lines.append(_object(said, draw(st.booleans()), draw(SEPARATORS)))
    if not draw(mostly):
        lines = [*map(_mangled, lines)]
    return "\n".join(lines).encode("utf-8", "surrogatepass") + b"\n"


SEPARATORS = st.sampled_from([",", ", ", " ,\t"])


def _object(pairs, escapes, separator):
    def spelled(value):
        if isinstance(value, Inside):
            return _object(value, escapes, separator)
        return json.dumps(value, ensure_ascii=escapes)

    said = (f"{json.dumps(name)}:{spelled(value)}" for name, value in pairs)
    return "{" + separator.join(said) + "}"


def _mangled(line):
    """What DuckDB takes for JSON, and what it and Python take for two things."""
    if "Plan" in line:
        return line.replace("P", "\\u0050")
    if "ts" in line:
        return line.replace('"ts":', '"ts":NaN,"x":')
    return line.replace("5", "5.0") if "5" in line else line.replace("}", ",}")


def taken(
    path, kinds, *, sure, known=(), said=(), wants=None, zone="UTC", width=10_000
):
    """What of a file is to stand in a state, and how many rows came as lines.

    Rows of more than a `width` are sorted and told by Python.
    """

    declared = {fold_name(name): kind for name, kind in kinds.items()}

    def rule_for(name):
        return system_rule(name) or Attribute(name, declared.get(fold_name(name)))

    at_once = []
    with tempfile.TemporaryFile() as file, _sure(sure), _wide(width):
        rules = ImportRules(rule_for)
        profiles = ProfileImport(file, rules)
        add = profiles.add_columns
        profiles.add_columns = lambda columns: (
            at_once.append(len(columns)),
            add(columns),
        )
        export = ExportFile(
            path, None, ZoneInfo(zone), lambda n: kinds.get(n) == "string"
        )
        wish = ExportWish(export, rules, wants)
        rows = ExportImport(wish, profiles, Beside(said), Beside(known))
        try:
            rows.run()
        except CtsyncError as error:
            return str(error), 0
        texts = [edit.over(None) for _, edit in profiles.edits()]
    told = [(t.key, t.line, [*t.names], t.fingerprint, t.is_bound) for t in texts]
    return (told, profiles.profiles, profiles.attributes, rows.read), sum(at_once)


def _sure(sure):
    said = export_query.known_sql if sure else lambda *_: "NULL"
    return mock.patch.object(export_query, "known_sql", said)


@contextlib.contextmanager
def _wide(width):
    with (
        mock.patch.object(export_query, "MOST_SORTED_WIDTH", width),
        mock.patch.object(export_query, "MOST_TOLD_WIDTH", 2 * width),
    ):
        yield


def entries(ids):
    known = {"plan": KnownValue("Plan", "string", "Old")}
    return [Entry(ProfileKey("identity", each), known) for each in sorted(ids)]


some: st.SearchStrategy = st.one_of(st.just(set()), st.sets(st.sampled_from(IDS)))


@settings(max_examples=40)
@given(objects(), kinds, some, some)
def test_objects_leave_the_same_known_whoever_tells_their_lines(
    data, kinds, known, said
):
    """And so do those of whom something is known, or declared."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.jsonl")
        path.write_bytes(data)
        beside = {"known": entries(known), "said": entries(said)}
        sure, _ = taken(path, kinds, sure=True, **beside)
        assert sure == taken(path, kinds, sure=False, **beside)[0]
        for width in (0, 100):
            wide, _ = taken(path, kinds, sure=True, width=width, **beside)
            assert wide == sure


@settings(max_examples=40)
@given(objects(), kinds)
def test_an_export_is_taken_once(data, kinds):
    """Of the same rows a second import takes nothing, whoever tells their lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.jsonl")
        path.write_bytes(data)
        first, _ = taken(path, kinds, sure=True)
        known = [] if isinstance(first, str) else [line for _, line, *_ in first[0]]
        for sure in (True, False):
            again, _ = taken(path, kinds, sure=sure, known=map(entry_from_line, known))
            assert again == (first if isinstance(first, str) else ([], 0, 0, first[3]))


moments = st.one_of(
    st.integers(-(2**36), 2**37),
    st.sampled_from([0, -1, 1_774_746_000, 1_792_976_400, 5_000_000_000]),
)
TYPES = {
    pa.string(): texts.filter(lambda text: text.isprintable()),
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.one_of(st.floats(), numbers.map(float)),
    pa.decimal128(10, 2): st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 100),
    pa.decimal128(38, 20): st.integers(-(10**30), 10**30).map(
        lambda n: Decimal(n).scaleb(-20)
    ),
    pa.date32(): st.integers(-(2**21), 2**22),
    pa.timestamp("s"): moments,
    pa.timestamp("us"): moments.map(lambda n: n * 10**6),
    pa.timestamp("us", "UTC"): st.integers(-(2**50), 2**55),
    pa.timestamp("ns"): st.integers(-(2**60), 2**62),
    pa.time64("us"): st.integers(0, 86_399_999_999),
    pa.binary(): st.binary(max_size=4),
    pa.list_(pa.string()): st.lists(texts.filter(str.isprintable), max_size=3),
    pa.list_(pa.int64()): st.lists(st.integers(-5, 5), max_size=3),
    pa.list_(pa.date32()): st.lists(st.integers(0, 9), max_size=2),
    pa.list_(pa.float64()): st.lists(st.floats(), max_size=2),
    pa.struct([("a", pa.int64())]): st.fixed_dictionaries({"a": st.integers(0, 5)}),
    pa.map_(pa.string(), pa.float64()): st.lists(
        st.tuples(st.sampled_from("ab"), st.floats()), max_size=1
    ),
}


@st.composite
def tables(draw):
    """Tables with columns of any type, under names of any sort."""
    keys = draw(ids if draw(mostly) else twins)
    names = draw(st.lists(st.sampled_from(NAMES), max_size=5, unique_by=str.casefold))
    columns = {"identity": pa.array(keys)}
    for name in names:
        sort = draw(st.sampled_from([*TYPES]))
        values = st.lists(
            st.one_of(TYPES[sort], st.none()), min_size=len(keys), max_size=len(keys)
        )
        columns[name] = pa.array(draw(values), sort)
    return pa.table(columns)


@settings(max_examples=40)
@given(tables(), kinds, st.sampled_from(ZONES))
def test_columns_leave_the_same_known_whoever_tells_their_lines(table, kinds, zone):
    """Whatever their types are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.parquet")
        parquet.write_table(table, path)
        sure, _ = taken(path, kinds, sure=True, zone=zone)
        assert sure == taken(path, kinds, sure=False, zone=zone)[0]


@st.composite
def written(draw):
    """Cells of a file of text, its head before them."""
    keys = draw(ids if draw(mostly) else twins)
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique_by=str.casefold))
    words = st.one_of(texts.filter(str.isprintable), clean.map(str))
    cells = [[draw(words) for _ in names] for _ in keys]
    return [
        ["identity", *names],
        *([k, *row] for k, row in zip(keys, cells, strict=True)),
    ]


@settings(max_examples=40)
@given(written(), kinds)
def test_texts_leave_the_same_known_whoever_tells_their_lines(rows, kinds):
    """In a file of which no column has a type."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        sure, _ = taken(path, kinds, sure=True)
        assert sure == taken(path, kinds, sure=False)[0]


def test_clean_rows_come_as_lines(tmp_path):
    """Else all of the above would hold of nothing."""
    row = {
        "identity": "u1", "Name": "Jürgen", "Score": 0.1 + 0.2, "Points": 5,
        "Tags": ["b", "a", "b"], "Since": "$D_1700000000", "Phone": 14155551234,
        "Vip": True,
        "MSG-push": "Subscribed", "MSG-email": False, "Gone": None, "Blank": "",
        "Empty": [], "ts": 5, "profileData": {"Plan": "Gold", "ts": 7, "Seats": 3},
    }  # fmt: skip
    path = tmp_path / "export.jsonl"
    rows = [{**row, "identity": f"u{n}"} for n in range(9)]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    (told, profiles, attributes, read), at_once = taken(
        path, {"Points": "counter"}, sure=True
    )
    assert (profiles, read, at_once, attributes) == (9, 9, 9, 9 * 11)
    assert b'"kind":"subscription","name":"MSG-push","value":true' in told[0][1]
