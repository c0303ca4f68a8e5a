"""What becomes of attributes, memberships and profiles that leave the spec."""

import pytest
from msgspec.structs import replace

from ctsync.engines.base import Candidate
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.profile.diff_profile import build_change
from ctsync.plan.profile.planned_profile import DesiredProfile


def ours(*values, present=(), **fields):
    return KnownValue(
        "Tags",
        "list",
        owned=True,
        present=tuple(sorted({*values, *present})),
        ours=values,
        **fields,
    )


# Included values of ours


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
def test_an_included_value_of_ours_is_taken_back(project_view, plan, entry, undeclared):
    project = project_view(undeclared=undeclared).says(
        "u1", {"Tags": {"include": ["a"]}}
    )
    known = entry(attributes={"Tags": ours("a", "b", present=("c",))})
    assert plan(project, known).sent() == [("Tags", "$remove", ("b",))]


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
def test_it_is_taken_back_with_the_last_declaration(
    project_view, plan, entry, undeclared
):
    project = project_view(undeclared=undeclared).says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Tags": ours("a"), "Plan": "Gold"})
    change = plan(project, known).change()
    assert [(op.operator, op.operand) for op in change.operations] == [
        ("$remove", ("a",))
    ]
    assert change.released == ()
    assert change.settled.forget == ("tags",)


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
def test_it_is_taken_back_when_no_place_names_the_profile(
    project_view, plan, entry, undeclared
):
    known = entry(attributes={"Tags": ours("a")})
    planned = plan(project_view(undeclared=undeclared), known)
    assert planned.sent() == [("Tags", "$remove", ("a",))]
    assert planned.profiles["undeclared"] == 1


