"""A run is folded and its record is kept, as if one came after the other."""

from functools import partial
from threading import Thread, current_thread

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from memory_bucket import MemoryBucket
from msgspec import to_builtins

from ctsync.apply.folding import kept_fold
from ctsync.apply.folding.fold import fold_journal
from ctsync.apply.folding.history import GivenUp, keep_run
from ctsync.apply.folding.kept_fold import fold_kept
from ctsync.apply.folding.plain_profiles import SpelledRows
from ctsync.apply.folding.run_keeping import RunKeeping
from ctsync.apply.journal.journal_records import JournalHead, end_line
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.bucket_address import Address
from ctsync.canonical_json import canonical, fold_name
from ctsync.errors import StateError
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.plan.document.change_codec import change_line
from ctsync.state import open_store
from ctsync.state.base import Journal, Snapshot
from ctsync.state.journal_file import LineGroup, StoredLines
from ctsync.state.manifest import Compaction
from ctsync.state.object_store.store import ObjectStore
from ctsync.state.parquet_store import _Writing

ACCOUNT = Account("A", "in1")
HEAD = JournalHead("l", 1, ACCOUNT, "run", "0" * 64, "sha256:0", 1.0, None, "0")
COMPACTIONS = [Compaction(small_rows=0, share=share) for share in (0, 1)]
ALIKE = Compaction(small_rows=0, share=1)  # of changes that are told together


@pytest.fixture(autouse=True)
def few_are_worth_it(monkeypatch):
    monkeypatch.setattr(kept_fold, "WORTH_CHANGES", 1)


def entry(identifier, known, *rest):
    names = ("Home City", "Plan") if known else ()
    found = {fold_name(each): KnownValue(each, "string", known) for each in names}
    return Entry(ProfileKey("identity", identifier), found, ("table=rows",), *rest)


def change(identifier, value, action="update", names=("Plan",), **more):
    prior = ("unknown", None) if action == "create" else ("known", "Free")
    told = tuple(
        Operation(name, "string", "set", value, *prior, after=value) for name in names
    )
    origins = (Origin("a.csv", None, 3, table="rows"),)
    settled = EntryAfter("f" * 32, ("table=rows",))
    key = ProfileKey("identity", identifier)
    return Change(key, action, told, origins, settled=settled, **more)


def journal_of(groups, outcome="acknowledged"):
    """What a run left that made all of these changes; of the last one came this."""
    count = sum(map(len, groups))
    call = {"call": 1, "at": 0.0, "timeout_seconds": 60.0, "wave": 1}
    outcomes = [(count - 1, "acknowledged"), (1, outcome)]
    noted = [
        {"intent": {**call, "spans": [(0, count)]}},
        {"receipt": {"call": 1, "outcomes": [each for each in outcomes if each[0]]}},
        end_line(is_open=False),
    ]
    texts = [b"".join(map(change_line, group)) for group in groups]
    texts += [canonical(each) + b"\n" for each in noted]

    def lines():
        return StoredLines(LineGroup(text, 2, "journal") for text in texts)

    return Journal(to_builtins(HEAD), lines)


def begun(folder, entries=(), compaction=COMPACTIONS[0], location="state/"):
    store = open_store(location, folder=folder)
    store.compaction = compaction
    store.replace(Header("l", 1, ACCOUNT), iter(entries))
    return store


def fold(store, journal, keep=9):
    """Fold a journal, and give what the store has then."""
    before, replay = store.read(), JournalReplay(journal.lines())
    keeping = RunKeeping(partial(keep_run, store, before, journal, replay, keep=keep))
    folding = fold_journal(before.header, journal, replay)
    fold_kept(store, folding, journal, replay, keeping)
    return left_in(store)


def left_in(store):
    runs = [(run.record, [*run.changes()]) for run in store.runs()]
    return store.read().header, runs


values = st.sampled_from(["Gold", "Free"] * 9 + ['q"q'])
entries = st.none() | st.tuples(
    values | st.none(), st.just(()), st.none(), st.booleans()
)
both = [{"names": ("Home City", "Plan")}] * 9
odd = [{"released": ("City",)}, {"action": "create"}]
more = st.sampled_from([{}] * 9 + both + odd)
people = st.lists(st.tuples(entries, values, more), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(people, min_size=1, max_size=3),
    outcome=st.sampled_from(["acknowledged", "acknowledged", "unknown"]),
    compaction=st.sampled_from(COMPACTIONS),
)
@example([[(("Free", (), None, False), "Gold", {})] * 3] * 2, "acknowledged", ALIKE)
def test_state_and_record_are_those_of_one_after_the_other(
    tmp_path_factory, groups, outcome, compaction
):
    ids = iter(f"u{number:02}" for number in range(99))
    named = [[(next(ids), *each) for each in group] for group in groups]
    known = [entry(id_, *was) for group in named for id_, was, *_ in group if was]
    changes = [
        [change(id_, value, **more) for id_, _, value, more in group] for group in named
    ]
    journal, found, shared = journal_of(changes, outcome), [], []
    for worth in (1, 99):
        store = begun(tmp_path_factory.mktemp("state"), known, compaction)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kept_fold, "WORTH_CHANGES", worth)
            patch.setattr(SpelledRows, "over", noted(SpelledRows.over, shared))
            found.append(fold(store, journal))
    assert found[0] == found[1]
    event(f"{len(shared)} groups shared")
    if compaction is ALIKE:
        assert len(shared) == len(groups)


def noted(over, shared):
    """Note when entries are at hand for the record."""

    def found(rows, *args):
        beside = over(rows, *args)
        shared.append(beside)
        return beside

    return found


FREE = [entry(id_, "Free") for id_ in "abc"]
GOLD = [[change(id_, "Gold") for id_ in "ab"], [change("c", "Gold")]]


