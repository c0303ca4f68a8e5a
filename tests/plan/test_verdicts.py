"""A verdict on each attribute in question: what comes of it, why, and for how long."""

import pytest

from ctsync.model.change import Change, EntryAfter
from ctsync.model.desired_value import DesiredValue
from ctsync.model.due_import import DueImport, ImportFile, Waits
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.explanation import Verdict
from ctsync.model.fault import Fault
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.profile.missing_row_rules import MissingRowRules
from ctsync.plan.profile.planned_profile import DesiredProfile, PlannedProfile
from ctsync.plan.profile.verdicts import VerdictSources, verdicts_of

KEY = ProfileKey("identity", "u1")
GOLD = DesiredValue("Plan", "string", "Gold")
SENT = Operation("Plan", "string", "set", "Gold", "uncertain", None, "Gold", since="r")
HELD = KnownValue("PLAN", "string", "Free")
OURS = KnownValue("PLAN", "list", present=("a",), ours=("a",))
DECLARED = DesiredProfile({"plan": GOLD})
LEAVING = DesiredProfile({}, {"plan": GOLD})
NOTHING = DesiredProfile({})
KEPT = DesiredProfile({}, shields=MissingRowRules(frozenset({"plan"})))


class Table:
    """Of a table: what decides who is shielded by it."""

    def __init__(self, name, *attributes, missing="remove"):
        self.name, self.attributes = name, frozenset(attributes)
        self.missing = missing


def changed(*operations, locked=()):
    return PlannedProfile(Change(KEY, "update", operations, locked=tuple(locked)))


def verdicts(wanted, built, *known, gone=False, **more):
    found = {each.name.lower(): each for each in known}
    entry = Entry(KEY, found, gone=gone) if known or gone else None
    return [*verdicts_of(VerdictSources(entry, wanted, built, **more))]


def verdict(*sources, **more):
    (found,) = verdicts(*sources, **more)
    return found


@pytest.mark.parametrize(
    ("wanted", "known", "locked", "reason"),
    [
        (DECLARED, HELD, ["Plan"], "locked"),
        (DECLARED, HELD, ["Other"], "sent"),
        (DECLARED, OURS, [], "sent"),
        (LEAVING, OURS, [], "left"),
        (NOTHING, OURS, [], "taken_back"),
        (NOTHING, HELD, [], "removed"),
    ],
)
def test_what_is_sent_has_the_first_reason_that_holds(wanted, known, locked, reason):
    found = verdict(wanted, changed(SENT, locked=locked), known)
    assert (found.reason, found.prior, found.since) == (reason, "uncertain", "r")
    assert found.is_sent


REASONS = {
    "once": {"held": ["Plan"]},
    "impossible": {"faults": [("Plan", Fault("CT402", "no"))]},
    "stuck": {"stuck": ["Plan"]},
    "released": {"change": Change(KEY, "release", released=("Plan",))},
}


@pytest.mark.parametrize("later", [*range(len(REASONS))])
def test_of_reasons_to_send_nothing_the_first_counts(later):
    """Each of them beside all that come after it."""
    names = [*REASONS][later:]
    fields = {k: v for name in names for k, v in REASONS[name].items()}
    assert verdict(DECLARED, PlannedProfile(**fields), HELD) == Verdict(
        "Plan", names[0]
    )


@pytest.mark.parametrize(
    ("wanted", "known", "reason"),
    [
        (DECLARED, [], "equal"),
        (DECLARED, [HELD], "equal"),
        (LEAVING, [HELD], "equal"),
        (KEPT, [HELD], "shielded"),
        (NOTHING, [HELD], "undeclared"),
    ],
)
def test_what_nobody_has_to_send_says_why(wanted, known, reason):
    assert verdict(wanted, PlannedProfile(), *known).reason == reason


def test_what_is_declared_is_no_matter_of_shields():
    both = DesiredProfile({"plan": GOLD}, shields=MissingRowRules(frozenset({"plan"})))
    assert verdict(both, PlannedProfile(), HELD) == Verdict("Plan", "equal")


def test_what_waits_for_a_file_names_it_and_until_when():
    file = ImportFile("a.csv", "a.manifest", (), 1, 2, "0" * 64)
    due = DueImport(file, "r", 100.0, 50.0)
    waits = Waits((due,), frozenset({"a.csv"}))
    built = PlannedProfile(waiting=[("Plan", "a.csv")], held=["Plan"])
    assert verdict(DECLARED, built, HELD, waits=waits) == Verdict(
        "Plan", "waiting", file="a.csv", until=150.0
    )


def test_tables_shield_that_list_the_profile_or_keep_what_is_missing():
    tables = (
        Table("lists", "plan", "city"),
        Table("keeps", "plan", missing="keep"),
        Table("sweeps", "plan"),
        Table("other", "city", missing="keep"),
    )
    more = {"tables": tables, "listed": ("lists", "other")}
    found = verdict(KEPT, PlannedProfile(), HELD, **more)
    assert found == Verdict("PLAN", "shielded", tables=("lists", "keeps"))
    assert verdict(DECLARED, PlannedProfile(), HELD, **more).tables == ()


def test_each_attribute_has_one_verdict_by_the_bytes_of_its_spelling():
    wanted = DesiredProfile(
        {"plan": GOLD, "zip": DesiredValue("Zip", "string", "1")},
        {"tier": DesiredValue("tier", "string", "x")},
    )
    known = [HELD, KnownValue("Äge", "string", "x"), KnownValue("ZIP", "string", "2")]
    found = verdicts(wanted, changed(SENT), *known)
    assert [each.attribute for each in found] == ["Plan", "Zip", "tier", "Äge"]


def test_what_is_gone_or_unknown_has_no_past():
    assert verdicts(NOTHING, PlannedProfile(), HELD, gone=True) == []
    assert verdicts(NOTHING, PlannedProfile()) == []
    found = verdicts(DECLARED, changed(SENT), OURS, gone=True)
    assert [each.reason for each in found] == ["sent"]


def test_of_two_steps_the_first_says_what_was_known():
    one = Operation("Tags", "list", "$remove", ("a",), "known", ("a",), (), 1)
    two = Operation("tags", "list", "$add", ("b",), "uncertain", (), ("b",), 2)
    wanted = DesiredProfile({"tags": DesiredValue("Tags", "list", exact=("b",))})
    assert verdict(wanted, changed(one, two)).prior == "known"


def test_a_change_that_releases_something_else_still_sends():
    change = Change(KEY, "update", (SENT,), released=("City",))
    city = KnownValue("City", "string", "Pune")
    built = PlannedProfile(change, settled=EntryAfter(forget=("city",)))
    assert [(v.attribute, v.reason) for v in verdicts(DECLARED, built, city)] == [
        ("City", "released"),
        ("Plan", "sent"),
    ]
