"""A plan from a file does what state and catalog bear out, whatever it says."""

import tempfile

import pytest
from msgspec.structs import replace

from ctsync.apply.witness import Witness
from ctsync.errors import PlanRefused
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import DATE_PREFIX
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_writer import PlanWriter

KEY = ProfileKey("identity", "u1")


def assigned(after, kind, **more):
    return Operation("Plan", kind, "set", after, "unknown", after=after, **more)


def added(operator="$add", kind="list", **more):
    return Operation("Plan", kind, operator, ("x",), "unknown", after=("x",), **more)


GOLD = assigned("Gold", "string")
MOVED = replace(GOLD, prior="known", before="Free")
TAKEN = replace(added("$remove"), prior="known", before=("x",))


def change(*operations, **more):
    settled = EntryAfter(None, more.pop("cohorts", ()), more.pop("forget", ()))
    return Change(KEY, "update", operations, settled=settled, **more)


def entry(*known, cohorts=()):
    return Entry(KEY, {each.name.lower(): each for each in known}, cohorts)


def doubted(said, before=None, **rule):
    rules = {"Plan": Attribute("Plan", **rule)}
    witness = Witness(lambda name: rules.get(name, Attribute(name)))
    return witness.doubts(said, before)


ASSIGNED = [
    ("string", "Gold"),
    ("date", f"{DATE_PREFIX}1900000000"),
    ("boolean", True),
    ("number", 3),
    ("number", 1.5),
]


@pytest.mark.parametrize(("kind", "value"), ASSIGNED)
@pytest.mark.parametrize("claimed", ["string", "date", "boolean", "number", "counter"])
def test_a_value_is_of_the_kind_that_the_catalog_or_the_value_says(
    kind, value, claimed
):
    said = change(assigned(value, claimed))
    assert doubted(said) == (None if claimed == kind else "Plan")
    assert doubted(said, kind=claimed) is None
    other = "list" if claimed != "list" else "string"
    assert doubted(said, kind=other) == "Plan"


@pytest.mark.parametrize("operator", ["$add", "$remove"])
def test_values_that_are_added_or_taken_are_of_a_list(operator):
    assert doubted(change(added(operator))) is None
    assert doubted(change(added(operator, kind="string"))) == "Plan"


def test_what_leaves_may_also_be_of_the_kind_that_is_known():
    known = entry(KnownValue("Plan", "list", present=("x",)))
    assert doubted(change(TAKEN), known, kind="string") is None
    assert doubted(change(TAKEN), entry(), kind="string") == "Plan"
    assert doubted(change(added()), known, kind="string") == "Plan"
    counted = entry(KnownValue("Plan", "counter", 5))
    last = assigned(3, "counter")
    assert doubted(change(last, forget=("plan",)), counted) is None
    assert doubted(change(last), counted) == "Plan"


@pytest.mark.parametrize("write", ["free", "once", "locked"])
@pytest.mark.parametrize("is_once", [True, False])
@pytest.mark.parametrize("parts", [True, False])
def test_how_often_something_is_written_is_for_the_catalog_to_say(
    write, is_once, parts
):
    """What leaves is no write, so a mark may be missing there."""
    once, forget = (("plan",) if is_once else ()), (("plan",) if parts else ())
    said = change(GOLD, once=once, forget=forget)
    right = is_once is (write == "once") or (write == "once" and parts)
    assert doubted(said, entry(KnownValue("Plan", "string", "a")), write=write) == (
        None if right else "Plan"
    )


def test_no_file_shows_what_the_catalog_hides():
    assert doubted(change(GOLD), sensitive=True) == "Plan"
    hidden = replace(GOLD, sensitive=True)
    assert doubted(change(hidden), sensitive=True) is None
    assert doubted(change(hidden)) is None
    half = change(replace(added("$remove"), sensitive=True), added(step=2))
    assert doubted(half, sensitive=True) == "Plan"


@pytest.mark.parametrize("write", ["free", "locked"])
@pytest.mark.parametrize("operation", [GOLD, MOVED])
@pytest.mark.parametrize("locked", [(), ("Plan",), ("Other",)])
def test_a_change_of_what_is_locked_says_so(write, operation, locked):
    hides = write == "locked" and operation is MOVED and locked != ("Plan",)
    assert doubted(change(operation, locked=locked), write=write) == (
        "Plan" if hides else None
    )


