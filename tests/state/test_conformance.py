"""What every store promises; see the manual in `ctsync/state/base.py`."""

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.errors import StateError, StateLocked
from ctsync.model.due_import import DueImport, ImportFile
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.model.snapshot import Account, LastPlan
from ctsync.state.base import Store
from ctsync.state.snapshot_codec import with_digest

FILE = ImportFile("a.csv", "a.manifest", (("City", "set", "string"),), 1, 9, "d")
DUE = DueImport(FILE, "run1", 1.7e9, 60.0, "boot1", 2.5, "intended", ("e",), "p")
HEAD = {"lineage": "lineage-1", "serial": 1, "run": "r1"}


def read(store: Store) -> list[Entry]:
    return list(store.read().entries())


# Snapshots


def test_a_new_state_has_no_snapshot_and_no_journal(store):
    snapshot = store.read()
    assert snapshot.header is None
    assert list(snapshot.entries()) == []
    assert store.read_unverified().header is None
    assert store.journal() is None


def test_looking_at_a_new_state_leaves_nothing_behind(bench):
    bench.open().read()
    bench.open().journal()
    assert bench.private_paths() == []


def test_what_was_written_is_read_by_another_process(bench, entry, header):
    entries = [entry("a", plan="Gold"), entry("b", plan="Free", tier="VIP")]
    written = bench.open().replace(header(), entries)
    snapshot = bench.open().read()
    assert snapshot.header == written
    assert list(snapshot.entries()) == entries


def test_the_header_counts_and_digests_the_entries(store, entry, header):
    entries = [entry("a"), entry("b")]
    written = store.replace(header(digest="wrong", entries=99), entries)
    assert written == with_digest(header(), entries)
    assert written.entries == 2


def test_equal_entries_have_equal_digests_however_they_were_made(bench, entry, header):
    first = bench.open().replace(header(), [entry("a", plan="Gold", tier="VIP")])
    again = bench.open().replace(header(), bench.open().read().entries())
    turned = bench.open().replace(header(), [entry("a", tier="VIP", plan="Gold")])
    assert first == again == turned


def test_every_part_of_the_header_is_kept(store, entry, header):
    account = Account("Ä-1", "us1", "http://127.0.0.1:8765")
    given_header = header(
        7, account=account, last_plan=LastPlan("abc", open=True), imports=(DUE,)
    )
    written = store.replace(given_header, [entry("a")])
    assert replace(written, digest="", entries=0) == given_header
    assert store.read().header == written


def test_a_header_is_kept_however_many_imports_it_remembers(store, entry, header):
    columns = tuple((f"Attribute {n:03d}", "set", "string") for n in range(200))
    wide = replace(DUE, file=replace(FILE, columns=columns))
    written = store.replace(header(imports=(wide,) * 30), [entry("a")])
    assert store.read().header == store.read_unverified().header == written
    assert read(store) == [entry("a")]


def test_no_entries_are_a_snapshot_too(store, header):
    store.replace(header(), [])
    assert store.read().header.entries == 0
    assert read(store) == []


def test_entries_can_be_read_twice_and_side_by_side(store, entry, header):
    entries = [entry(f"{number:04d}", plan="Gold") for number in range(3000)]
    store.replace(header(), entries)
    snapshot = store.read()
    assert [one for one, _ in zip(snapshot.entries(), snapshot.entries(), strict=True)]
    assert list(snapshot.entries()) == list(snapshot.entries()) == entries


def test_a_snapshot_in_hand_outlives_its_replacement(bench, entry, header):
    bench.open().replace(header(1), [entry("a", plan="Gold")])
    snapshot = bench.open().read()
    bench.open().replace(header(2), [entry("b")])
    assert list(snapshot.entries()) == [entry("a", plan="Gold")]
    assert read(bench.open()) == [entry("b")]


