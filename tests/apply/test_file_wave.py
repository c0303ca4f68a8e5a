"""What travels in files: put once, never twice, and nothing counts on it before."""

import stat
from collections import Counter
from contextlib import suppress
from itertools import count

import pytest
from breaking import Crash, FrailStore, Fuse
from far_folder import LOST, FarFolder
from msgspec.structs import replace

from ctsync.apply.folding.history import past_runs
from ctsync.apply.recover import folded_view, recover
from ctsync.model.policy import ChannelTerms
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.route_bulk import by_its_size

ALL_BY_FILE = ChannelTerms(bulk_over=0, bulk_by="sftp")


@pytest.fixture
def far(tmp_path):
    return FarFolder(tmp_path)


def by_file(world, wants):
    """Plan, and let all go in files that can."""
    return by_its_size(world.plan(wants), ALL_BY_FILE, scratch_file)


def people(world, plan="Gold", tags=("a", "b")):
    return {
        f"u{n}": (world.string("Plan", plan), world.values("Tags", *tags))
        for n in range(3)
    }


def test_a_file_that_was_put_is_no_acknowledgement(world, far):
    done = world.apply(by_file(world, people(world)), files=far.terms)
    assert done.counts == {
        "acknowledged": 0, "sent": 3, "rejected": 0, "unknown": 0, "not_sent": 0,
    }  # fmt: skip
    assert (done.exit_code, done.retryable, done.calls) == (3, False, 0)
    assert done.next == "ctsync receipts FILE"
    assert [*done.put] == far.begun
    known = world.entries()["u1"].attributes["plan"]
    assert (known.certain, known.value, known.maybe) == (False, None, ("Gold",))
    assert (known.due.file, known.due.before) == (far.begun[0], None)
    assert known.since == done.run


def test_the_state_says_of_which_files_the_platform_may_still_tell(world, far):
    done = world.apply(by_file(world, people(world)), files=far.terms)
    (due,) = world.store.read().header.imports
    assert (due.run, due.standing, due.at) == (done.run, "put", world.time.wall)
    assert due.until == world.time.wall + 4 * 3600
    assert due.file.rows == 6  # a row for each value of the list
    data = far.files[due.file.name]
    assert due.file.size == len(data)
    assert due.file.columns == (("Plan", "set", "string"), ("Tags", "$add", "list"))


def test_names_carry_plan_and_run(world, far):
    world.ids = (f"{number:032x}"[::-1] for number in count(1))
    plan = by_file(world, people(world))
    done = world.apply(plan, files=far.terms)
    digest = plan.foot.digest.removeprefix("sha256:")[:12]
    assert far.begun == [f"ctsync-sftp-{digest}-{done.run[:8]}-1-00001.csv"]


def test_files_lie_in_a_private_place_until_they_are_in_effect(world, far):
    folder, seen = far.terms.folder, []

    def look(step):
        paths = (folder, *folder.rglob("*"))
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in paths)

    far.before = look
    world.apply(by_file(world, people(world)), files=far.terms)
    assert Counter(seen).keys() == {0o700, 0o600}
    assert list(folder.iterdir()) == []


def test_the_same_plan_again_puts_nothing_while_a_report_is_due(world, far):
    plan = by_file(world, people(world))
    world.apply(plan, files=far.terms)
    before = world.store.read().header
    again = world.apply(plan, files=far.terms)
    assert again.counts["sent"] == 3
    assert (again.exit_code, again.put) == (3, ())
    assert len(far.begun) == 1
    assert world.store.read().header == before


def test_after_the_wait_the_same_plan_assigns_what_is_not_known(world, far):
    plan = by_file(world, people(world))
    world.apply(plan, files=far.terms)
    world.time.now += 4 * 3600 + 1
    done = world.apply(plan, files=far.terms)
    assert done.counts["sent"] == 3
    assert len(far.begun) == 2
    assert len(set(far.begun)) == 2
    assert world.entries()["u1"].attributes["plan"].due.file == far.begun[1]


def test_a_profile_goes_in_a_file_only_where_its_calls_were_taken(world, far):
    wants = {
        "u1": (world.counter("Points", 5), world.string("City", None)),
        "u2": (world.counter("Points", 5), world.string("City", None)),
    }
    world.terms = world.short_calls(1)
    world.sandbox.script("reject", "none")
    done = world.apply(world.plan(wants), files=far.terms)
    counts = {name: n for name, n in done.counts.items() if n}
    assert counts == {"sent": 1, "rejected": 1}
    (data,) = (far.files[name] for name in far.begun)
    assert data.count(b"\n") == 2
    assert world.entries()["u2"].attributes["city"].due is not None


def test_without_a_server_to_put_files_on_they_are_not_sent(world):
    done = world.apply(by_file(world, people(world)))
    assert done.counts["not_sent"] == 3
    assert done.next == "ctsync export FILE --channel sftp --out DIR"
    assert world.store.read().header is None