def test_each_group_is_told_of_by_what_came_of_its_own_changes(tmp_path):
    first, last = ([change(id_, "Gold") for id_ in ids] for ids in ("ab", "cd"))
    _, ((_, kept),) = fold(begun(tmp_path, FREE), journal_of([first, last], "unknown"))
    are_taken = [not line.keys().isdisjoint({"known_row", "new"}) for line in kept]
    assert are_taken == [True, True, True, False]


def test_every_change_of_a_group_is_told_of_although_one_is_odd(tmp_path):
    group = [change(id_, "Gold") for id_ in ("a", 'b"', "c")]
    _, ((_, kept),) = fold(begun(tmp_path, FREE), journal_of([group]))
    assert ["known_row" in line for line in kept] == [True, False, True]
    assert kept[1]["key"] == ["identity", 'b"']


class Full(StateError):
    def __init__(self):
        super().__init__("no room", code="state_unwritable")


def fails(*_, **__):
    raise Full


def test_the_record_lies_there_before_the_state_is_published(tmp_path, monkeypatch):
    store, publish, found = begun(tmp_path, FREE), _Writing.publish, []

    def noted(writing, manifest):
        found.extend(run.record["run"] for run in store.runs())
        return publish(writing, manifest)

    monkeypatch.setattr(_Writing, "publish", noted)
    fold(store, journal_of(GOLD))
    assert found == ["run"]


@pytest.mark.parametrize("compaction", COMPACTIONS)
def test_in_a_bucket_a_record_is_named_before_a_sheet_is_there(compaction, monkeypatch):
    """Who names it removes all that is named nowhere."""
    found = []
    for worth in (1, 99):
        monkeypatch.setattr(kept_fold, "WORTH_CHANGES", worth)
        store, seen = ObjectStore(Address("s3", "bucket", "crm")), []
        store._bucket = bucket = MemoryBucket()
        store.compaction = compaction
        store.replace(Header("l", 1, ACCOUNT), iter(FREE))
        before = {*bucket.names()}
        bucket.meanwhile = lambda b=bucket, seen=seen: seen.extend(b.names())
        found.append((fold(store, journal_of(GOLD)), [*store.read().entries()]))
        (run,) = {*seen} - before
        assert run.startswith("runs/")
    assert found[0] == found[1]


def test_no_state_is_published_whose_record_could_not_be_kept(tmp_path, monkeypatch):
    store = begun(tmp_path, FREE)
    before = left_in(store)
    monkeypatch.setattr(store, "append_run", fails)
    with pytest.raises(Full):
        fold(store, journal_of(GOLD))
    assert left_in(store) == before


def test_no_record_is_kept_of_what_could_not_be_folded(tmp_path, monkeypatch):
    """Whoever takes the run up keeps it."""
    store = begun(tmp_path, FREE)
    before = left_in(store)
    monkeypatch.setattr("ctsync.state.changed_tables.table_of_columns", fails)
    with pytest.raises(Full):
        fold(store, journal_of([[change(id_, "Gold") for id_ in "abc"]]))
    assert left_in(store) == before


def test_a_record_that_is_given_up_stands_nowhere(tmp_path):
    store, journal = begun(tmp_path, FREE), journal_of(GOLD)
    before, run = (
        left_in(store),
        (store.read(), journal, JournalReplay(journal.lines())),
    )
    with pytest.raises(GivenUp):
        keep_run(store, *run, keep=9, is_given_up=lambda: True)
    assert left_in(store) == before


def test_rows_are_kept_many_at_once_where_what_was_known_comes_so(
    tmp_path, monkeypatch
):
    """One by one they take several times as long."""
    store, lines = begun(tmp_path, FREE), begun(tmp_path, FREE, location="state.jsonl")
    counts = []

    def counted(record, changes, *, keep):
        counts.append((record["run"], len([*changes]), keep))

    monkeypatch.setattr(store, "append_run", counted)
    journal = journal_of([[change(id_, "Gold") for id_ in "abc"]])
    replay = JournalReplay(journal.lines())
    for before in (Snapshot(), store.read(), lines.read()):
        keep_run(store, before, journal, replay, keep=7, is_given_up=lambda: False)
    assert counts == [("run", 1, 7), ("run", 1, 7), ("run", 3, 7)]


def test_who_keeps_no_records_folds_all_the_same(tmp_path):
    many = [[change(f"a{n}{m}", "Gold") for m in range(3)] for n in range(9)]
    header, runs = fold(begun(tmp_path, FREE), journal_of(many), keep=0)
    assert (header.entries, runs) == (3 + 27, [])


def test_where_the_system_gives_no_thread_one_comes_after_the_other(
    tmp_path, monkeypatch
):
    found = fold(begun(tmp_path / "a", FREE), journal_of(GOLD))

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", start)
    assert fold(begun(tmp_path / "b", FREE), journal_of(GOLD)) == found


@pytest.mark.parametrize(
    ("location", "worth", "is_meanwhile"),
    [("state/", 3, True), ("state/", 4, False), ("state.jsonl", 1, False)],
)
def test_a_record_is_kept_meanwhile_where_there_are_many_changes_and_files(
    tmp_path, monkeypatch, location, worth, is_meanwhile
):
    monkeypatch.setattr(kept_fold, "WORTH_CHANGES", worth)
    store, names = begun(tmp_path, FREE, location=location), []
    append = store.append_run

    def noted_name(*args, **named):
        names.append(current_thread().name)
        append(*args, **named)

    monkeypatch.setattr(store, "append_run", noted_name)
    fold(store, journal_of(GOLD))
    assert [name != current_thread().name for name in names] == [is_meanwhile]
