"""From changes to calls."""

import pyarrow as pa
import pytest
from call_by_call import schedule
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical, fold_id
from ctsync.limits import MAX_BODY_BYTES, MAX_RECORDS_PER_CALL
from ctsync.model.change import Change
from ctsync.model.decided_records import DecidedRecords, records_in
from ctsync.model.decided_rows import DecidedRows, RowDecision
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.row_source import RowColumns
from ctsync.plan.document import schedule as module
from ctsync.plan.document.schedule import WAVES, CallCounter, folded_key, records_of

law = settings(deadline=None, max_examples=60)


def plain(name="Plan"):
    return Operation(name, "string", "set", "Gold", "unknown", after="Gold")


def listed(operator, step, name="Tags"):
    return Operation(name, "list", operator, ("a",), "known", step=step)


def counted(name="Points", operator="$incr"):
    return Operation(name, "counter", operator, 5, "known", before=1, after=6)


def change(key, *operations):
    return Change(ProfileKey("identity", key), "update", operations)


def calls_of(changes, records_per_call=100):
    return list(schedule(changes, records_per_call=records_per_call))


def told(calls):
    return [(call.wave, [record.key.id for record in call.records]) for call in calls]


def test_first_steps_then_second_steps_then_counters():
    whole = change("u1", plain(), listed("$remove", 1), listed("$add", 2), counted())
    calls = calls_of([whole])
    assert [(call.number, call.wave) for call in calls] == [(1, 1), (2, 2), (3, 3)]
    names = [[op.attribute for op in call.records[0].operations] for call in calls]
    assert names == [["Plan", "Tags"], ["Tags"], ["Points"]]


def test_a_record_holds_either_counter_deltas_or_everything_else():
    for _, record in records_of(change("u1", plain(), counted(), counted("More"))):
        assert len({op.is_delta for op in record.operations}) == 1


def test_an_assigned_counter_travels_with_everything_else():
    assigned = Operation("Points", "counter", "set", 5, "unknown", after=5)
    ((wave, record),) = records_of(change("u1", plain(), assigned))
    assert (wave, record.is_delta) == (1, False)


def test_only_the_last_record_of_a_profile_says_that_none_follows():
    records = records_of(change("u1", plain(), listed("$add", 2), counted()))
    assert [record.last for _, record in records] == [False, False, True]
    ((_, single),) = records_of(change("u1", counted()))
    assert single.last


def test_a_release_makes_no_record():
    assert (
        calls_of([Change(ProfileKey("identity", "u1"), "release", released=("a",))])
        == []
    )


def test_calls_are_filled_in_order():
    changes = [change(f"u{n}", plain()) for n in range(5)]
    assert told(calls_of(changes, 2)) == [
        (1, ["u0", "u1"]),
        (1, ["u2", "u3"]),
        (1, ["u4"]),
    ]


def test_counter_calls_hold_nothing_else():
    changes = [change("u1", counted()), change("u2", plain()), change("u3", counted())]
    assert told(calls_of(changes)) == [(1, ["u2"]), (3, ["u1", "u3"])]
    assert [call.is_idempotent for call in calls_of(changes)] == [True, False]


@pytest.mark.parametrize(
    "twins", [("U1", "u1"), ("u1 ", "u1"), ("stra\u00dfe", "STRASSE"), ("e\u0301", "é")]
)
def test_identities_that_may_be_one_person_never_share_a_call(twins):
    changes = [change(key, plain()) for key in (twins[0], "other", twins[1])]
    assert [keys for _, keys in told(calls_of(changes))] == [
        [twins[0], "other"],
        [twins[1]],
    ]


def test_equal_ids_of_other_types_may_share_a_call():
    changes = [
        Change(ProfileKey(kind, "x"), "update", (plain(),))
        for kind in ("FBID", "identity")
    ]
    assert len(calls_of(changes)) == 1


def test_a_call_keeps_to_the_byte_budget():
    fat = Operation("Plan", "string", "set", "x" * 400_000, "unknown")
    calls = calls_of([change(f"u{n:02}", fat) for n in range(25)])
    sizes = [
        len(canonical([record.as_wire() for record in call.records])) for call in calls
    ]
    assert max(sizes) <= MAX_BODY_BYTES
    assert [len(call.records) for call in calls] == [9, 9, 7]


