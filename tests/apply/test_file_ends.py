"""What becomes of files, and of whoever is in them, where not all goes well."""

import pytest
from breaking import FULL, Crash, failing
from far_folder import LOST, FarFolder
from msgspec.structs import replace

from ctsync.apply.folding.history import past_runs
from ctsync.errors import CtsyncError, StateError
from ctsync.model.policy import ChannelTerms
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.route_bulk import by_its_size

UNREADABLE = CtsyncError("a file cannot be read", hint="", code="unreadable")


@pytest.fixture
def far(tmp_path):
    return FarFolder(tmp_path / "not" / "there")


@pytest.fixture
def bulk(world):
    """Give what plans that all goes in files that can."""
    terms = ChannelTerms(bulk_over=0, bulk_by="sftp")
    return lambda wants: by_its_size(world.plan(wants), terms, scratch_file)


@pytest.fixture
def three(world, bulk):
    """A plan of three profiles, each in a file of its own."""
    names = ("Beer", "City", "Plan")
    return bulk({f"u{n}": (world.string(name, "x"),) for n, name in enumerate(names)})


@pytest.fixture
def one(world, bulk):
    """A plan of one profile, in a file."""
    return bulk({"u1": (world.string("Plan", "Gold"),)})


def counts_of(done):
    return {name: number for name, number in done.counts.items() if number}


def left_here(far):
    return sorted(path.name for path in far.terms.folder.rglob("*.*"))


def failing_at(far, step, error, times=1):
    """Let a step fail, the first time that it comes, or the n-th."""
    seen = []

    def before(name):
        seen.append(name)
        if name == step and seen.count(step) == times:
            raise error

    far.before = before


def lost_server(far):
    failing_at(far, "manifest", LOST, times=2)
    return far.terms


def unreadable_file(far):
    def put(order, events):
        first, second, _ = (upload.name for upload in order.uploads)
        events.intend(first)
        events.tell(first)
        events.intend(second)
        raise UNREADABLE

    return replace(far.terms, put=put)


@pytest.mark.parametrize(
    ("end", "error"), [(lost_server, LOST), (unreadable_file, UNREADABLE)]
)
def test_an_upload_that_ends_midway_tells_three_sorts_of_files(
    world, far, three, end, error
):
    """In effect, perhaps, and not: of the second alone the files stay here."""
    done = world.apply(three, files=end(far))
    assert counts_of(done) == {"sent": 1, "unknown": 1, "not_sent": 1}
    assert (done.exit_code, done.error) == (3, error)
    told = [each.outcome.value for each in done.tally.outcomes(three.changes())]
    assert told == ["sent", "unknown", "not_sent"]
    imports = world.store.read().header.imports
    assert [each.standing for each in imports] == ["put", "intended"]
    assert [each.file.name for each in imports[:1]] == [*done.put]
    second = imports[1].file
    assert left_here(far) == [second.name, second.manifest]


def test_the_first_failure_is_the_one_that_is_told(world, far, three):
    """Of what an earlier run had ready, and of what this one has."""
    failing_at(far, "intend", Crash())
    with pytest.raises(Crash):
        world.apply(three, files=far.terms)
    errors = iter([UNREADABLE, LOST])

    def put(order, events):
        raise next(errors)

    plan = world.plan({"u9": (world.string("City", None),)})
    assert world.apply(plan, files=replace(far.terms, put=put)).error == UNREADABLE


@pytest.mark.parametrize("where", ["rows", "file", "intended"])
def test_what_cannot_be_noted_before_it_is_in_effect_ends_the_run(
    world, far, one, where
):
    with pytest.raises(StateError):
        world.apply(one, store=failing(world, where, FULL), files=far.terms)
    assert far.begun == []


def test_what_cannot_be_noted_once_it_is_in_effect_is_told(world, far, one):
    done = world.apply(one, store=failing(world, "put", FULL), files=far.terms)
    assert (done.exit_code, done.error, len(far.begun)) == (3, FULL, 1)


def test_a_file_that_was_found_in_effect_counts_as_begun(world, far, one):
    """Whoever goes on did not begin it, and has something to tell all the same."""
    failing_at(far, "tell", Crash())
    with pytest.raises(Crash):
        world.apply(one, files=far.terms)
    done = world.apply(one, store=failing(world, "end", FULL), files=far.terms)
    assert (done.exit_code, done.error) == (3, FULL)
    assert done.put == (*far.begun,)