def test_nothing_is_marked_or_forgotten_that_nothing_was_done_to():
    assert doubted(change(GOLD, once=("other",))) == "other"
    here = entry(KnownValue("Other", "string", "a"), cohorts=("vip",))
    kept = {"cohorts": ("vip",), "forget": ("other",)}
    assert doubted(change(GOLD, **kept), here) == "other"
    assert doubted(change(GOLD, released=("Other",), **kept), here) is None
    assert doubted(change(GOLD, forget=("other",)), here) is None  # it leaves vip
    assert doubted(change(GOLD, **kept), entry(cohorts=("vip",))) is None
    assert doubted(change(GOLD, **kept)) is None
    two = change(GOLD, once=("zip",), cohorts=("vip",), forget=("other",))
    assert doubted(two, here) == "other"


@pytest.mark.parametrize(
    ("known", "may"),
    [
        (KnownValue("Other", "list"), True),
        (KnownValue("Other", "list", absent=("x",)), True),
        (KnownValue("Other", "list", present=("x",)), False),
        (KnownValue("Other", "list", maybe=("x",)), False),
        (KnownValue("Other", "string"), False),
    ],
)
def test_a_list_without_values_may_be_forgotten(known, may):
    said = change(GOLD, forget=("other",))
    assert doubted(said, entry(known)) == (None if may else "other")


def test_the_first_doubted_attribute_is_named():
    town = Operation("City", "number", "set", "Oslo", "unknown", after="Oslo")
    assert doubted(change(town, assigned("Gold", "number"))) == "City"
    assert doubted(change(assigned("Gold", "number"), town)) == "Plan"


# From here on whole plans: what is in a file against what would be planned today.


@pytest.fixture
def forged(world):
    """Give what makes a plan of other changes, with everything else to match."""
    files = []

    def make(plan, edit=lambda change: change, settle=lambda after: after, keep=None):
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        files.append(file)
        writer = PlanWriter(file, replace(plan.head, project="another"))
        lines = [(each.key, edit(each)) for each in plan.changes()]
        lines += [(key, settle(after)) for key, after in plan.settled()]
        for key, each in sorted(lines, key=lambda line: line[0]):
            if keep is not None and key.id not in keep:
                continue
            if isinstance(each, Change):
                writer.add_change(each)
            else:
                writer.add_settled(key, each)
        writer.close(PlanFoot())
        return SavedPlan(file, "p.plan")

    yield make
    for file in files:
        file.close()


@pytest.fixture
def people(world):
    """A world with three profiles, and a plan that changes one of them."""
    wants = {name: (world.string("Plan", "Free"),) for name in ("a", "b", "c")}
    world.cohorts = dict.fromkeys(wants, ("vip",))
    world.bring(wants)
    wants["b"] = (world.string("Plan", "Gold"), world.string("City", "Oslo"))
    world.wants = wants
    return world


def applied(world, plan, today):
    witness = Witness(Attribute, today)
    return world.apply(plan, witness=witness)


def counted(plan, entries):
    """A plan that says how many entries there are, as one from a file does."""
    plan.foot.profiles["entries"] = entries
    return plan


def sent(world):
    return world.sandbox.platform.call_count


EITHER = pytest.mark.parametrize("is_same", [True, False])
"""Whether a plan is today's byte by byte, or change by change alone."""


@EITHER
def test_a_true_plan_from_a_file_is_applied_whole(people, forged, is_same):
    plan = people.plan(people.wants)
    today = plan if is_same else forged(plan)
    assert plan.is_same(today) == is_same
    counted(plan, 3)
    assert applied(people, plan, today).exit_code == 0
    assert people.attributes("b") == {"Plan": "Gold", "City": "Oslo"}
    assert people.entries()["b"].fingerprint is not None
    assert people.changes(people.wants) == []


@EITHER
def test_a_true_plan_may_make_find_again_and_release(people, forged, is_same):
    """New profiles, those that a read found gone, and what only leaves the state."""
    store = people.store
    snapshot = store.read()
    *others, last = snapshot.entries()
    entries = [*others, replace(last, gone=True, fingerprint=None)]
    header = replace(snapshot.header, serial=snapshot.header.serial + 1)
    store.replace(header, entries)
    free, gold = people.string("Plan", "Free"), people.string("Plan", "Gold")
    plan = people.plan({"a": (), "b": (free,), "c": (free,), "d": (gold,)})
    actions = {change.key.id: change.action for change in plan.changes()}
    assert actions == {"a": "release", "c": "create", "d": "create"}
    counted(plan, 2)
    today = plan if is_same else forged(plan)
    assert applied(people, plan, today).exit_code == 0
    kept = {name: {*entry.attributes} for name, entry in people.entries().items()}
    assert kept == {"a": set(), "b": {"plan"}, "c": {"plan"}, "d": {"plan"}}
    assert people.attributes("d") == {"Plan": "Gold"}