def test_a_snapshot_can_be_rewritten_from_itself(store, entry, header):
    store.replace(header(1), [entry("a", plan="Gold"), entry("b")])
    before = store.read()
    changed = (replace(e, fingerprint="f" * 32) for e in before.entries())
    after = store.replace(replace(before.header, serial=2), changed)
    assert after.serial == 2
    assert [e.fingerprint for e in store.read().entries()] == ["f" * 32] * 2
    assert [e.attributes for e in read(store)] == [
        e.attributes for e in before.entries()
    ]


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["a", "ä", "b"]])
def test_unsorted_or_repeated_entries_are_refused_and_change_nothing(
    store, entry, header, ids
):
    store.replace(header(1), [entry("kept")])
    with pytest.raises(ValueError, match=r"entry [23] comes"):
        store.replace(header(2), [entry(identity) for identity in ids])
    assert store.read().header.serial == 1
    assert read(store) == [entry("kept")]


def test_id_types_sort_before_ids(store, entry, header):
    entries = [entry("z", kind="FBID"), entry("y", kind="identity")]
    entries += [entry("\U0001f600", kind="identity"), entry("a", kind="objectId")]
    store.replace(header(), entries)
    assert read(store) == entries


def test_entries_that_end_in_an_error_change_nothing(bench, store, entry, header):
    def broken():
        yield entry("a")
        raise RuntimeError("source gave up")

    store.replace(header(1), [entry("kept")])
    files = set(bench.private_paths())
    with pytest.raises(RuntimeError, match="gave up"):
        store.replace(header(2), broken())
    assert read(store) == [entry("kept")]
    assert set(bench.private_paths()) == files


def test_a_leftover_of_a_killed_write_is_ignored_and_replaced(bench, entry, header):
    bench.open().replace(header(1), [entry("a")])
    files = bench.names()
    bench.leave_leftover()
    assert read(bench.open()) == [entry("a")]
    bench.open().replace(header(2), [entry("b")])
    assert read(bench.open()) == [entry("b")]
    assert bench.names() == files


texts = st.text(max_size=8)
lists = st.lists(texts, max_size=3).map(tuple)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
knowns = st.builds(
    KnownValue,
    name=texts,
    kind=texts,
    value=scalars,
    certain=st.booleans(),
    owned=st.booleans(),
    since=st.none() | texts,
    present=lists,
    maybe=lists,
    absent=lists,
    ours=lists,
    complete=st.booleans(),
)


def _on_its_way(known: KnownValue, due: DueValue) -> KnownValue:
    return replace(known, due=due)


