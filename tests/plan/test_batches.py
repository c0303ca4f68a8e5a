"""Records made ready in a saved plan travel as they would have been made later."""

import tempfile
from contextlib import contextmanager

import pytest
from call_by_call import schedule
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change, EntryAfter
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document import schedule as limits
from ctsync.plan.document.batches import PlannedRecord, loads, placed, spans
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.plan.document.schedule import WAVES, records_of

law = settings(deadline=None, max_examples=60)
PLAIN = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
FIRST = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
SECOND = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
COUNT = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
ASSIGNED = Operation("Visits", "counter", "set", 5, "unknown", None, 5)


def change(name, *operations, kind="identity"):
    operations = tuple(sorted(operations, key=lambda op: (op.attribute, op.step)))
    action = "update" if operations else "release"
    released = () if operations else ("City",)
    return Change(
        ProfileKey(kind, name), action, operations, (), released, EntryAfter("f" * 32)
    )


@contextmanager
def planned(*changes, settles=True):
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the plan
    writer = PlanWriter(file, PlanHead(Account("A", "in1"), Base()))
    for each in sorted(changes, key=lambda change: change.key):
        writer.add_change(each)
        if settles:
            key = ProfileKey(each.key.type, f"{each.key.id}\0")
            writer.add_settled(key, EntryAfter())
    writer.close(PlanFoot())
    with SavedPlan(file, "this plan") as plan:
        yield plan


def cargos(plan, wave):
    everyone = range(plan.foot.places)
    return [load.records_slice() for load in plan.loads(wave, everyone)]


CHANGES = (
    change("a", PLAIN),
    change("b"),
    change("c", PLAIN, FIRST, SECOND, COUNT),
    change("d", COUNT),
    change('e"],"load":{"d":[]}}\n', PLAIN, ASSIGNED),
)


@pytest.fixture
def plan():
    with planned(*CHANGES) as made:
        yield made


@pytest.mark.parametrize(
    ("wave", "places", "keys"),
    [(1, [0, 1, 3], [0, 2, 4]), (2, [1], [2]), (3, [1, 2], [2, 3])],
)
def test_a_wave_finds_its_records_with_their_places(plan, wave, places, keys):
    (records_slice,) = cargos(plan, wave)
    assert list(records_slice.places) == places
    assert [record.key for record in records_slice] == [CHANGES[n].key for n in keys]


def test_a_record_knows_its_whole_change(plan):
    (records_slice,) = cargos(plan, 1)
    read = [records_slice.change(at) for at in range(len(records_slice))]
    assert read == [CHANGES[n] for n in (0, 2, 4)]


def test_a_plan_counts_who_is_sent_anything(plan):
    assert (plan.foot.places, plan.foot.survey.changes) == (4, 5)


def test_a_record_says_whether_another_follows(plan):
    (first,), (second,), (last,) = (cargos(plan, wave) for wave in WAVES)
    assert [first.follows(at) for at in range(3)] == [False, True, False]
    assert (first.is_last, first[:1].is_last, first[1:].is_last) == (False, True, False)
    assert (second.is_last, last.is_last) == (False, True)


def test_records_with_counters_are_known_as_such(plan):
    (first,), _, (last,) = (cargos(plan, wave) for wave in WAVES)
    assert (first.is_delta, last.is_delta) == (False, True)
    assert (first.counts, first[:2].counts, last.counts) == (True, False, True)


def test_of_changes_that_are_alike_a_record_says_the_same():
    """Most are read by a pattern, which no more than a key and a value goes into."""
    with planned(*(change(f"u{n:02}", PLAIN) for n in range(50))) as plan:
        (records_slice,) = cargos(plan, 1)
        assert len(records_slice) == 50
        assert all(not records_slice.follows(at) for at in range(50))
        assert (records_slice.is_last, records_slice.counts) == (True, False)


def test_parts_of_a_cargo_are_what_they_are_in_it(plan):
    (records_slice,) = cargos(plan, 1)
    odd = records_slice.only([0, 2])
    assert list(odd) == [records_slice[0], records_slice[2]]
    assert odd.places == (0, 3)
    assert parse(odd.body)["d"] == [record.as_wire() for record in odd]
    assert records_slice.numbers_without([odd]) == [1]
    (some,) = plan.loads(1, range(1, 3))
    assert list(some.records_slice()) == [records_slice[1]]
    assert list(some.records_slice().places) == [1]
    assert list(plan.loads(1, range(9, 12))) == []


