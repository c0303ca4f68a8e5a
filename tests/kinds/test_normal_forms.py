"""The number in every fingerprint goes up whenever a normal form changes."""

from itertools import product

from msgspec import to_builtins

from ctsync.canonical_json import canonical, sha256
from ctsync.formats.typed_cells import number, text, untyped, word
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault, Faults
from ctsync.project.project import SEMANTICS
from ctsync.project.table_columns import Column
from ctsync.sources.column_values import ColumnReader

WORDS = [
    "", "x", " x ", "e\u0301", "0", "-0", "007", "5", "-5", "1.0", "1.50", "1e3",
    "1E+2",
    "0.1", "1,5", "1.000,5", "9007199254740991", "9007199254740993", "123456789012345",
    "1234567890123456", "1.12345678901234567", "true", "True", "yes", "null", "NULL",
    "~",
    "nan", "2027-03-31", "2027-03-31T08:30:00", "2027-03-31T08:30:00+05:30",
    "2027-03-31 08:30:00", "2027-03-31T08:30:00Z", "31/03/2027", "$D_5", "+14155551234",
    "Jo@X.io", "M", "Female", "[]", '["b","a"]',
]  # fmt: skip
CELLS = {"quoted": text, "plain": word, "untyped": untyped, "number": number}
COLUMNS = {
    "as it is": {},
    "decimal comma": {"decimal": ","},
    "format": {"format": "%d/%m/%Y"},
    "split": {"split": ","},
    "include": {"how": "include"},
}


def understood(rule, raw):
    """The normal form of a raw value, or the codes that refuse it."""
    try:
        return to_builtins(KINDS[rule.kind].normalize(raw, rule, ValueContext()))
    except Faults as wrong:
        return [fault.code for fault in wrong.faults]


def told(rule, options, cell):
    raw = ColumnReader(Column("a", rule.attribute, (), **options), rule).read(cell)
    if raw is None:
        return None
    return raw.code if isinstance(raw, Fault) else understood(rule, raw)


def normal_forms():
    """What every kind and system attribute makes of words, by every way to them."""
    rules = [Attribute("A", kind) for kind in sorted(KINDS)]
    rules += [rule for _, rule in sorted(SYSTEM.items())]
    ways = product(rules, COLUMNS.items(), CELLS.items(), WORDS)
    return [
        [rule.attribute, rule.kind, column, sort, each, told(rule, options, read(each))]
        for rule, (column, options), (sort, read), each in ways
    ]


def test_a_change_of_a_normal_form_raises_the_number():
    """Else the profiles of every state would keep what the old form made of them."""
    pinned = (SEMANTICS, sha256(canonical(normal_forms())))
    assert pinned == (
        2,
        "2f4fb5ba19046c8326f222eed93b0d12e4016b61c08b525775dbb12b8e7f0d47",
    ), "raise SEMANTICS, and pin both"
