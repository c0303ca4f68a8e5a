"""Every stored form comes back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert, to_builtins

from ctsync.canonical_json import canonical, parse
from ctsync.limits import MAX_COUNTER
from ctsync.model.change import Origin
from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.operation import OPERATORS, Operation
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.record import Outcome
from ctsync.model.run import RunChange, RunOperation
from ctsync.model.snapshot import (
    Account,
    Header,
    LastPlan,
    header_as_json,
    header_from_json,
)


def plain(value):
    return canonical(to_builtins(value))


WORDS = st.text(max_size=3)
NAMES = st.text(min_size=1, max_size=3)
VALUES = st.lists(WORDS, max_size=3, unique=True).map(lambda all_: tuple(sorted(all_)))
FLAGS = st.booleans()
MARKS = st.none() | WORDS
SCALARS = (
    WORDS
    | FLAGS
    | st.integers(-MAX_COUNTER, MAX_COUNTER)
    | st.floats(allow_nan=False, allow_infinity=False)
)
KEYS = st.builds(ProfileKey, st.sampled_from(ID_TYPES), NAMES)
KNOWNS = st.builds(
    KnownValue,
    NAMES,
    NAMES,
    value=st.none() | SCALARS,
    certain=FLAGS,
    owned=FLAGS,
    since=MARKS,
    present=VALUES,
    maybe=VALUES,
    absent=VALUES,
    ours=VALUES,
    complete=FLAGS,
)
NAMED = st.dictionaries(NAMES, KNOWNS, max_size=3).map(
    lambda named: dict(sorted(named.items()))
)
ENTRIES = st.builds(
    Entry,
    KEYS,
    NAMED,
    cohorts=VALUES,
    once=VALUES,
    fingerprint=MARKS,
    gone=FLAGS,
)
OPERANDS = st.none() | SCALARS | VALUES
OPERATIONS = st.builds(
    Operation,
    NAMES,
    NAMES,
    st.sampled_from(OPERATORS),
    OPERANDS,
    st.sampled_from(["known", "unknown", "uncertain"]),
    before=OPERANDS,
    after=OPERANDS,
    step=st.integers(1, 2),
    certain=FLAGS,
    sensitive=FLAGS,
    since=MARKS,
    ours=VALUES,
    excluded=VALUES,
)
CHANGES = st.builds(
    RunChange,
    KEYS,
    NAMES,
    operations=st.lists(
        st.builds(RunOperation, OPERATIONS, st.sampled_from(Outcome)), max_size=2
    ).map(tuple),
    released=VALUES,
    forgotten=VALUES,
    known=NAMED,
    cohorts=VALUES,
    is_new=FLAGS,
)
HEADERS = st.builds(
    Header,
    WORDS,
    st.integers(0, 9),
    st.builds(Account, WORDS, WORDS, MARKS),
    digest=WORDS,
    entries=st.integers(0, 9),
    last_plan=st.none() | st.builds(LastPlan, WORDS, FLAGS),
    tool_version=WORDS,
)

FORMS = {
    "entry": (ENTRIES, entry_line, entry_from_line),
    "run change": (CHANGES, plain, lambda line: convert(parse(line), RunChange)),
    "header": (
        HEADERS,
        lambda header: canonical(header_as_json(header)),
        lambda line: header_from_json(parse(line)),
    ),
}


def exact(value):
    """Tell true from 1 and 1 from 1.0, which Python takes for equal."""
    return repr(value)


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_stored_form_comes_back_as_it_was(form, data):
    values, written, read = FORMS[form]
    value = data.draw(values)
    stored = written(value)
    again = read(stored)
    assert exact(again) == exact(value)
    assert written(again) == stored


@pytest.mark.parametrize(
    ("known", "stored"),
    [
        (KnownValue("Plan", "string"), {"name": "Plan", "kind": "string"}),
        (
            KnownValue("Vip", "boolean", value=False),
            {"name": "Vip", "kind": "boolean", "value": False},
        ),
        (
            KnownValue("Points", "counter", 0, certain=False, since="run-7"),
            {
                "name": "Points",
                "kind": "counter",
                "value": 0,
                "certain": False,
                "since": "run-7",
            },
        ),
    ],
)
def test_defaults_are_left_out_and_falsehood_is_not(known, stored):
    assert to_builtins(known) == stored


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        (Origin("people/jack.yaml", 3), "people/jack.yaml:3"),
        (Origin("loyalty.csv", None, 7), "loyalty.csv row 7"),
        (Origin("loyalty.csv", 4, 7), "loyalty.csv row 7 (line 4)"),
        (Origin("people/jack.yaml"), "people/jack.yaml"),
    ],
)
def test_an_origin_names_file_and_line_or_row(origin, place):
    assert origin.place == place