@pytest.mark.parametrize("others", [(), (change("c", COUNT),)], ids=["none", "one"])
def test_what_sends_in_the_first_wave_alone_is_read_once(monkeypatch, others):
    some = (change("a", PLAIN), change("b", PLAIN), *others)
    with planned(*some, settles=False) as plan:
        assert [len(load) for load in cargos(plan, 1)] == [2]
        read = []
        pieces = plan.pieces
        monkeypatch.setattr(plan, "pieces", lambda: read.append(1) or pieces())
        assert [len(cargos(plan, wave)) for wave in WAVES] == [1, 0, len(others)]
        assert len(read) == (3 if others else 1)


def test_a_cargo_knows_the_folded_keys_that_no_other_in_flight_may_hold():
    with planned(change("A", PLAIN), change("b", PLAIN)) as plan:
        (records_slice,) = cargos(plan, 1)
        assert list(records_slice.folded) == ["identity=a", "identity=b"]
        assert list(records_slice[1:].folded) == ["identity=b"]
        assert list(records_slice.only([1]).folded) == ["identity=b"]


def test_what_a_journal_is_given_is_every_line_of_a_profile(plan):
    lines = [parse(line) for line in b"".join(plan.pieces()).splitlines()]
    kinds = [next(iter(line)) for line in lines]
    assert kinds == ["change", "settled"] * len(CHANGES)
    assert [line["does"][1:] for line in lines[::2]] == [[1], [], [1, 2, 3], [3], [1]]


def sized(*lengths):
    return [
        PlannedRecord(n, f"identity=u{n}", b"x" * length, b"")
        for n, length in enumerate(lengths)
    ]


@pytest.mark.parametrize(
    ("lengths", "together"),
    [
        ((30, 30, 29), [3]),  # with a comma behind each, and 8 bytes around them
        ((30, 30, 30), [2, 1]),
        ((45, 45, 89, 2), [2, 1, 1]),
        ((200, 1, 1), [1, 2]),
    ],
)
def test_records_that_share_a_call_are_few_enough_bytes(monkeypatch, lengths, together):
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 100)
    made = list(loads(sized(*lengths), 1))
    assert [len(load.records) for load in made] == together
    assert [record for load in made for record in load.records] == sized(*lengths)
    bodies = [load.records_slice().body for load in made if len(load.records) > 1]
    assert all(len(body) < 100 for body in bodies)


OPERATIONS = st.lists(
    st.sampled_from([PLAIN, FIRST, SECOND, COUNT, ASSIGNED]),
    max_size=4,
    unique_by=lambda op: (op.attribute, op.step),
)
KEYS = st.text("aAbB é", min_size=1, max_size=2).filter(str.strip)
MANY = st.dictionaries(KEYS, OPERATIONS, max_size=12).map(
    lambda found: [change(key, *found[key]) for key in sorted(found)]
)


@law
@given(changes=MANY, records_per_call=st.integers(1, 4))
def test_calls_from_a_plan_are_those_of_its_schedule(changes, records_per_call):
    with planned(*changes) as plan:
        sent = [
            (wave, call.body)
            for wave in WAVES
            for records_slice in cargos(plan, wave)
            for call in records_slice.calls(records_per_call)
        ]
    calls = schedule(changes, records_per_call=records_per_call)
    assert sent == [
        (call.wave, canonical({"d": [record.as_wire() for record in call.records]}))
        for call in calls
    ]


@law
@given(changes=MANY)
def test_a_record_that_is_read_is_the_one_that_was_written(changes):
    with planned(*changes) as plan:
        for wave in WAVES:
            read = [
                record
                for records_slice in cargos(plan, wave)
                for record in records_slice
            ]
            assert read == [
                record
                for each in changes
                for own, record in records_of(each)
                if own == wave
            ]


@given(st.sets(st.integers(0, 30)).map(sorted))
def test_places_survive_as_spans(places):
    assert list(placed(spans(places))) == places
    assert list(placed(spans(tuple(places)))) == places


def test_places_that_follow_each_other_are_one_span():
    assert spans([4, 5, 6, 9]) == [(4, 3), (9, 1)]
    assert spans(range(4, 7)) == [(4, 3)]
    assert spans(range(3, 3)) == []
    assert placed([(4, 3)]) == range(4, 7)