EDITS = {
    "another value": lambda op: replace(op, operand="Iron", after="Iron"),
    "another value, shown as it was": lambda op: replace(op, operand="Iron"),
    "another prior": lambda op: replace(op, prior="uncertain"),
    "another before": lambda op: replace(op, before="Iron"),
    "another step": lambda op: replace(op, step=2),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_change_that_the_state_does_not_bear_out_sends_nothing(people, forged, name):
    plan = people.plan(people.wants)

    def edit(each):
        last = each.operations[-1]
        return replace(each, operations=(*each.operations[:-1], EDITS[name](last)))

    calls, before = sent(people), people.store.read().header
    bad = counted(forged(plan, edit), 3)
    if name.startswith("another value") and "shown" not in name:
        # What is wanted is the file's to say: it is sent as it is shown.
        assert applied(people, bad, plan).exit_code == 0
        assert people.attributes("b")["Plan"] == "Iron"
        return
    with pytest.raises(PlanRefused) as refused:
        applied(people, bad, plan)
    assert refused.value.code == "plan_tampered"
    assert "change 1 of" in refused.value.message
    assert sent(people) == calls
    assert people.store.read().header == before


def test_a_profile_that_is_known_is_not_called_new(people, forged):
    plan, calls = people.plan(people.wants), sent(people)
    bad = counted(forged(plan, lambda each: replace(each, action="create")), 3)
    with pytest.raises(PlanRefused):
        applied(people, bad, plan)
    assert sent(people) == calls


def test_a_fingerprint_is_taken_only_from_a_plan_that_says_the_same_today(
    people, forged
):
    """Else the profile would count as desired, and never be looked at again."""
    plan = people.plan(people.wants)
    settled = EntryAfter("f" * 32, ("vip",))
    bad = forged(plan, lambda each: replace(each, settled=settled))
    assert applied(people, counted(bad, 3), plan).exit_code == 0
    assert people.entries()["b"].fingerprint is None


@pytest.mark.parametrize("today", [True, False])
def test_a_membership_is_not_dropped_on_the_word_of_a_file(people, forged, today):
    joined = tuple(f"also{n}" for n in range(9))
    plan = people.plan(people.wants)
    bad = forged(plan, lambda each: replace(each, settled=EntryAfter(cohorts=joined)))
    applied(people, counted(bad, 3), plan if today else None)
    assert people.entries()["b"].cohorts == (*joined, "vip")


def test_what_an_entry_with_nothing_to_do_gets_is_what_it_gets_today(people, forged):
    """A line of the file that today's plan does not have is not folded."""
    people.cohorts["a"] = ("new", "vip")
    people.cohorts["c"] = ("new", "vip")
    plan = people.plan(people.wants)
    settled = {key.id: after.cohorts for key, after in plan.settled()}
    assert settled == {"a": ("new", "vip"), "c": ("new", "vip")}

    def settle(after):
        return replace(after, cohorts=())

    bad = counted(forged(plan, settle=settle), 3)
    assert applied(people, bad, plan).exit_code == 0
    kept = {name: entry.cohorts for name, entry in people.entries().items()}
    assert kept == {"a": ("vip",), "b": ("vip",), "c": ("vip",)}
    true = people.plan(people.wants)
    assert [key.id for key, _ in true.settled()] == ["a", "c"]


def test_lines_of_today_that_the_file_left_out_are_not_taken_for_others(people, forged):
    people.cohorts["a"] = people.cohorts["c"] = ("new", "vip")
    plan = people.plan(people.wants)
    only = counted(forged(plan, keep={"b", "c"}), 3)
    assert applied(people, only, plan).exit_code == 0
    kept = {name: entry.cohorts for name, entry in people.entries().items()}
    assert kept == {"a": ("vip",), "b": ("vip",), "c": ("new", "vip")}
    assert people.entries()["b"].fingerprint is not None


def test_counts_of_a_plan_from_a_file_are_held_against_the_state(people):
    plan, calls = people.plan(people.wants), sent(people)
    with pytest.raises(PlanRefused) as refused:
        applied(people, counted(plan, 1_000_000), plan)
    assert refused.value.code == "plan_tampered"
    assert sent(people) == calls
