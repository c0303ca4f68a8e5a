"""What travels in files: who hears of it, what ends it, and who goes on with it."""

import pytest
from breaking import Crash
from far_folder import FarFolder
from msgspec.structs import replace

from ctsync.apply.apply_settings import SilentObserver
from ctsync.errors import CtsyncError
from ctsync.model.policy import ChannelTerms
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.route_bulk import by_its_size


@pytest.fixture
def far(tmp_path):
    return FarFolder(tmp_path)


@pytest.fixture
def plan(world):
    """Of two profiles that go in a file."""
    wants = {f"u{n}": (world.string("Plan", "Gold"),) for n in range(2)}
    all_by_file = ChannelTerms(bulk_over=0, bulk_by="sftp")
    return by_its_size(world.plan(wants), all_by_file, scratch_file)


def test_whoever_watches_hears_of_what_is_in_a_file(world, far, plan):
    told = []

    class Watch(SilentObserver):
        def progressed(self, counts, total):
            told.append(dict(counts))

    result = world.apply(plan, files=far.terms, observer=Watch())
    assert told[-1] == result.counts
    assert told[-1]["sent"] == 2


def test_a_signal_is_heard_while_files_are_put(world, far, plan):
    heard = []

    def put(order, events):
        heard.append(events.is_stopped())
        world.stop.requested = True
        heard.append(events.is_stopped())
        return far.put(order, events)

    world.apply(plan, files=replace(far.terms, put=put))
    assert heard == [False, True]


def test_what_no_file_can_say_is_found_before_anything_is_sent(world, far, plan):
    class Mute:
        title = "SFTP import"

        def fault_of(self, key, operation):
            return "no words for it" if key.id == "u1" else None

    with pytest.raises(CtsyncError, match="SFTP import cannot say 1 thing") as refused:
        world.apply(plan, files=replace(far.terms, channel=Mute))
    assert refused.value.exit_code == 1
    assert world.store.read().header is None
    assert far.begun == []


def test_the_next_run_puts_what_an_earlier_one_had_ready(world, far, plan):
    """Of that run, in its name: what it has may have been begun already."""

    def crash(step):
        if step == "intend":
            raise Crash

    far.before = crash
    with pytest.raises(Crash):
        world.apply(plan, files=far.terms)
    far.before = lambda step: None
    (ready,) = far.files
    assert world.apply(plan, files=far.terms).counts["sent"] == 2
    assert far.begun == [ready]