def filling(*lengths):
    """Give changes whose records have so many bytes."""
    frame = len(canonical(records_of(change("u0", named("")))[0][1].as_wire()))
    return [
        change(f"u{n}", named("x" * (length - frame)))
        for n, length in enumerate(lengths)
    ]


def named(text):
    return Operation("Plan", "string", "set", text, "unknown", after=text)


HALF = (MAX_BODY_BYTES - len('{"d":[]}')) // 2 - 1  # and a comma


@pytest.mark.parametrize(
    ("lengths", "calls"),
    [
        ((HALF, HALF), [2]),
        ((HALF, HALF + 1), [1, 1]),
        ((HALF - 1, HALF - 2, 1000), [2, 1]),
        ((HALF, HALF, HALF, HALF, HALF), [2, 2, 1]),
    ],
)
def test_a_call_is_filled_to_the_last_byte_by_whoever_counts(lengths, calls):
    changes = filling(*lengths)
    made = [record for each in changes for _, record in records_of(each)]
    assert [len(canonical(record.as_wire())) for record in made] == [*lengths]
    assert [len(call.records) for call in calls_of(changes)] == calls
    singly, together = CallCounter(100), CallCounter(100)
    keys = [folded_key(each.key) for each in changes]
    for key, length in zip(keys, lengths, strict=True):
        singly.add(key, length)
    together.add_many(keys, lengths)
    for counter in (singly, together):
        counter.flush()
        assert (counter.records, counter.calls) == (len(lengths), len(calls))


def test_more_records_than_a_call_holds_are_counted_together_as_one_by_one():
    count = 2 * MAX_RECORDS_PER_CALL + 5
    keys = [f"identity=u{n}" for n in range(count)]
    for before in (0, 1, MAX_RECORDS_PER_CALL):
        counter = CallCounter(300)  # of which four are needed for a full batch
        counter.add_many(keys[:before], [9] * before)
        counter.add_many(keys[before:], [9] * (count - before))
        counter.flush()
        assert (counter.records, counter.calls) == (count, 2 * 4 + 1)


def test_a_record_beyond_the_budget_travels_alone():
    huge = Operation("Plan", "string", "set", "x" * MAX_BODY_BYTES, "unknown")
    changes = [change("a", plain()), change("b", huge), change("c", plain())]
    assert [keys for _, keys in told(calls_of(changes))] == [["a"], ["b"], ["c"]]


OPERATIONS = st.lists(
    st.sampled_from(
        [
            plain(),
            plain("Team"),
            listed("$remove", 1),
            listed("$add", 2),
            counted(),
            counted("Spent", "$decr"),
        ]
    ),
    max_size=4,
    unique_by=lambda op: (op.attribute, op.step),
)
KEYS = st.text("aAbB é", min_size=1, max_size=2).filter(str.strip)
CHANGES = st.dictionaries(KEYS, OPERATIONS, max_size=12).map(
    lambda found: [change(key, *operations) for key, operations in found.items()]
)


@law
@given(changes=CHANGES, records_per_call=st.integers(1, 4))
def test_the_counter_counts_what_the_schedule_makes(changes, records_per_call):
    counters = {wave: CallCounter(records_per_call) for wave in WAVES}
    for each in changes:
        for wave, record in records_of(each):
            size = len(canonical(record.as_wire()))
            counters[wave].add(folded_key(each.key), size)
    calls = calls_of(changes, records_per_call)
    for wave, counter in counters.items():
        counter.flush()
        own = [call for call in calls if call.wave == wave]
        assert counter.records == sum(len(call.records) for call in own)
        assert counter.calls == len(own)


@law
@given(changes=CHANGES, records_per_call=st.integers(1, 4))
def test_every_operation_travels_once_in_its_wave(changes, records_per_call):
    calls = calls_of(changes, records_per_call)
    sent = [
        (record.key, op)
        for call in calls
        for record in call.records
        for op in record.operations
    ]
    planned = [(each.key, op) for each in changes for op in each.operations]
    assert sorted(map(repr, sent)) == sorted(map(repr, planned))
    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    assert [call.wave for call in calls] == sorted(call.wave for call in calls)
    for call in calls:
        folded = [fold_id(record.key.id) for record in call.records]
        assert len(folded) == len(set(folded)) <= records_per_call


