"""Folding is per record: what others did, or did not, changes nothing for a profile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.apply.effect import Doubt, Effect, effect_from_json
from ctsync.apply.fold import fold_entries
from ctsync.apply.journal import (
    Ending,
    Sent,
    effects_in,
    end_line,
    intent_line,
    last_doubtful_delta,
    receipt_line,
)
from ctsync.apply.sorting import EffectsByKey
from ctsync.errors import StateError
from ctsync.model.change import Settled
from ctsync.model.entry import Entry, Known
from ctsync.model.key import Key
from ctsync.model.operation import Operation
from ctsync.model.record import Outcome, Verdict

LAW = settings(max_examples=30, deadline=None)

names = st.sampled_from(["plan", "tier", "tags"])
keys = st.builds(
    Key, st.sampled_from(["identity", "objectId"]), st.sampled_from("abcé")
)
words = st.lists(st.sampled_from(["vip", "new"]), max_size=2, unique=True).map(
    lambda found: tuple(sorted(found))
)
states = st.builds(
    Known,
    names,
    st.just("string"),
    st.sampled_from(["x", "y", None]),
    certain=st.booleans(),
    owned=st.booleans(),
)
attributes = st.dictionaries(names, states, max_size=2)
settled = st.builds(Settled, st.none() | st.just("mark"), words, words)
effects = st.builds(
    Effect,
    attributes,
    words,
    words,
    st.none() | settled,
    st.booleans(),
)
entries = st.lists(
    st.builds(
        Entry, keys, attributes, words, words, st.none() | st.just("f"), st.booleans()
    ),
    unique_by=lambda entry: entry.key,
).map(lambda found: sorted(found, key=lambda entry: entry.key))
journals = st.lists(st.tuples(keys, effects), max_size=10)


def folded(before, journal):
    rows = EffectsByKey((key, effect.as_json()) for key, effect in journal)
    return list(fold_entries(before, rows))


@LAW
@given(entries, journals)
def test_a_profile_folds_alone_as_it_does_among_others(before, journal):
    whole = {entry.key: entry for entry in folded(before, journal)}
    for key in {key for key, _ in journal} | {entry.key for entry in before}:
        alone = folded(
            [entry for entry in before if entry.key == key],
            [row for row in journal if row[0] == key],
        )
        assert alone == ([whole[key]] if key in whole else [])


@LAW
@given(entries, journals)
def test_entries_stay_sorted_and_those_untouched_stay_as_they_are(before, journal):
    after = folded(before, journal)
    assert [entry.key for entry in after] == sorted({entry.key for entry in after})
    touched = {key for key, _ in journal}
    untouched = [entry for entry in before if entry.key not in touched]
    assert [entry for entry in after if entry.key not in touched] == untouched


@LAW
@given(entries, journals, journals)
def test_folding_in_two_parts_is_folding_at_once(before, first, second):
    assert folded(folded(before, first), second) == folded(before, first + second)


@LAW
@given(entries, keys, effects)
def test_a_fingerprint_outlives_no_write_that_does_not_settle(before, key, effect):
    for entry in folded(before, [(key, effect)]):
        if entry.key == key:
            expected = effect.settled.fingerprint if effect.settled else None
            assert entry.fingerprint == expected


@LAW
@given(effects)
def test_an_effect_survives_the_journal(effect):
    assert effect_from_json(effect.as_json()) == effect


@LAW
@given(entries, keys, settled)
def test_what_was_not_sent_makes_no_entry(before, key, mark):
    after = folded(before, [(key, Effect(settled=mark, is_sent=False))])
    assert [entry.key for entry in after] == [entry.key for entry in before]


KEY = Key("identity", "u1")
OTHER = Key("identity", "u2")
DOUBT = Doubt(
    (Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold"),),
    ("vip",),
    "run",
)
AFTER = Effect({"plan": Known("Plan", "string", "Gold", owned=True)}, ("vip",))
SENT = Sent(1, 1000.0, 60.0, has_counters=True)


def effects_of(*lines):
    return [(key, effect_from_json(data)) for key, data in effects_in(lines)]


def intent(sent=SENT):
    return intent_line(sent, "run", [(KEY, DOUBT), (OTHER, DOUBT)])


def receipt(first, second):
    def of(key, outcome):
        is_taken = outcome is Outcome.ACKNOWLEDGED
        return key, Verdict(outcome, 516, "no"), AFTER if is_taken else None

    return receipt_line(1, [of(KEY, first), of(OTHER, second)])


def test_an_intent_without_a_receipt_is_an_unknown_outcome():
    assert effects_of(intent()) == [(KEY, DOUBT), (OTHER, DOUBT)]


def test_each_record_takes_the_effect_of_its_own_outcome():
    lines = intent(), receipt(Outcome.ACKNOWLEDGED, Outcome.UNKNOWN)
    assert effects_of(*lines) == [(KEY, AFTER), (OTHER, DOUBT)]


def test_what_was_rejected_or_not_sent_does_nothing():
    assert effects_of(intent(), receipt(Outcome.REJECTED, Outcome.NOT_SENT)) == []


def test_a_receipt_without_its_intent_is_damage():
    with pytest.raises(StateError, match="receipt of call 1"):
        effects_of(receipt(Outcome.REJECTED, Outcome.REJECTED))


def test_a_later_call_speaks_last():
    again = Sent(2, 1001.0, 60.0, has_counters=False)
    heard = {"receipt": {**receipt(*[Outcome.ACKNOWLEDGED] * 2)["receipt"], "call": 2}}
    lines = intent(), receipt(*[Outcome.UNKNOWN] * 2), intent(again), heard
    rows = EffectsByKey(effects_in(lines))
    first, second = fold_entries([], rows)
    assert first.attributes == second.attributes == AFTER.attributes


def test_a_doubt_folds_to_both_values_and_names_its_run():
    before = Entry(KEY, {"plan": Known("Plan", "string", "Free")}, fingerprint="f")
    (entry,) = fold_entries([before], [(KEY, (DOUBT,))])
    known = Known(
        "Plan", "string", "Free",
        certain=False, owned=True, since="run", maybe=("Free", "Gold"),
    )  # fmt: skip
    assert entry == Entry(KEY, {"plan": known}, ("vip",))


def test_a_doubt_that_comes_twice_is_the_same_doubt():
    before = Entry(KEY, {"plan": Known("Plan", "string", "Free")})
    once = list(fold_entries([before], [(KEY, (DOUBT,))]))
    assert list(fold_entries([before], [(KEY, (DOUBT, DOUBT))])) == once


def test_a_run_that_did_not_end_left_everything_open():
    def is_open(*lines):
        ending = Ending()
        assert list(ending.watch(lines)) == list(lines)
        return ending.is_open

    assert is_open(intent())
    assert is_open(intent(), end_line(is_open=True))
    assert not is_open(intent(), end_line(is_open=False))


def test_only_a_counter_call_of_unknown_outcome_is_waited_for():
    assert last_doubtful_delta([intent()]) == SENT
    unknown = receipt(Outcome.ACKNOWLEDGED, Outcome.UNKNOWN)
    assert last_doubtful_delta([intent(), unknown]) == SENT
    known = receipt(Outcome.ACKNOWLEDGED, Outcome.REJECTED)
    assert last_doubtful_delta([intent(), known]) is None
    assert last_doubtful_delta([intent(), end_line(is_open=True)]) is None
    plain = Sent(1, 1000.0, 60.0, has_counters=False)
    assert last_doubtful_delta([intent(plain)]) is None