on_their_way = st.builds(
    DueValue,
    file=texts,
    operation=st.builds(
        Operation,
        attribute=texts,
        kind=texts,
        operator=st.sampled_from(("set", "$add", "$remove", "$delete")),
        operand=scalars | lists,
        prior=st.sampled_from(("known", "unknown", "uncertain")),
        channel=st.just("sftp"),
    ),
    rows=st.integers(1, 100),
    before=st.none() | knowns,
    once=st.booleans(),
    forgets=st.booleans(),
)
entries_of_any_sort = st.lists(
    st.builds(
        Entry,
        key=st.builds(ProfileKey, st.sampled_from(ID_TYPES), texts),
        attributes=st.dictionaries(
            texts,
            knowns | st.builds(_on_its_way, knowns, on_their_way),
            max_size=3,
        ),
        cohorts=lists,
        once=lists,
        fingerprint=st.none() | texts,
        gone=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.key,
).map(lambda several: sorted(several, key=lambda one: one.key))


@settings(max_examples=60, deadline=None)
@given(entries=entries_of_any_sort)
def test_every_field_comes_back(bench_type, header, entries):
    with tempfile.TemporaryDirectory() as folder:
        store = bench_type(Path(folder)).open()
        written = store.replace(header(), entries)
        found = read(store)
        assert found == entries
        assert [_types(e) for e in found] == [_types(e) for e in entries]
        assert list(store.read_unverified().entries()) == entries
        assert store.read_unverified().header == written


def _types(one: Entry) -> dict[str, type]:
    return {name: type(known.value) for name, known in one.attributes.items()}


# Edits


@pytest.mark.parametrize(
    "harm",
    [
        lambda bench: bench.edit_entry("Gold", "Free"),
        lambda bench: bench.drop_last_entry(),
        lambda bench: bench.swap_entries(),
        lambda bench: bench.repeat_entry(),
        lambda bench: bench.edit_header(serial=2),
        lambda bench: bench.edit_header(seal="0" * 64),
        lambda bench: bench.edit_header(account=Account("other", "in1").as_json()),
    ],
    ids=["value", "lost", "swapped", "repeated", "serial", "seal", "account"],
)
def test_an_edit_is_named_with_what_to_do(bench, entry, header, harm):
    bench.open().replace(header(), [entry("a", plan="Gold"), entry("b")])
    harm(bench)
    with pytest.raises(StateError, match="was edited since") as caught:
        bench.open().read()
    assert bench.shown in caught.value.message
    assert "state doubt --all" in caught.value.hint
    assert caught.value.code == "state_edited"
    assert "Gold" not in caught.value.message


def test_an_edit_can_be_accepted(bench, entry, header):
    bench.open().replace(header(), [entry("a", plan="Gold"), entry("b")])
    bench.edit_entry("Gold", "Free")
    bench.swap_entries()
    snapshot = bench.open().read_unverified()
    expected = [entry("a", plan="Free"), entry("b")]
    assert list(snapshot.entries()) == expected
    assert snapshot.header == with_digest(header(), expected)
    bench.open().replace(snapshot.header, snapshot.entries())
    assert read(bench.open()) == expected


def test_an_edited_header_can_be_accepted(bench, entry, header):
    bench.open().replace(header(), [entry("a")])
    bench.edit_header(serial=9)
    assert bench.open().read_unverified().header.serial == 9


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"kind":"string"', '"kind":7'),
        ('"value":"Gold"', '"value":[1]'),
        ('"value":"Gold"', '"wealth":"Gold"'),
        ('"value":"Gold"', '"present":"Gold"'),
        ('"identity":"a"', '"person":"a"'),
        ('{"identity":"a"}', "{}"),
        ('"plan":{', '"plan":{{'),
    ],
)
def test_an_edit_that_is_no_entry_cannot_be_accepted(
    bench, entry, header, before, after
):
    bench.open().replace(header(), [entry("0"), entry("a", plan="Gold")])
    bench.edit_entry(before, after)
    with pytest.raises(StateError, match=r"(line 3|row 2) of .* is no entry") as caught:
        bench.open().read_unverified()
    assert "Gold" not in caught.value.message


def test_a_profile_twice_cannot_be_accepted(bench, entry, header):
    bench.open().replace(header(), [entry("a"), entry("b")])
    bench.repeat_entry()
    words = r"(line 4|row 3) of .* same profile as (line 2|row 1)$"
    with pytest.raises(StateError, match=words):
        bench.open().read_unverified()


def test_a_newer_format_is_refused_as_such(bench, entry, header):
    bench.open().replace(header(), [entry("a")])
    bench.make_newer()
    for look in (bench.open().read, bench.open().read_unverified):
        with pytest.raises(StateError, match="made by a newer ctsync") as caught:
            look()
        assert caught.value.code == "state_newer"


# Journals


def test_a_journal_gives_back_its_head_and_lines(bench):
    with bench.open().open_journal(HEAD) as writer:
        writer.append({"intent": 1}, sync=True)
        writer.append({"receipt": 1, "text": "ä\n\u2028"}, sync=False)
    journal = bench.open().journal()
    assert HEAD.items() <= journal.head.items()
    lines = [{"intent": 1}, {"receipt": 1, "text": "ä\n\u2028"}]
    assert list(journal.lines()) == list(journal.lines()) == lines


