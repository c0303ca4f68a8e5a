"""What a run's result says of profiles, its report and its history say too.

A run that goes on with a plan has a part of it to do. What an earlier one put in files
is no part of that, and yet such a profile is not acknowledged with the rest.
"""

from collections import Counter
from functools import partial

import pytest
from breaking import FULL, failing
from far_folder import LOST, FarFolder
from msgspec.structs import replace

from ctsync.apply import file_wave
from ctsync.apply.apply_settings import RetryPace
from ctsync.apply.folding.history import past_runs
from ctsync.apply.recover import recover
from ctsync.channels.part_files import PartWriter
from ctsync.model.policy import ChannelTerms, Limit
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.route_bulk import by_its_size
from ctsync.state.entry_edits import doubt_entry

WORST = ("acknowledged", "not_sent", "rejected", "sent", "unknown")


@pytest.fixture
def far(tmp_path):
    return FarFolder(tmp_path)


@pytest.fixture
def plan(world):
    """Of profiles that go by the API, in a file, and by both ways."""
    world.terms = world.short_calls(1, pace=RetryPace(lost_retries=0))
    gold, none = world.string("Plan", "Gold"), world.string("Tier", None)
    return world.plan(
        {"api": (gold,), "both": (gold, none), "c": (gold, none), "file": (none,)}
    )


def doubt(world, *names):
    """Doubt what the API took of some, as `state doubt --attribute Plan` does."""
    snapshot = world.store.read()
    header = replace(snapshot.header, serial=snapshot.header.serial + 1)
    edits = [
        (entry.key, lambda before: doubt_entry(before, {"plan"}))
        for entry in snapshot.entries()
        if entry.key.id in names
    ]
    world.store.amend(header, iter(edits))


def outcomes(done, plan):
    told = done.tally.outcomes(plan.changes())
    return {each.change.key.id: each.outcome.value for each in told}


def history(world):
    recover(world.store)
    return next(past_runs(world.store)).record["counts"]


def counted(outcomes):
    counts = Counter(outcomes)
    return {name: counts[name] for name in WORST if name != "sent" or counts[name]}


def test_a_first_run_is_told_alike(world, far, plan):
    done = world.apply(plan, files=far.terms)
    said = outcomes(done, plan)
    assert said == {"api": "acknowledged", "both": "sent", "c": "sent", "file": "sent"}
    assert done.counts == history(world) == counted(said.values())


@pytest.mark.parametrize(
    ("doubted", "fault", "outcome"),
    [
        (("api",), "none", "acknowledged"),
        (("both",), "none", "sent"),
        (("both",), "reject", "rejected"),
        (("api", "both"), "lost", "unknown"),
        (("api", "both", "c"), "none", "sent"),
    ],
)
def test_a_run_that_goes_on_is_told_alike(world, far, plan, doubted, fault, outcome):
    """Of those that it had to do with; the last of them meets what goes wrong."""
    world.apply(plan, files=far.terms)
    doubt(world, *doubted)
    world.sandbox.script(*["none"] * (len(doubted) - 1), fault)
    done = world.apply(plan, files=far.terms)
    said = outcomes(done, plan)
    assert said[doubted[-1]] == outcome
    assert done.counts == counted(said.values())
    assert history(world) == counted(said[name] for name in doubted)


def test_a_run_that_is_folded_by_the_next_one_is_told_alike(world, far, plan):
    world.apply(plan, files=far.terms)
    doubt(world, "api", "both")
    done = world.apply(plan, store=failing(world, "end", FULL), files=far.terms)
    said = outcomes(done, plan)
    assert history(world) == counted([said["api"], said["both"]])
    assert history(world)["sent"] == 1


def test_of_whom_a_file_waits_the_rest_is_as_unsent_as_anybodys(world, far, plan):
    """It is due: who took it for sent would release, and advise no further apply."""
    world.apply(plan, files=far.terms)
    doubt(world, "api", "both")
    world.terms = replace(world.terms, reject_limit=Limit(0))
    world.sandbox.script("reject")
    done = world.apply(plan, files=far.terms)
    said = outcomes(done, plan)
    assert (said["api"], said["both"]) == ("rejected", "not_sent")
    assert (done.counts["not_sent"], done.retryable) == (1, True)
    assert history(world) == counted([said["api"], said["both"]])


def test_of_whom_one_file_waits_another_that_is_lost_is_not_sent(
    world, far, monkeypatch
):
    by_attribute = partial(PartWriter, most_shapes=0)
    monkeypatch.setattr(file_wave, "PartWriter", by_attribute)
    wants = {"u1": (world.string("City", None), world.string("Plan", "Gold"))}
    terms = ChannelTerms(bulk_over=0, bulk_by="sftp")
    plan = by_its_size(world.plan(wants), terms, scratch_file)
    seen = []

    def lost_after_the_first(step):
        seen.append(step)
        if step == "data" and seen.count(step) > 1:
            raise LOST

    far.before = lost_after_the_first
    for _ in range(2):
        done = world.apply(plan, files=far.terms)
        assert len(far.begun) == 1
        assert outcomes(done, plan) == {"u1": "not_sent"}
        assert done.counts == history(world) == counted(["not_sent"])


def test_a_canary_of_which_a_file_waits_is_not_acknowledged_either(world, far, plan):
    """As of one that this run puts in a file; the next one goes on after it."""
    world.apply(plan, files=far.terms)
    doubt(world, "both", "c")
    world.terms = replace(world.terms, canary=Limit(1))
    first = world.apply(plan, files=far.terms)
    assert (first.stopped, outcomes(first, plan)["c"]) == ("canary", "not_sent")
    assert outcomes(world.apply(plan, files=far.terms), plan)["c"] == "sent"