@law
@given(operations=OPERATIONS)
def test_one_operator_an_attribute_a_record(operations):
    for _, record in records_of(change("u1", *operations)):
        names = [op.attribute for op in record.operations]
        assert len(names) == len(set(names))


CALLED = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            st.tuples(
                st.sampled_from([f"identity={n}" for n in range(9)]),
                st.none() | st.integers(1, 60),
            ),
            max_size=12,
        ),
    ),
    max_size=8,
)


def filled(runs, calls, sent_of, take):
    """Fill calls one by one, and by many at once; give both after each run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_RECORDS_PER_CALL", 4)
        patch.setattr(module, "MAX_BODY_BYTES", 100)
        singly, together = CallCounter(calls), CallCounter(calls)
        for is_run, records in runs:
            sent = sent_of(records)
            for each in sent:
                singly.add(*each)
            if is_run and records:
                take(together, records)
            else:
                for each in sent:
                    together.add(*each)
            yield singly, together
        for counter in (singly, together):
            counter.flush()
        yield singly, together


@law
@given(CALLED)
def test_records_taken_in_together_fill_calls_as_one_by_one(runs):
    def sent_of(records):
        return [(key, size) for key, size in records if size is not None]

    def take(counter, records):
        counter.add_many(*zip(*records, strict=True))

    for singly, together in filled(runs, 3, sent_of, take):
        assert together.__dict__ == singly.__dict__


IDS = st.lists(
    st.sampled_from([*"ABCabcdefghi"]), unique=True, min_size=4, max_size=12
).map(sorted)
SIZES = st.none() | st.integers(1, 60)
DECIDED = st.lists(
    st.tuples(st.booleans(), IDS.flatmap(lambda ids: st.tuples(*map(sized, ids)))),
    max_size=8,
)


def sized(identity):
    return st.tuples(st.just(identity), SIZES)


def in_columns(records):
    ids, sizes = zip(*records, strict=True)
    table = pa.table({"id": ids, "size": pa.array(sizes, pa.int64())})
    decision = RowDecision("", "", (), ("", ""))
    rows = RowColumns("t", (), (), (None, None))
    return records_in(DecidedRows("identity", rows, decision, table), "size")


@law
@given(DECIDED)
def test_records_of_decided_rows_fill_calls_as_one_by_one(runs):
    def sent_of(records):
        return [(f"identity={i.lower()}", n) for i, n in records if n is not None]

    def take(counter, records):
        counter.add_decided(in_columns(records))

    *_, (singly, together) = filled(runs, 3, sent_of, take)
    assert together.__dict__ == singly.__dict__


def test_of_records_that_fill_calls_by_themselves_no_key_is_made(monkeypatch):
    records = in_columns([(f"u{n:04}", 9) for n in range(2 * MAX_RECORDS_PER_CALL)])
    monkeypatch.setattr(DecidedRecords, "folded", lambda *_: 1 / 0)
    counter = CallCounter(300)
    counter.add_decided(records)
    assert (counter.records, counter.calls) == (2 * MAX_RECORDS_PER_CALL, 2 * 4)


@pytest.mark.parametrize(("last", "calls"), [(22, 1), (23, 2)])
def test_a_batch_of_decided_rows_is_filled_to_the_last_byte(monkeypatch, last, calls):
    monkeypatch.setattr(module, "MAX_RECORDS_PER_CALL", 4)
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 100)
    counter = CallCounter(4)
    counter.add_decided(in_columns([("a", 22), ("b", 22), ("c", 22), ("d", last)]))
    counter.flush()
    assert (counter.records, counter.calls) == (4, calls)


def test_decided_rows_fill_the_call_at_hand_and_no_more(monkeypatch):
    monkeypatch.setattr(module, "MAX_RECORDS_PER_CALL", 4)
    counter = CallCounter(3)  # of which two are needed for a full batch
    for identity in "abc":
        counter.add(f"identity={identity}", 9)
    counter.add_decided(in_columns([(identity, 9) for identity in "defgh"]))
    counter.flush()
    assert (counter.records, counter.calls) == (8, 4)