def test_a_journal_can_be_read_while_it_grows(bench):
    with bench.open().open_journal(HEAD) as writer:
        writer.append({"n": 1}, sync=True)
        journal = bench.open().journal()
        writer.append({"n": 2}, sync=True)
        assert list(journal.lines()) == [{"n": 1}]
        assert list(bench.open().journal().lines()) == [{"n": 1}, {"n": 2}]


def test_a_plan_comes_back_line_by_line_however_it_is_kept(bench):
    lines = [{"change": {"n": number}} for number in range(30_000)]
    text = b"".join(canonical(line) + b"\n" for line in lines)
    with bench.open().open_journal(HEAD) as writer:
        writer.append_plan([text[:-50_001], text[-50_001:]])
        writer.append({"end": True}, sync=True)
    assert list(bench.open().journal().lines()) == [*lines, {"end": True}]


def test_a_second_journal_is_refused_and_the_first_is_kept(bench):
    bench.open().open_journal(HEAD).close()
    with pytest.raises(StateError, match="is there already") as caught:
        bench.open().open_journal({**HEAD, "run": "r2"})
    assert caught.value.code == "journal_exists"
    assert bench.open().journal().head["run"] == "r1"


def test_a_discarded_journal_is_gone_and_makes_room(bench):
    bench.open().open_journal(HEAD).close()
    bench.open().discard_journal()
    bench.open().discard_journal()
    assert bench.open().journal() is None
    bench.open().open_journal({**HEAD, "run": "r2"}).close()
    assert bench.open().journal().head["run"] == "r2"


def test_a_closed_journal_takes_no_line(bench):
    writer = bench.open().open_journal(HEAD)
    writer.close()
    writer.close()
    with pytest.raises(StateError, match="it is closed"):
        writer.append({"n": 1}, sync=False)


def test_a_journal_cut_anywhere_keeps_its_whole_lines(bench):
    with bench.open().open_journal(HEAD) as writer:
        for number in range(3):
            writer.append({"n": number}, sync=False)
    whole = bench.journal_bytes()
    for length in range(len(whole), -1, -1):
        bench.cut_journal(length)
        newlines = whole[:length].count(b"\n")
        journal = bench.open().journal()
        if newlines == 0:
            assert journal is None
        else:
            assert len(list(journal.lines())) == newlines - 1


def test_a_journal_with_a_torn_head_makes_room_for_the_next(bench):
    bench.open().open_journal(HEAD).close()
    bench.cut_journal(5)
    bench.open().open_journal({**HEAD, "run": "r2"}).close()
    assert bench.open().journal().head["run"] == "r2"


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_line_that_ends_in_a_newline_was_not_torn(bench, number):
    _write_three(bench)
    bench.damage_journal_line(number)
    with pytest.raises(StateError, match=f"line {number} of .* is damaged") as caught:
        list(bench.open().journal().lines())
    assert caught.value.code == "journal_damaged"


def _write_three(bench) -> None:
    with bench.open().open_journal(HEAD) as writer:
        for number in range(3):
            writer.append({"n": number}, sync=False)


def test_a_newer_journal_is_refused_as_such(bench):
    bench.open().open_journal(HEAD).close()
    bench.make_journal_newer()
    with pytest.raises(StateError, match="made by a newer ctsync"):
        bench.open().journal()


def test_threads_may_append_at_the_same_time(bench):
    with bench.open().open_journal(HEAD) as writer:

        def append(thread: int) -> None:
            for number in range(50):
                writer.append({"t": thread, "n": number}, sync=number % 25 == 0)

        threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [(line["t"], line["n"]) for line in bench.open().journal().lines()]
    assert sorted(lines) == [(t, n) for t in range(8) for n in range(50)]
    assert [n for t, n in lines if t == 3] == list(range(50))


def test_a_large_journal_comes_back(bench):
    text = "x" * 3_000_000
    with bench.open().open_journal(HEAD) as writer:
        writer.append({"text": text}, sync=False)
        writer.append({"n": 1}, sync=False)
    assert list(bench.open().journal().lines()) == [{"text": text}, {"n": 1}]


