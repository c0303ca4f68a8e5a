"""What is left of a plan, line by line, once a part of it is known to be there."""

import tempfile
from contextlib import ExitStack

import pytest
from far_folder import FarFolder
from msgspec.structs import replace

from ctsync.apply.folding.history import past_runs
from ctsync.apply.remainder import done_so_far, remainder
from ctsync.apply.resume import waits
from ctsync.kinds.base import ValueContext
from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.state.base import Snapshot

FILES = frozenset({"f.csv"})
GOLD = Operation("Plan", "string", "set", "Gold", "known", "Free", "Gold")
GONE = Operation("City", "string", "$delete", 1, "known", "Rome", channel="sftp")
FREE, GOLDEN = (KnownValue("Plan", "string", v, owned=True) for v in ("Free", "Gold"))
ROME = KnownValue("City", "string", "Rome", owned=True)
WAITING = replace(
    ROME, value=None, certain=False, maybe=("Rome",),
    due=DueValue("f.csv", GONE, before=ROME),
)  # fmt: skip
SETTLED = EntryAfter("f" * 32, ("new",), ("city",))
# Of whom something is still to be told nothing is settled, and no cohort is left.
UNSETTLED = EntryAfter(None, ("new", "old"))


def key(name):
    return ProfileKey("identity", name)


def change(name, *operations, action="update", **more):
    return Change(key(name), action, operations, settled=SETTLED, **more)


def entry(name, *known, **more):
    attributes = {each.name.lower(): each for each in known}
    return Entry(key(name), attributes, ("old",), **more)


@pytest.fixture
def saved():
    """Give what makes a plan of changes, and of what others get."""
    with ExitStack() as stack:

        def make(*lines):
            file = stack.enter_context(tempfile.TemporaryFile())
            writer = PlanWriter(file, PlanHead(Account("A", "in1"), Base()))
            for line in lines:
                if isinstance(line, Change):
                    writer.add_change(line)
                else:
                    writer.add_settled(*line)
            writer.close(PlanFoot())
            return SavedPlan(file, "this plan")

        yield make


RELEASED = {"action": "release", "released": ("City",)}
LINES = (
    change("a", GOLD),
    (key("a2"), SETTLED),
    change("b", GONE),
    change("c", GONE, GOLD),
    change("d", **RELEASED),
    change("e", **RELEASED),
    change("f", GOLD),
    (key("f2"), SETTLED),
    change("g", GOLD, released=("City",)),
    change("h", GOLD),
    change("i", GONE, released=("Plan",)),
    change("j", GONE, GOLD),
    (key("z"), SETTLED),
)
ENTRIES = [
    entry("a", GOLDEN),
    entry("a2", FREE),
    entry("b", WAITING),
    entry("c", WAITING, FREE),
    entry("d", ROME),
    entry("e"),
    entry("f", FREE),
    entry("f1", FREE),
    entry("g", GOLDEN, ROME),
    entry("h", FREE, gone=True),
    entry("i", WAITING, FREE),
    entry("j", WAITING, FREE),
]
REST = [
    (key("a"), SETTLED),
    (key("a2"), SETTLED),
    replace(change("c", GOLD), settled=UNSETTLED),
    change("d", **RELEASED),
    change("f", GOLD),
    (key("f2"), SETTLED),
    change("g", **RELEASED),
    change("h", GOLD),
    replace(change("i", action="release", released=("Plan",)), settled=UNSETTLED),
    replace(change("j", GOLD), settled=UNSETTLED),
    (key("z"), SETTLED),
]


def test_what_is_left_of_a_plan(saved):
    plan, present = saved(*LINES), Snapshot(read=lambda: iter(ENTRIES))
    due = remainder(plan, present, ValueContext(), files=FILES)
    assert [*due.plan.each()] == REST
    # Of those that send: a, b, c, f, g, h, i, j.
    assert (due.done, due.sent) == ((0, 4), (1, 6))
    assert due.wait == (0, 3)  # of those that still do: c, f, h, j
    assert (due.plan.name, due.plan.head) == (plan.name, plan.head)
    assert due.plan.foot.places == 4
    assert done_so_far(plan, present, ValueContext(), FILES) == 4
    due.plan.close()


def test_a_file_that_nobody_waits_for_any_more_keeps_nothing_back(saved):
    plan, present = saved(change("b", GONE)), Snapshot(read=lambda: iter(ENTRIES))
    due = remainder(plan, present, ValueContext(), files=frozenset({"other.csv"}))
    (left,) = due.plan.changes()
    assert left.settled == SETTLED
    (operation,) = left.operations
    assert (operation.operator, operation.prior) == ("$delete", "uncertain")
    assert operation.channel == "sftp"
    assert (due.done, due.sent, due.wait) == ((), (), ())
    due.plan.close()


@pytest.mark.parametrize(
    ("known", "waited"),
    [
        (None, False),
        (entry("a"), False),
        (entry("a", ROME), False),
        (entry("a", WAITING), True),
        (entry("a", WAITING, gone=True), False),
        (entry("a", replace(WAITING, name="Town")), False),
    ],
)
def test_a_change_waits_where_a_file_sends_what_it_is_about(known, waited):
    assert waits(change("a", GOLD, GONE), known, FILES) is waited
    assert waits(change("a", GONE, GOLD), known, FILES) is waited
    assert waits(change("a", GONE), known, frozenset({"other.csv"})) is False
    assert waits(change("a", GOLD), known, FILES) is False


def test_what_waits_is_not_settled_by_what_is_sent_beside_it(world, tmp_path):
    """Else, if no report came, nobody would look at it again."""
    far = FarFolder(tmp_path)
    world.cohorts["u1"] = ("vip",)
    world.leave["vip"] = world.string("Tier", None)
    people = {"u1": (world.string("Tier", "a"),), "u2": (world.string("Plan", "Free"),)}
    world.bring(people)
    wants = {"u1": (), "u2": (world.string("Plan", "Gold"),)}
    world.cohorts.clear()
    plan = world.plan(wants)
    world.sandbox.script("reject", "none")
    assert world.apply(plan, files=far.terms).counts["sent"] == 1
    before = world.entries()["u1"]
    assert (before.fingerprint, before.cohorts) == (None, ("vip",))
    assert world.apply(plan, files=far.terms).counts["acknowledged"] == 1
    assert world.entries()["u1"] == before
    world.time.now += 4 * 3600 + 1
    assert [each.key.id for each in world.changes(wants)] == ["u1"]


def test_whoever_waits_for_a_file_of_an_earlier_run_is_kept_as_sent(world, tmp_path):
    """What a run did is told the same at its end and whenever somebody asks later."""
    far = FarFolder(tmp_path)
    world.cohorts["u1"] = ("vip",)
    world.leave["vip"] = world.string("Tier", None)
    world.bring({"u1": (world.string("Plan", "Free"), world.string("Tier", "a"))})
    world.cohorts.clear()
    free = world.entries()["u1"].attributes["plan"]
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)})
    world.apply(plan, files=far.terms)
    snapshot = world.store.read()
    (sent,) = snapshot.entries()
    attributes = {**sent.attributes, "plan": free}
    world.store.replace(snapshot.header, [replace(sent, attributes=attributes)])
    result = world.apply(plan, files=far.terms)
    assert {name: n for name, n in result.counts.items() if n} == {"sent": 1}
    assert next(past_runs(world.store)).record["counts"]["sent"] == 1