def test_values_beside_ours_are_released(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Tags": ours("a", present=("b",)), "Plan": "Gold"})
    change = plan(project, known).change()
    assert [op.operand for op in change.operations] == [("a",)]
    assert (change.released, change.settled.forget) == (("Tags",), ("tags",))


def test_the_entry_forgets_an_attribute_with_no_value_and_no_declaration(
    project_view, plan, entry, fold
):
    known = entry(attributes={"Tags": ours("a"), "Plan": "Gold"})
    project = project_view().says("u1", {"Plan": "Gold"})
    (after,) = fold(plan(project, known), known)
    assert list(after.attributes) == ["plan"]


def test_a_value_that_another_place_still_includes_stays(project_view, plan, entry):
    project = project_view().cohort("vip", ["u1"], {"Tags": {"include": ["a"]}})
    known = entry(attributes={"Tags": ours("a")}, cohorts=("vip",))
    assert plan(project, known).changes == ()


def test_a_value_that_was_there_before_us_is_not_taken_back(
    project_view, plan, fold, entry
):
    known = entry(attributes={"Tags": KnownValue("Tags", "list", present=("a",))})
    project = project_view().says("u1", {"Tags": {"include": ["a", "b"]}})
    entries = fold(plan(project, known), known)
    left = project_view().says("u1", {"Plan": "Gold"})
    sent = plan(left, *entries).sent()
    assert ("Tags", "$remove", ("b",)) in sent


# Released, removed


def test_any_other_attribute_is_released_under_keep(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Plan": "Gold", "Team": "a", "Name": "Jack"})
    planned = plan(project, known)
    change = planned.change()
    assert (change.action, change.operations) == ("release", ())
    assert change.released == ("Name", "Team")
    assert planned.profiles["release"] == 1
    assert planned.summary["records"] == 0


def test_a_released_attribute_that_returns_is_assigned(project_view, plan, entry, fold):
    known = entry(attributes={"Plan": "Gold", "Team": "a"})
    entries = fold(plan(project_view().says("u1", {"Plan": "Gold"}), known), known)
    back = project_view().says("u1", {"Plan": "Gold", "Team": "a"})
    (operation,) = plan(back, *entries).change().operations
    assert (operation.attribute, operation.prior) == ("Team", "unknown")


def test_under_remove_it_is_removed_where_the_api_can(project_view, plan, entry):
    project = project_view(undeclared="remove").says("u1", {"Plan": "Gold"})
    known = entry(
        attributes={"Plan": "Gold", "Name": "Jack", "Gender": "M", "Tags": ["a"]}
    )
    planned = plan(project, known)
    assert planned.sent() == [
        ("Gender", "$delete", 1),
        ("Name", "$delete", 1),
        ("Tags", "$remove", ("a",)),
    ]
    assert planned.change().settled.forget == ("gender", "name", "tags")
    assert planned.profiles["remove"] == 1


def test_under_remove_it_is_released_with_a_warning_where_the_api_cannot(
    project_view, plan, entry
):
    project = project_view(undeclared="remove").says("u1", {"Plan": "Gold"})
    planned = plan(project, entry(attributes={"Plan": "Gold", "Team": "a"}))
    assert planned.change().released == ("Team",)
    assert planned.codes == {"CT403": 1}
    (finding,) = planned.document.foot.diagnostics
    assert finding.severity == "warning"


def test_what_nobody_names_is_told_without_a_place(project_view, plan, entry):
    known = entry("ann@x.io", attributes={"Team": "a"})
    planned = plan(project_view(undeclared="remove").says("u1", {"Plan": "x"}), known)
    (found,) = planned.document.foot.diagnostics
    assert (found.code, found.file, found.line, found.row) == (
        "CT403",
        None,
        None,
        None,
    )
    assert found.key["masked"]
    assert "ann@" not in str(found)


def test_only_what_ctsync_sent_is_removed(project_view, plan, entry):
    project = project_view(undeclared="remove").says("u1", {"Plan": "Gold"})
    read = {
        "Name": KnownValue("Name", "string", "Jack"),
        "Tags": KnownValue("Tags", "list", present=("a",), complete=True),
    }
    planned = plan(project, entry(attributes={"Plan": "Gold", **read}))
    assert planned.sent() == []
    assert planned.change().released == ("Name", "Tags")


def test_a_sensitive_attribute_stays_sensitive_when_it_leaves(
    project_view, plan, entry
):
    project = project_view(undeclared="remove").says("u1", {"Plan": "Gold"})
    planned = plan(project, entry(attributes={"Plan": "Gold", "Name": "Jack"}))
    assert [op.sensitive for op in planned.change().operations] == [True]


# Profiles that no place names


def test_an_unnamed_profile_is_counted_and_left_alone_under_keep(
    project_view, plan, entry
):
    planned = plan(project_view(), entry(attributes={"Plan": "Gold", "Name": "Jack"}))
    assert (planned.changes, planned.settled) == ((), {})
    assert planned.profiles["undeclared"] == 1


def test_an_unnamed_profile_loses_its_attributes_under_remove(
    project_view, plan, entry
):
    known = entry(attributes={"Plan": "Gold", "Name": "Jack", "Tags": ["a"]})
    planned = plan(project_view(undeclared="remove"), known)
    assert planned.sent() == [("Name", "$delete", 1), ("Tags", "$remove", ("a",))]
    assert planned.change().released == ("Plan",)
    assert planned.profiles["undeclared"] == 1


def test_a_gone_profile_that_no_place_names_is_left_alone(project_view, plan, entry):
    known = entry(attributes={"Tags": ours("a")}, gone=True)
    planned = plan(project_view(undeclared="remove"), known)
    assert planned.changes == ()


# Cohorts


def vip(project_view, *members, **options):
    project = project_view(**options)
    return project.cohort(
        "vip",
        members,
        {"Tier": "VIP", "Tags": {"include": ["lounge"]}},
        leave={"Tier": "Standard"},
    )


def test_a_member_gets_what_the_cohort_gives(project_view, plan):
    planned = plan(vip(project_view, "u1"))
    assert planned.sent() == [("Tags", "$add", ("lounge",)), ("Tier", "set", "VIP")]
    assert planned.change().settled.cohorts == ("vip",)


def test_who_leaves_gets_the_parting_words_once(project_view, plan, fold):
    entries = fold(plan(vip(project_view, "u1")))
    leaving = plan(vip(project_view), *entries)
    assert leaving.sent() == [
        ("Tags", "$remove", ("lounge",)),
        ("Tier", "set", "Standard"),
    ]
    entries = fold(leaving, *entries)
    assert (entries[0].cohorts, entries[0].attributes) == ((), {})
    again = plan(vip(project_view), *entries)
    assert (again.changes, again.settled) == ((), {})


def test_a_change_says_which_cohorts_were_left(project_view, plan, entry):
    project = vip(project_view).cohort("beta", ["u1"], {"Plan": "Gold"})
    change = plan(project, entry(cohorts=("beta", "vip"))).change()
    assert (change.settled.cohorts, change.left) == (("beta",), ("vip",))


def test_a_list_of_parting_words_is_forgotten_whoever_made_it(
    project_view, plan, entry
):
    project = project_view().cohort("vip", leave={"Tags": ["a"]})
    read = KnownValue("Tags", "list", present=("a", "b"), complete=True)
    planned = plan(project, entry(cohorts=("vip",), attributes={"Tags": read}))
    assert planned.sent() == [("Tags", "$remove", ("b",))]
    settled = planned.change().settled
    assert (settled.forget, settled.ours) == (("tags",), ())


def test_parting_words_that_mean_nothing_are_an_error(project_view, faults, entry):
    project = project_view().cohort("vip", leave={"Gender": "Q"})
    assert [code for code, _ in faults(project, entry(cohorts=("vip",)))] == ["CT514"]


def test_parting_words_of_two_cohorts_that_differ_are_an_error(
    project_view, faults, entry
):
    project = project_view().cohort("vip", leave={"Tier": "Standard"})
    project.cohort("old", leave={"Tier": "None"})
    ((code, _),) = faults(project, entry(cohorts=("old", "vip")))
    assert code == "CT309"


def test_a_place_that_declares_the_attribute_wins_over_the_parting_words(
    project_view, plan, entry
):
    known = entry(attributes={"Tier": "VIP"}, cohorts=("vip",))
    project = vip(project_view).says("u1", {"Tier": "Gold"})
    assert plan(project, known).sent() == [("Tier", "set", "Gold")]


def test_a_cohort_that_no_longer_exists_has_no_parting_words(
    project_view, plan, entry, key
):
    known = entry(attributes={"Tier": "VIP"}, cohorts=("vip",))
    planned = plan(project_view(), known)
    assert planned.changes == ()
    assert planned.settled[key("u1")].cohorts == ()


def test_parting_words_that_already_hold_are_only_forgotten(
    project_view, plan, entry, key
):
    known = entry(attributes={"Tier": "Standard"}, cohorts=("vip",))
    planned = plan(vip(project_view), known)
    assert planned.changes == ()
    settled = planned.settled[key("u1")]
    assert (settled.cohorts, settled.forget) == ((), ("tier",))


def test_a_profile_that_was_found_gone_gets_no_parting_words(project_view, plan, entry):
    known = entry(attributes={"Tier": "VIP"}, cohorts=("vip",), gone=True)
    assert plan(vip(project_view), known).changes == ()


def test_parting_words_count_as_an_update(project_view, plan, entry):
    known = entry(attributes={"Tier": "VIP"}, cohorts=("vip",))
    planned = plan(vip(project_view), known)
    assert (planned.profiles["update"], planned.profiles["undeclared"]) == (1, 1)


def test_nobody_leaves_a_cohort_while_what_is_given_then_waits_in_a_file():
    """Whoever comes into another cohort meanwhile is in both."""
    known = (KnownValue("Tier", "string", "VIP"), KnownValue("Plan", "string", "Free"))
    entry = Entry(
        ProfileKey("identity", "u1"),
        {each.name.lower(): each for each in known},
        ("vip", "old", "a", "b", "c"),
        fingerprint="ab",
    )
    wanted = DesiredProfile(
        {"plan": DesiredValue("Plan", "string", "Gold")},
        leaving={"tier": DesiredValue("Tier", "string", "Standard", leaving=True)},
        cohorts=("new",),
    )
    for waiting, cohorts in (
        (("tier",), ("a", "b", "c", "new", "old", "vip")),
        ((), ("new",)),
    ):
        candidate = Candidate(entry.key, (), entry, "cd")
        built = build_change(
            candidate, replace(wanted, waiting=waiting), ValueContext(), Attribute
        )
        assert built.change.settled.cohorts == cohorts


@pytest.mark.parametrize(
    ("is_named", "settles", "mark"),
    [(True, True, "cd"), (True, False, None), (False, True, None)],
)
def test_a_fingerprint_is_kept_only_of_what_is_named_and_wholly_known(
    is_named, settles, mark
):
    """Else the next plan would not look at who is not as declared yet."""
    wanted = DesiredProfile(
        {"plan": DesiredValue("Plan", "string", "Gold")},
        is_named=is_named,
        settles=settles,
    )
    candidate = Candidate(ProfileKey("identity", "u1"), fingerprint="cd")
    built = build_change(candidate, wanted, ValueContext(), Attribute)
    assert built.change.settled.fingerprint == mark


def test_the_place_of_parting_words_is_named_once(project_view, plan, entry):
    project = project_view().cohort("vip", leave={"Tier": "Standard", "Team": "none"})
    change = plan(project, entry(cohorts=("vip",))).change()
    assert len(change.operations) == 2
    assert [origin.cohort for origin in change.origins] == ["vip"]