# Runs


def run_of(number: int) -> dict[str, object]:
    return {"run": f"r{number}", "who": "änna"}


def test_a_new_state_has_no_runs(store):
    assert list(store.runs()) == []


def test_the_last_run_comes_first_with_what_it_changed(bench):
    for number in range(3):
        bench.open().append_run(run_of(number), [{"n": number}, {"ä": "\n"}], keep=9)
    found = list(bench.open().runs())
    assert [run.record for run in found] == [run_of(2), run_of(1), run_of(0)]
    assert (
        list(found[1].changes()) == list(found[1].changes()) == [{"n": 1}, {"ä": "\n"}]
    )


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_only_the_last_runs_are_kept(bench, keep):
    for number in range(4):
        bench.open().append_run(run_of(number), keep=keep)
    kept = [run.record for run in bench.open().runs()]
    assert kept == [run_of(3), run_of(2)][:keep]


def test_a_run_that_is_appended_again_takes_its_own_place(bench):
    bench.open().append_run(run_of(1), [{"n": 1}], keep=9)
    bench.open().append_run(run_of(2), [{"n": 1}, {"n": 2}], keep=9)
    bench.open().append_run({**run_of(2), "more": True}, [{"n": 3}], keep=9)
    last, first = bench.open().runs()
    assert (last.record["more"], first.record) == (True, run_of(1))
    assert list(last.changes()) == [{"n": 3}]


def test_changes_that_end_in_an_error_keep_the_runs_before(bench):
    def broken():
        yield {"n": 1}
        raise RuntimeError("source gave up")

    bench.open().append_run(run_of(1), keep=9)
    files = set(bench.private_paths())
    with pytest.raises(RuntimeError, match="gave up"):
        bench.open().append_run(run_of(2), broken(), keep=9)
    assert [run.record for run in bench.open().runs()] == [run_of(1)]
    assert set(bench.private_paths()) == files


def test_runs_are_read_while_later_ones_push_them_out(bench):
    for number in range(3):
        bench.open().append_run(run_of(number), keep=3)
    reading = bench.open().runs()
    assert next(reading).record == run_of(2)
    bench.open().append_run(run_of(3), keep=1)
    assert [run.record for run in reading] in ([], [run_of(1)], [run_of(1), run_of(0)])


def test_a_place_where_a_state_can_be_kept_has_no_faults(bench):
    assert bench.open().probe() == ()
    assert bench.private_paths() == []


# Locks

