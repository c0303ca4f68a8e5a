"""How a run ends: what it waits for, what it says, and what a full disk makes of it."""

import threading

import pytest
from breaking import FULL, failing
from msgspec.structs import replace

from ctsync.apply.apply_settings import SilentObserver
from ctsync.apply.folding.history import past_runs
from ctsync.apply.journal.journal_writer import StoredRunJournal
from ctsync.model.masking import Mask
from ctsync.state.jsonl_store import JsonlStore


@pytest.fixture
def gold(world):
    """A world in which one value was sent, and what to want next."""
    world.bring({"u1": (world.string("Plan", "Free"), world.string("City", "Oslo"))})
    world.sends = {"u1": (world.string("Plan", "Gold"), world.string("City", "Oslo"))}
    world.releases = {"u1": (world.string("Plan", "Free"),)}
    return world


@pytest.mark.parametrize("error", [FULL, MemoryError()], ids=["disk", "memory"])
@pytest.mark.parametrize("where", ["end", "fold", "history"])
def test_what_was_sent_is_told_although_the_end_cannot_be_written(gold, where, error):
    """The call left, so the run is incomplete; what it was answered is not lost."""
    plan = gold.plan(gold.sends)
    result = gold.apply(plan, store=failing(gold, where, error))
    assert result.exit_code == 3
    assert result.counts["acknowledged"] == 1
    said = result.as_json(Mask())["error"]
    assert said["code"] == ("state_unwritable" if error is FULL else "out_of_memory")
    calls = gold.sandbox.platform.call_count
    gold.bring(gold.sends)
    assert gold.sandbox.platform.call_count == calls
    assert gold.entries()["u1"].attributes["plan"].value == "Gold"


@pytest.mark.parametrize("error", [FULL, MemoryError()], ids=["disk", "memory"])
@pytest.mark.parametrize("where", ["release", "end", "fold", "history"])
def test_a_release_that_cannot_be_written_is_an_error_and_leaves_the_state(
    gold, where, error
):
    plan, before = gold.plan(gold.releases), gold.store.read().header
    with pytest.raises(type(error)):
        gold.apply(plan, store=failing(gold, where, error))
    assert gold.store.read().header == before
    gold.bring(gold.releases)
    assert "city" not in gold.entries()["u1"].attributes


@pytest.mark.parametrize("is_far", [False, True])
def test_a_journal_is_far_where_lines_are_on_no_disk_of_this_machine(
    gold, monkeypatch, is_far
):
    """There a note takes as long as a call: so some are noted ahead."""
    made = []

    class Noted(StoredRunJournal):
        def __init__(self, *given, **more):
            super().__init__(*given, **more)
            made.append(self)

    monkeypatch.setattr("ctsync.apply.apply_run.StoredRunJournal", Noted)
    monkeypatch.setattr(JsonlStore, "keeps_unsynced", not is_far)
    gold.apply(gold.plan(gold.sends))
    assert [journal.is_far for journal in made] == [is_far]


class Watch(SilentObserver):
    def __init__(self):
        self.waited = []

    def waits(self, seconds, why):
        self.waited.append((seconds, why))


@pytest.mark.parametrize("passed", [0.0, 0.5, 1.75, 2.0, 2.5])
def test_a_counter_without_an_answer_is_waited_out_to_the_last_moment(gold, passed):
    """However little is left of its timeout; and whoever watches is told."""
    gold.bring({"u1": (gold.counter("Points", 5),)})
    gold.sandbox.script("lost")
    watch, slept = Watch(), len(gold.time.slept)

    class Slow:
        def __init__(self, inner):
            self.inner, self.close = inner, inner.close

        def upload(self, body, *, dry_run):
            answer = self.inner.upload(body, dry_run=dry_run)
            gold.time.now += passed
            return answer

    result = gold.apply(
        gold.plan({"u1": (gold.counter("Points", 8),)}),
        connect=lambda: Slow(gold.connect()),
        observer=watch,
    )
    rest = max(gold.terms.timeout_seconds - passed, 0.0)
    assert result.counts["unknown"] == 1
    assert sum(gold.time.slept[slept:]) == pytest.approx(rest)
    told = [seconds for seconds, why in watch.waited if "counters" in why]
    assert told == ([pytest.approx(rest)] if rest else [])
    assert result.seconds == pytest.approx(passed + rest)


def test_what_may_still_be_written_when_a_run_ends_is_remembered(gold):
    """A run that ends by itself while a call without an answer may land says so."""
    gold.terms = gold.short_calls(1, pace=gold.terms.pace.__class__(lost_retries=0))
    gold.sandbox.script("lost")
    result = gold.apply(gold.plan(gold.sends))
    assert result.counts["unknown"] == 1
    unanswered = gold.store.read().header.unanswered
    assert unanswered is not None
    assert unanswered.timeout_seconds == gold.terms.timeout_seconds


def test_a_run_says_how_long_it_took(gold):
    class Slow:
        def __init__(self, inner):
            self.inner, self.close = inner, inner.close

        def upload(self, body, *, dry_run):
            gold.time.now += 7.25125
            return self.inner.upload(body, dry_run=dry_run)

    result = gold.apply(gold.plan(gold.sends), connect=lambda: Slow(gold.connect()))
    assert result.seconds == pytest.approx(7.25125)
    assert next(gold.store.runs()).record["seconds"] == 7.251


def test_a_run_lets_its_threads_go(gold):
    before = set(threading.enumerate())
    gold.terms = gold.short_calls(1, concurrency=3)
    assert gold.apply_in_real_time(gold.plan(gold.sends)).exit_code == 0
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_what_is_sensitive_is_remembered_in_one_order(gold):
    """A set has none of its own: the same run would write other bytes elsewhere."""
    marks = frozenset(f"mark{n}" for n in range(40))
    terms = gold.short_calls(1, marks=marks, talks_to={"account": "A"})
    gold.apply(gold.plan(gold.sends), terms=terms)
    assert list(gold.store.read().header.marks) == sorted(marks)
    # Marks only go with an apply that agreed to it, to how many.
    few = replace(terms, marks=frozenset(sorted(marks)[:30]))
    for said, left in ((9, marks), (10, few.marks)):
        plan = gold.plan(gold.sends)
        plan.head = replace(plan.head, accepted={"reveal": said})
        gold.apply(plan, terms=few)
        assert list(gold.store.read().header.marks) == sorted(left)


def test_what_was_under_way_when_memory_ended_counts_as_the_journal_has_it(gold):
    """Calls that were noted and have no outcome are in doubt, not unsent."""

    class Greedy(SilentObserver):
        def progressed(self, counts, total):
            if counts["acknowledged"]:
                raise MemoryError

    wants = {f"u{n}": (gold.string("Plan", "Gold"),) for n in range(4)}
    gold.terms = gold.short_calls(1, concurrency=2)
    result = gold.apply_in_real_time(gold.plan(wants), observer=Greedy())
    assert (result.exit_code, result.error.code) == (3, "out_of_memory")
    assert result.counts["acknowledged"] == 1
    assert result.counts["unknown"] > 0
    kept = next(past_runs(gold.store)).record["counts"]
    assert {name: kept[name] for name in result.counts} == result.counts
