"""Every stored form comes back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical, parse
from ctsync.limits import MAX_COUNTER
from ctsync.model.change import (
    ACTIONS,
    Change,
    EntryAfter,
    Origin,
    change_from_json,
    settled_from_json,
)
from ctsync.model.desired_value import DesiredValue, target_from_json
from ctsync.model.entry import Entry, KnownValue, entry_from_json, known_from_json
from ctsync.model.operation import OPERATORS, Operation, operation_from_json
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.snapshot import (
    Account,
    Header,
    LastPlan,
    header_as_json,
    header_from_json,
)

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
ENTRIES = st.builds(
    Entry,
    KEYS,
    st.dictionaries(NAMES, KNOWNS, max_size=3).map(lambda d: dict(sorted(d.items()))),
    cohorts=VALUES,
    once=VALUES,
    fingerprint=MARKS,
    gone=FLAGS,
)
TARGETS = st.builds(
    DesiredValue,
    NAMES,
    NAMES,
    value=st.none() | SCALARS,
    exact=st.none() | VALUES,
    include=VALUES,
    exclude=VALUES,
    take_back=VALUES,
    write=st.sampled_from(["free", "once", "locked"]),
    sensitive=FLAGS,
    leaving=FLAGS,
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
ORIGINS = st.builds(
    Origin,
    WORDS,
    st.none() | st.integers(1, 9),
    row=st.none() | st.integers(1, 9),
    cohort=MARKS,
    table=MARKS,
)
SETTLED = st.builds(EntryAfter, MARKS, VALUES, VALUES)
CHANGES = st.builds(
    Change,
    KEYS,
    st.sampled_from(ACTIONS),
    operations=st.lists(OPERATIONS, max_size=2).map(tuple),
    origins=st.lists(ORIGINS, max_size=2).map(tuple),
    released=VALUES,
    settled=SETTLED,
    opt_in=FLAGS,
    once=VALUES,
    locked=VALUES,
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
    "known": (KNOWNS, KnownValue.as_json, known_from_json),
    "entry": (ENTRIES, Entry.as_json, entry_from_json),
    "target": (TARGETS, DesiredValue.as_json, target_from_json),
    "operation": (OPERATIONS, Operation.as_json, operation_from_json),
    "settled": (SETTLED, EntryAfter.as_json, settled_from_json),
    "change": (CHANGES, Change.as_json, change_from_json),
    "header": (HEADERS, header_as_json, header_from_json),
}


def exact(value):
    """Tell true from 1 and 1 from 1.0, which Python takes for equal."""
    return repr(value)


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_stored_form_comes_back_as_it_was(form, data):
    values, as_json, from_json = FORMS[form]
    value = data.draw(values)
    stored = canonical(as_json(value))
    again = from_json(parse(stored))
    assert exact(again) == exact(value)
    assert canonical(as_json(again)) == stored


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
    assert known.as_json() == stored


def test_an_exact_list_of_no_values_is_not_the_absence_of_a_list():
    empty = DesiredValue("Tags", "list", exact=())
    assert target_from_json(parse(canonical(empty.as_json()))).exact == ()
    assert target_from_json(DesiredValue("Tags", "list").as_json()).exact is None


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