HOLD = """
import sys
from pathlib import Path
from ctsync.state import Holder, open_store
store = open_store(sys.argv[2], folder=Path(sys.argv[1]), name=sys.argv[3] or None)
store.term_seconds = 1.5  # where there is one
holder = Holder("bob", "laptop", 99, "ctsync refresh", "2030-01-01T00:00:00Z")
with store.lock(holder):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""


def test_another_process_is_named_while_it_holds_the_lock(bench, holder, python):
    with python(HOLD, *bench.words) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(StateLocked) as caught,
            bench.open().lock(holder, timeout_seconds=0.1),
        ):
            pass
        for word in ("bob@laptop", "99", "ctsync refresh", "2030-01-01T00:00:00Z"):
            assert word in caught.value.message
        assert bench.shown in caught.value.message
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "released\n"
        with bench.open().lock(holder):
            pass


def test_a_lock_dies_with_a_killed_holder(bench, holder, python):
    with python(HOLD, *bench.words) as other:
        assert other.stdout.readline() == "held\n"
        other.kill()
        other.wait()
        # A server may need a moment to see that nobody is there any more.
        with bench.open().lock(holder, timeout_seconds=30):
            _expect_locked_by(bench, holder, "anna@ci-7")


def test_waiting_outlasts_a_short_holder(bench, holder, python):
    with python(HOLD, *bench.words) as other:
        assert other.stdout.readline() == "held\n"
        release = threading.Timer(0.1, other.stdin.close)
        release.start()
        with bench.open().lock(holder, timeout_seconds=30):
            release.join()


def test_one_process_cannot_hold_a_state_twice(bench, holder):
    with bench.open().lock(holder):
        _expect_locked_by(bench, holder, "anna@ci-7, process 4711")
    with bench.open().lock(holder):
        pass


def test_who_gives_no_time_to_wait_is_refused_at_once(file_bench, holder, monkeypatch):
    with file_bench.open().lock(holder):
        monkeypatch.setattr("time.sleep", None)
        _expect_locked_by(file_bench, holder, "anna@ci-7")


def test_a_lock_may_be_let_go_by_another_thread(file_bench, holder):
    held = file_bench.open().lock(holder)
    held.__enter__()
    thread = threading.Thread(target=held.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    with file_bench.open().lock(holder):
        pass


def test_a_lock_is_released_when_its_work_fails(bench, holder):
    with pytest.raises(RuntimeError, match="work"), bench.open().lock(holder):
        raise RuntimeError("work failed")
    with bench.open().lock(holder):
        pass


def test_reading_needs_no_lock(bench, entry, header, holder):
    bench.open().replace(header(), [entry("a")])
    with bench.open().lock(holder):
        assert read(bench.open()) == [entry("a")]
        assert bench.open().journal() is None


def _expect_locked_by(bench, holder, who: str) -> None:
    with (
        pytest.raises(StateLocked, match=who),
        bench.open().lock(holder),
    ):
        pass


# Privacy and kills


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_only_the_owner_can_read_whatever_the_umask(
    file_bench, entry, header, holder, umask
):
    before = os.umask(umask)
    try:
        store = file_bench.open()
        with store.lock(holder), store.open_journal(HEAD):
            store.replace(header(), [entry("a")])
            store.append_run(run_of(1), keep=1)
            modes = {p.name: p.stat().st_mode for p in file_bench.private_paths()}
    finally:
        os.umask(before)
    assert {stat.S_IMODE(mode) for mode in modes.values()} <= {0o600}


KILL_AT_EVERY_CALL = """
import os, signal, sys
from itertools import count
from pathlib import Path
from ctsync.errors import StateError
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state import open_store

store = open_store(sys.argv[2], folder=Path(sys.argv[1]), name=sys.argv[3] or None)

def version(serial):
    header = Header("lineage-1", serial, Account("A", "in1"))
    return header, [Entry(ProfileKey("identity", f"{n}-{serial}")) for n in range(3)]

def write(serial):
    store.replace(*version(serial))
    store.discard_journal()
    with store.open_journal({"lineage": "lineage-1", "serial": serial}) as writer:
        writer.append({"n": serial}, sync=True)

def killed_at(call, serial):
    seen = 0
    def watch(frame, event, function):
        nonlocal seen
        if event == "c_call" and function.__module__ == "posix":
            seen += 1
            if seen == call:
                os.kill(os.getpid(), signal.SIGKILL)
    child = os.fork()
    if child == 0:
        sys.setprofile(watch)
        write(serial)
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status != 0

write(1)
kills, serial = 0, 1
for call in count(1):
    was_killed = killed_at(call, serial + 1)
    snapshot, journal = store.read(), store.journal()
    found = snapshot.header.serial
    assert found in (serial, serial + 1), (call, found, serial)
    assert list(snapshot.entries()) == version(found)[1], call
    if journal is not None:
        assert journal.head["serial"] <= found, call
        assert len(list(journal.lines())) <= 1
    serial = found
    if not was_killed:
        break
    kills += 1
print(kills)
"""


def test_a_kill_at_any_system_call_leaves_one_whole_version(file_bench, python):
    with python(KILL_AT_EVERY_CALL, *file_bench.words) as driver:
        kills = driver.stdout.read()
        assert driver.wait() == 0
    assert int(kills) > 10