def test_a_second_step_waits_until_the_first_was_acknowledged(world, far):
    world.bring(people(world))
    plan = by_file(world, people(world, tags=("b", "c")))
    done = world.apply(plan, files=far.terms)
    assert done.counts["not_sent"] == 3
    assert (done.retryable, done.next) == (False, "ctsync plan")
    (name,) = far.begun
    assert b"$remove" in far.files[name]
    assert b"$add" not in far.files[name]
    tags = world.entries()["u1"].attributes["tags"]
    assert (tags.present, tags.maybe) == (("b",), ("a",))


def test_a_canary_in_a_file_lets_the_rest_wait(world, far):
    world.terms = replace(
        world.terms,
        canary=replace(world.terms.reject_limit, number=1, is_percent=False),
    )
    done = world.apply(by_file(world, people(world)), files=far.terms)
    counts = {name: n for name, n in done.counts.items() if n}
    assert counts == {"sent": 1, "not_sent": 2}
    assert done.stopped == "canary"


def test_a_server_that_takes_nothing_leaves_all_as_it_was(world, far):
    def fail(step):
        raise LOST

    far.before = fail
    done = world.apply(by_file(world, people(world)), files=far.terms)
    assert (done.exit_code, done.error) == (1, LOST)
    assert done.counts["not_sent"] == 3
    assert world.store.read().header is None
    assert list(far.terms.folder.iterdir()) == []
    far.before = lambda step: None
    again = world.apply(by_file(world, people(world)), files=far.terms)
    assert again.counts["sent"] == 3


def test_a_file_that_may_have_been_taken_counts_as_unknown(world, far):
    def fail(step):
        if step == "manifest":
            raise LOST

    far.before = fail
    plan = by_file(world, people(world))
    done = world.apply(plan, files=far.terms)
    assert (done.exit_code, done.counts["unknown"]) == (3, 3)
    assert world.store.read().header.imports[0].standing == "intended"
    (run,) = past_runs(world.store)
    assert run.record["counts"]["unknown"] == 3
    assert [each.outcome.value for each in done.tally.outcomes(plan.changes())] == [
        "unknown"
    ] * 3


STEPS = range(26)  # more than there are


@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize("takes_away", [False, True])
def test_a_run_cut_off_anywhere_is_gone_on_with_and_nothing_is_put_twice(
    world, far, at, takes_away
):
    """Whether or not the platform keeps what it has processed."""
    world.bring(people(world, plan="Free", tags=("a",)))
    plan = by_file(world, people(world))
    fuse = Fuse(at)
    far.before = lambda step: fuse()
    with suppress(Crash):
        world.apply(plan, store=FrailStore(world.store, fuse), files=far.terms)
    far.before = lambda step: None
    far.doubts = False
    seen = folded_view(world.store)
    entries = list(seen.entries())
    assert list(recover(world.store).entries()) == entries
    if takes_away and far.begun:
        far.take_away()
    done = world.apply(plan, files=far.terms)
    assert sum(done.counts.values()) == 3
    assert done.counts["sent"] == 3
    assert len(far.begun) <= 1  # by nobody where it may have been taken
    waiting = {e.key.id: e.attributes["plan"].due for e in world.entries().values()}
    assert {due.file for due in waiting.values()} >= set(far.begun)
    assert all(due.before.value == "Free" for due in waiting.values())


def test_a_run_that_lost_its_files_lets_them_wait(world, far):
    """Another machine, or a disk that went: nobody can go on, nobody sends anew."""
    plan = by_file(world, people(world))

    def crash(step):
        if step == "intend":
            raise Crash

    far.before = crash
    with pytest.raises(Crash):
        world.apply(plan, files=far.terms)
    far.before = lambda step: None
    for path in far.terms.folder.rglob("*.csv"):
        path.unlink()
    done = world.apply(plan, files=far.terms)
    assert (done.counts["sent"], far.begun) == (3, [])
    world.time.now += 4 * 3600 + 1
    assert world.apply(plan, files=far.terms).counts["sent"] == 3
    assert len(far.begun) == 1


def test_what_was_to_go_to_another_server_is_not_put_on_this_one(world, far):
    plan = by_file(world, people(world))

    def crash(step):
        raise Crash

    far.before = crash
    with pytest.raises(Crash):
        world.apply(plan, files=far.terms)
    far.before = lambda step: None
    elsewhere = replace(far.terms, place="another")
    assert world.apply(plan, files=elsewhere).put == ()
    assert far.begun == []
    assert len(world.apply(plan, files=far.terms).put) == 1


@pytest.mark.parametrize("at", STEPS)
def test_counts_of_a_run_say_the_same_to_whoever_reads_its_journal(world, far, at):
    """The result of a run, and what its journal tells once it is folded."""
    world.bring(people(world, plan="Free", tags=("a",)))

    steps = count()

    def fail(step):
        if next(steps) == at:
            raise LOST

    far.before = fail
    done = world.apply(by_file(world, people(world)), files=far.terms)
    kept = next(past_runs(world.store)).record
    if kept["run"] == done.run:
        assert kept["counts"] == done.counts
    else:
        assert done.counts["not_sent"] == 3