def test_what_is_ready_stays_until_it_is_put(world, far, one):
    failing_at(far, "intend", Crash())
    with pytest.raises(Crash):
        world.apply(one, files=far.terms)
    ready = left_here(far)
    assert len(ready) == 2
    failing_at(far, "data", LOST)
    assert world.apply(one, files=far.terms).put == ()
    assert left_here(far) == ready
    assert world.apply(one, files=far.terms).put == (ready[0],)
    assert [*far.terms.folder.iterdir()] == []


def altered(path):
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize(
    ("suffix", "harm"),
    [
        (".csv", lambda path: path.unlink()),
        (".csv", altered),
        (".manifest", lambda path: path.unlink()),
    ],
)
def test_only_what_is_as_it_was_left_is_gone_on_with(world, far, one, suffix, harm):
    failing_at(far, "data", Crash())
    with pytest.raises(Crash):
        world.apply(one, files=far.terms)
    (path,) = far.terms.folder.rglob(f"*{suffix}")
    harm(path)
    done = world.apply(one, files=far.terms)
    assert (done.put, far.begun, done.counts["sent"]) == ((), [], 1)


def test_files_that_cannot_be_written_are_not_sent(world, far, one):
    far.terms.folder.parent.mkdir(parents=True)
    far.terms.folder.touch()
    done = world.apply(one, files=far.terms)
    assert (done.exit_code, done.error.code) == (1, "export_unwritable")
    assert str(far.terms.folder) in done.error.message
    assert counts_of(done) == {"not_sent": 1}


def test_where_nobody_is_left_for_a_file_none_is_made(world, far):
    wants = {"u1": (world.counter("Points", 5), world.string("City", None))}
    plan = world.plan(wants)
    world.sandbox.script("reject")
    done = world.apply(plan, files=far.terms)
    assert (done.put, [*far.terms.folder.iterdir()]) == ((), [])
    assert counts_of(done) == {"rejected": 1}


@pytest.fixture
def canary(world, bulk):
    """A plan of four profiles, of whom the first goes before all others, by a call."""
    world.terms = replace(
        world.terms,
        canary=replace(world.terms.reject_limit, number=1, is_percent=False),
    )
    world.bring({"u1": (world.values("Tags", "a", "b"),)})
    gold = (world.string("Plan", "Gold"),)
    tags = (world.values("Tags", "b", "c"),)
    return bulk(
        {"u0": (world.counter("Points", 5),), "u1": tags, "u2": gold, "u3": gold}
    )


def test_files_after_a_canary_are_of_the_rest(world, far, canary):
    done = world.apply(canary, files=far.terms)
    assert counts_of(done) == {"acknowledged": 1, "sent": 2, "not_sent": 1}
    told = [each.outcome.value for each in done.tally.outcomes(canary.changes())]
    assert told == ["acknowledged", "not_sent", "sent", "sent"]
    assert (done.by_file, done.retryable, done.next) == (
        1,
        False,
        "ctsync receipts FILE",
    )
    waiting = {
        name: [known.name for known in entry.attributes.values() if known.due]
        for name, entry in world.entries().items()
    }
    assert waiting == {"u0": [], "u1": ["Tags"], "u2": ["Plan"], "u3": ["Plan"]}
    assert next(past_runs(world.store)).record["counts"] == done.counts


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        (1, {"acknowledged": 1, "unknown": 1, "not_sent": 2}),
        (2, {"acknowledged": 1, "unknown": 2, "not_sent": 1}),
    ],
)
def test_files_after_a_canary_fail_for_the_rest(world, far, canary, times, counts):
    failing_at(far, "manifest", LOST, times=times)
    done = world.apply(canary, files=far.terms)
    assert counts_of(done) == counts
    assert next(past_runs(world.store)).record["counts"] == done.counts


def test_nothing_waits_for_a_second_step_where_there_is_none(world, far, one):
    assert world.apply(one, files=far.terms).by_file == 0


def test_each_thing_that_no_file_can_say_is_counted(world, far, three):
    class Mute:
        title = "SFTP import"

        def fault_of(self, key, operation):
            return "no words for it" if key.id != "u1" else None

    with pytest.raises(CtsyncError, match="cannot say 2 things of this plan"):
        world.apply(three, files=replace(far.terms, channel=Mute))
