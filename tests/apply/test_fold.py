"""Folding is per record: what others did, or did not, changes nothing for a profile."""

from itertools import groupby
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from ctsync.apply.folding.fold import edit_runs, fold_edits, fold_journal
from ctsync.apply.folding.replayed_effects import effect_runs, replayed_effects
from ctsync.apply.folding.state_effects import EntryWrite, UncertainRecord
from ctsync.apply.journal.journal_records import (
    CallIntent,
    JournalHead,
    end_line,
    intent_line,
    left_line,
    receipt_line,
    release_line,
)
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.model.snapshot import Account, Header, Unanswered
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.state.base import Journal
from ctsync.state.entry_edits import changed_entry

LAW = settings(max_examples=30, deadline=None)

names = st.sampled_from(["plan", "tier", "tags"])
keys = st.builds(
    ProfileKey, st.sampled_from(["identity", "objectId"]), st.sampled_from("abcé")
)
words = st.lists(st.sampled_from(["vip", "new"]), max_size=2, unique=True).map(
    lambda found: tuple(sorted(found))
)
states = st.builds(
    KnownValue,
    names,
    st.just("string"),
    st.sampled_from(["x", "y", None]),
    certain=st.booleans(),
    owned=st.booleans(),
)
attributes = st.dictionaries(names, states, max_size=2)
settled = st.builds(EntryAfter, st.none() | st.just("mark"), words, words)
effects = st.builds(
    EntryWrite,
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


def fold_entries(before, effects):
    return changed_entry(before, fold_edits(effects))


def folded(before, journal):
    by_key = groupby(sorted(journal, key=itemgetter(0)), key=itemgetter(0))
    effects = ((key, [effect for _, effect in group]) for key, group in by_key)
    return list(fold_entries(before, effects))


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
@given(entries, keys, settled)
def test_what_was_not_sent_makes_no_entry(before, key, mark):
    after = folded(before, [(key, EntryWrite(settled=mark, is_sent=False))])
    assert [entry.key for entry in after] == [entry.key for entry in before]


KEY, OTHER = ProfileKey("identity", "u1"), ProfileKey("identity", "u2")
GOLD = Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold")
ADDED = Operation("Tags", "list", "$add", ("b",), "known", (), ("b",), 2)
MOVED = Operation("Points", "counter", "$incr", 5, "known", 1, 6)
DOUBT = UncertainRecord((GOLD,), ("vip",), "run")
AFTER = KnownValue("Plan", "string", "Gold", owned=True)
SENT = CallIntent(1, 1000.0, 60.0)
ACK, REJ, UNK, UNSENT = (
    Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_SENT,
)  # fmt: skip


def change(key, *operations, **more):
    settled = EntryAfter("mark", ("vip",))
    return Change(key, "update", operations, settled=settled, **more)


CHANGES = (
    change(KEY, GOLD),
    Change(ProfileKey("identity", "u1a"), "release", released=("City",)),
    change(OTHER, GOLD),
)


def enclosed(*changes):
    return [parse(change_line(each)) for each in changes]


@pytest.fixture
def intent(cargo_of):
    records_slice = cargo_of(*CHANGES)
    return lambda sent=SENT: intent_line(sent, records_slice)


def receipt(*outcomes, call=1):
    verdicts = [
        RecordOutcome(o, 516, "no") if o is REJ else RecordOutcome(o) for o in outcomes
    ]
    return receipt_line(call, verdicts)


def known_after(*lines, changes=CHANGES, before=()):
    lines = [*enclosed(*changes), *lines]
    effects = replayed_effects(JournalReplay(lines), lines, "run")
    return {e.key: dict(e.attributes) for e in fold_entries(before, effects)}


def is_in_doubt(known):
    return not known.certain and known.since == "run"


def test_an_intent_without_a_receipt_is_an_unknown_outcome(intent):
    after = known_after(intent())
    assert [is_in_doubt(after[key]["plan"]) for key in (KEY, OTHER)] == [True, True]


def test_each_record_takes_the_effect_of_its_own_outcome(intent):
    after = known_after(intent(), receipt(ACK, UNK))
    assert after[KEY] == {"plan": AFTER}
    assert is_in_doubt(after[OTHER]["plan"])


def test_what_was_rejected_or_not_sent_does_nothing(intent):
    lines = intent(), receipt(REJ, UNSENT)
    assert known_after(*lines) == {}
    assert not JournalReplay([*enclosed(*CHANGES), *lines]).does_anything


def without(line, *path):
    """Give a line without something that belongs there."""
    *way, last = path
    copy = parse(canonical(line))
    inner = copy
    for step in way:
        inner = inner[step]
    del inner[last]
    return copy


def with_value(line, value, *path):
    *way, last = path
    copy = parse(canonical(line))
    inner = copy
    for step in way:
        inner = inner[step]
    inner[last] = value
    return copy


def test_lines_that_no_run_writes_are_damage(intent):
    sent, came, end = intent(), receipt(ACK, ACK), end_line(is_open=False)
    bad = {
        "a receipt without its intent": [came],
        "a call that leaves twice": [sent, sent],
        "a receipt that comes twice": [sent, came, came],
        "one that left without an intent": [left_line(1, 5.0)],
        "an unknown kind": [sent, {"surprise": 1}],
        "no kind": [{}],
        "lines after the end": [sent, came, end, sent],
        "a wave that does not exist": [with_value(sent, 4, "intent", "wave")],
        "no spans": [without(sent, "intent", "spans")],
        "spans of nothing": [with_value(sent, [[0, 0]], "intent", "spans")],
        "places beyond the plan": [with_value(sent, [[0, 3]], "intent", "spans")],
        "places below it": [with_value(sent, [[-1, 1]], "intent", "spans")],
        "a place twice": [with_value(sent, [[0, 2], [1, 1]], "intent", "spans")],
        "a time that is none": [with_value(sent, "soon", "intent", "at")],
        "a wait for ever": [with_value(sent, 3_601, "intent", "timeout_seconds")],
        "too few outcomes": [sent, receipt(ACK)],
        "too many outcomes": [sent, receipt(ACK, ACK, ACK)],
        "no such outcome": [
            sent,
            with_value(came, [[2, "maybe"]], "receipt", "outcomes"),
        ],
        "outcomes that are none": [sent, with_value(came, 5, "receipt", "outcomes")],
        "an end that says nothing": [{"end": {}}],
    }
    for what, lines in bad.items():
        with pytest.raises(StateError) as refused:
            JournalReplay([*enclosed(*CHANGES), *lines])
        assert refused.value.code == "journal_damaged", what
        assert "state doubt --all" in refused.value.hint


def test_a_change_that_cannot_be_read_is_damage_where_it_is_folded(intent):
    lines = [*enclosed(*CHANGES), intent()]
    replay = JournalReplay(lines)
    lines[2] = without(lines[2], "change", 1)
    with pytest.raises(StateError) as refused:
        list(replayed_effects(replay, lines, "run"))
    assert refused.value.code == "journal_damaged"


@pytest.mark.parametrize("order", [(2, 0), (0, 0)])
def test_changes_that_do_not_come_by_key_are_damage_where_they_are_folded(
    intent, order
):
    """No store would take them, and no run wrote them so."""
    lines = [*enclosed(*[CHANGES[at] for at in order]), intent()]
    runs = effect_runs(JournalReplay(lines), lines, "run")
    with pytest.raises(StateError, match="not by key") as refused:
        [key for run in edit_runs(runs) for key, _ in run]
    assert refused.value.code == "journal_damaged"


def test_a_later_call_speaks_last(intent):
    again = CallIntent(2, 1001.0, 60.0)
    lines = intent(), receipt(UNK, UNK), intent(again), receipt(ACK, REJ, call=2)
    after = known_after(*lines)
    assert after[KEY] == {"plan": AFTER}
    assert is_in_doubt(after[OTHER]["plan"])


def test_each_wave_has_outcomes_of_its_own(cargo_of):
    whole = change(KEY, GOLD, MOVED, ADDED)
    waves = [cargo_of(whole, wave=wave) for wave in (1, 2, 3)]
    lines = [
        line
        for call, (records_slice, outcome) in enumerate(
            zip(waves, (ACK, UNK, UNSENT), strict=True)
        )
        for line in (
            intent_line(CallIntent(call, 0.0, 60.0), records_slice),
            receipt(outcome, call=call),
        )
    ]
    before = [
        Entry(KEY, {"points": KnownValue("Points", "counter", 1)}, fingerprint="before")
    ]
    after = known_after(*lines, changes=[whole], before=before)[KEY]
    assert after["plan"] == AFTER
    assert after["tags"].maybe == ("b",)
    assert after["points"] == KnownValue("Points", "counter", 1)


def test_releases_are_forgotten_only_where_the_journal_says_so(intent):
    key = ProfileKey("identity", "u1a")
    before = [Entry(key, {"city": KnownValue("City", "string", "Oslo")})]
    lines = intent(), receipt(ACK, ACK)
    assert known_after(*lines, before=before)[key] != {}
    assert known_after(*lines, release_line(), before=before)[key] == {}


def test_what_an_entry_with_nothing_to_do_gets_is_no_reason_to_fold():
    note = parse(settled_line(KEY, EntryAfter("f")))
    replay = JournalReplay([note])
    assert not replay.does_anything
    (entry,) = fold_entries([Entry(KEY)], replayed_effects(replay, [note], "run"))
    assert entry.fingerprint == "f"


def test_a_doubt_folds_to_both_values_and_names_its_run():
    before = Entry(KEY, {"plan": KnownValue("Plan", "string", "Free")}, fingerprint="f")
    (entry,) = fold_entries([before], [(KEY, (DOUBT,))])
    known = KnownValue(
        "Plan", "string", "Free",
        certain=False, owned=True, since="run", maybe=("Free", "Gold"),
    )  # fmt: skip
    assert entry == Entry(KEY, {"plan": known}, ("vip",))


def test_a_doubt_of_what_is_there_anyway_is_none():
    """Whether `b` was added once more or not, it is there and nothing else."""
    known = KnownValue("Tags", "list", owned=True, present=("b",))
    (after,) = (
        UncertainRecord((ADDED,), (), "run")
        .effect_on({"tags": known})
        .attributes.values()
    )
    assert after == known


def test_a_doubt_that_comes_twice_is_the_same_doubt():
    before = Entry(KEY, {"plan": KnownValue("Plan", "string", "Free")})
    once = list(fold_entries([before], [(KEY, (DOUBT,))]))
    assert list(fold_entries([before], [(KEY, (DOUBT, DOUBT))])) == once


def test_a_run_that_did_not_end_left_everything_open(intent):
    lines = [*enclosed(*CHANGES), intent()]
    assert JournalReplay(lines).is_open
    assert JournalReplay([*lines, end_line(is_open=True)]).is_open
    assert not JournalReplay([*lines, end_line(is_open=False)]).is_open


def test_only_a_call_without_an_answer_may_still_be_written(intent):
    def unanswered(*lines):
        return JournalReplay([*enclosed(*CHANGES), *lines]).unanswered

    lost = receipt_line(1, (RecordOutcome(UNK), RecordOutcome(UNK)), is_answered=False)
    assert unanswered(intent()) == SENT
    assert unanswered(intent(), left_line(1, 1007.0)) == CallIntent(1, 1007.0, 60.0)
    assert unanswered(intent(), lost) == SENT
    assert unanswered(intent(), receipt(ACK, UNK)) is None
    assert unanswered(intent(), lost, end_line(is_open=True)) is None
    assert unanswered(intent(), lost, end_line(is_open=True, may_land=True)) == SENT
    later = CallIntent(2, 1001.0, 60.0)
    assert unanswered(intent(), lost, intent(later)) == later
    assert unanswered(intent(later), intent(), left_line(1, 1000.5)) == later


BEGUN = Header("l" * 32, 3, Account("A", "in1"), unanswered=Unanswered("b0", 5.0, 9.0))
HEAD = JournalHead(
    BEGUN.lineage, 3, BEGUN.account, "run7", "plan", "digest", 0.0, "b1", "1.0"
)


def test_a_header_remembers_the_call_that_may_still_be_written(intent):
    """Who sends has waited for those before; who sends nothing has not."""

    def unanswered(*lines, begun=BEGUN):
        head = parse(canonical(to_builtins(HEAD)))
        whole = [*enclosed(*CHANGES), *lines]
        journal = Journal(head, lambda: iter(whole))
        folding = fold_journal(begun, journal, JournalReplay(whole))
        return folding.header.unanswered

    assert unanswered(intent()) == Unanswered("b1", SENT.at, SENT.timeout_seconds)
    assert unanswered(intent(), receipt(ACK, ACK)) is None
    assert unanswered(release_line()) == BEGUN.unanswered
    assert unanswered(release_line(), begun=None) is None


def test_a_header_names_what_wrote_it_last():
    lines = [*enclosed(*CHANGES), release_line()]
    head = parse(canonical(to_builtins(HEAD)))
    begun = replace(BEGUN, tool_version="0.9")
    journal = Journal(head, lambda: iter(lines))
    folding = fold_journal(begun, journal, JournalReplay(lines))
    assert (folding.header.tool_version, folding.header.serial) == ("1.0", 4)


def test_what_was_written_once_stays_marked_when_more_is():
    before = Entry(KEY, {"plan": AFTER}, once=("plan",))
    write = EntryWrite({"tier": AFTER}, once=("tier",))
    assert write.fold_into(before, Entry(KEY)).once == ("plan", "tier")
