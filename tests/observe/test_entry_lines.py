"""Rows of an export become the same lines the quick way and the careful one."""

from io import BytesIO
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.kinds.system_attributes import system_rule
from ctsync.model.attribute import Attribute
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.exports.entry_lines import EntryLines
from ctsync.observe.exports.export_rows import ExportFile
from ctsync.observe.exports.take_export import ExportWish
from ctsync.observe.import_profiles import ImportRules, ProfileImport

EXPORT = ExportFile(Path("export.jsonl"), ("identity", "id"))
KEY = ProfileKey("identity", "u1")
KINDS = (None, "string", "number", "counter", "boolean", "date", "list")
NAMES = ("Plan", "plan", "Phone", "phone", "Renewal Date", "Email", "profileData")

texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["+14155551234", "14155551234", "$D_1700000000", "1.50", "007", "true", "no",
         '["a","b","a"]', "[1, null]", "[", '["x"', "NaN", "2026-11-01", " "]
    ),
)  # fmt: skip
numbers = st.one_of(
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.sampled_from([5.0, -0.0, 8726.909, 1e300, 2.0**53, 1_700_000_000]),
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
cells = st.one_of(
    plain, st.lists(plain, max_size=4), st.dictionaries(texts, plain, max_size=2)
)


@settings(max_examples=400)
@given(
    row=st.dictionaries(st.sampled_from(NAMES), cells, max_size=5),
    kinds=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(KINDS)),
)
def test_a_row_becomes_the_same_line_whichever_way_it_is_read(row, kinds):
    """A shortcut decides nothing: it only says sooner what is said anyway."""

    def rule_for(name):
        return system_rule(name) or Attribute(name, kinds.get(name))

    rules, file = ImportRules(rule_for), BytesIO()
    line = EntryLines(ExportWish(EXPORT, rules).column_of).line(KEY, row)
    taken = ProfileImport(file, rules)
    taken.add(EXPORT.seen(row), None, None, KEY)
    ((_, edit),) = taken.edits()
    text = edit.over(None)
    assert line is None or line == (text.line, len(text.names))
