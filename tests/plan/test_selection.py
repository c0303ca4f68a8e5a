"""`--target` and `--exclude`."""

import pytest

from ctsync.errors import UsageError
from ctsync.model.entry import KnownValue, entry_from_line, entry_line
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.selector_kinds import SELECTOR_KINDS
from ctsync.plan.selection import Selection, parse_selector


@pytest.fixture
def project(project_view):
    made = project_view()
    made.says("u1", {"Plan": "Gold", "Team": "a"}, file="people/a.yaml")
    made.says("u2", {"Plan": "Gold", "Team": "b"}, file="people/b.yaml")
    made.says("objectId=o1", {"Team": "b"}, file="devices.yaml")
    made.says("u3", {"Points": 5}, file="x.csv", row=1, table="loyalty")
    made.cohort("vip", ["u1"], {"Tier": "VIP"})
    return made


def chosen(planned):
    return [
        f"{change.key}:{op.attribute}"
        for change in planned.changes
        for op in change.operations
    ]


@pytest.mark.parametrize(
    ("targets", "excludes", "expected"),
    [
        (["identity=u2"], [], ["u2:Plan", "u2:Team"]),
        (["identity=u2", "identity=u3"], [], ["u2:Plan", "u2:Team", "u3:Points"]),
        (["identity=u*", "attribute=Plan"], [], ["u1:Plan", "u2:Plan"]),
        (["attribute=Plan", "attribute=Tier"], [], ["u1:Plan", "u1:Tier", "u2:Plan"]),
        (["attribute=T*"], [], ["u1:Team", "u1:Tier", "u2:Team", "objectId=o1:Team"]),
        (["objectId=*"], [], ["objectId=o1:Team"]),
        (["file=people/*", "attribute=Team"], [], ["u1:Team", "u2:Team"]),
        (["cohort=vip"], [], ["u1:Plan", "u1:Team", "u1:Tier"]),
        (["table=loy*"], [], ["u3:Points"]),
        (["action=create", "identity=u3"], [], ["u3:Points"]),
        (["action=update"], [], []),
        ([], ["identity=u*"], ["objectId=o1:Team"]),
        ([], ["cohort=vip", "table=*", "objectId=*"], ["u2:Plan", "u2:Team"]),
        (["identity=u1"], ["attribute=T*"], ["u1:Plan"]),
        (["identity=u1"], ["identity=u1"], []),
        (["attribute=Plan"], ["attribute=P*"], []),
        (["identity=u1", "objectId=o1"], [], []),
    ],
)  # fmt: skip
def test_several_of_a_kind_any_several_kinds_all_and_exclude_wins(
    project, plan, targets, excludes, expected
):
    planned = plan(project, targets=targets, excludes=excludes)
    assert sorted(chosen(planned)) == sorted(expected)


@pytest.mark.parametrize("leave", [{"Tier": "Standard"}, {}])
def test_a_cohort_selects_its_members_and_who_leaves_it(
    project_view, plan, entry, leave
):
    """Also where who leaves is declared elsewhere."""
    project = project_view().cohort("vip", ["u1"], {"Tier": "VIP"}, leave=leave)
    for name in ("u1", "u2", "u3"):
        project.says(name, {"Plan": "Gold"})
    member = {"attributes": {"Plan": "Free", "Tier": "VIP"}, "cohorts": ("vip",)}
    known = [entry(name, **member) for name in ("u1", "u2")]
    known.append(entry("u3", attributes={"Plan": "Free"}))
    given = ["u2:Tier"] if leave else []
    inside = plan(project, *known, targets=["cohort=vip"])
    assert sorted(chosen(inside)) == sorted(["u1:Plan", "u2:Plan", *given])
    assert inside.document.foot.left_out == 1
    outside = plan(project, *known, excludes=["cohort=vip"])
    assert chosen(outside) == ["u3:Plan"]


def test_a_plan_says_how_many_changes_it_leaves_out(project, plan):
    assert plan(project, targets=["identity=u1"]).document.foot.left_out == 3
    assert plan(project).document.foot.left_out == 0


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("identity=u12", "nearest: u"),
        ("attribute=Pla", "nearest: Plan"),
        ("cohort=vpi", "nearest: vip"),
        ("file=people/c.yaml", "nearest: people/"),
        ("table=loyalti", "nearest: loyalty"),
        ("action=creat", "nearest: create"),
        ("objectId=o12", "nearest: o1"),
        ("FBID=1", None),
    ],
)
@pytest.mark.parametrize("option", ["targets", "excludes"])
def test_a_selector_that_matches_nothing_names_the_nearest(
    project, plan, selector, hint, option
):
    with pytest.raises(UsageError) as caught:
        plan(project, **{option: [selector]})
    assert selector in caught.value.message
    assert (caught.value.hint or "").startswith(hint or "")
    assert caught.value.exit_code == 64


def test_names_of_profiles_with_nothing_to_do_are_met_too(
    project_view, plan, entry, fold
):
    project = project_view().cohort("vip", ["u1"], {"Tier": "VIP"})
    entries = fold(plan(project))
    for selector in ("identity=u1", "attribute=Tier", "cohort=vip", "file=coh*"):
        assert plan(project, *entries, targets=[selector]).changes == ()


@pytest.mark.parametrize("text", ["plan", "=x", "identity=", "colour=red", "identity"])
def test_a_selector_is_kind_and_glob(text):
    with pytest.raises(UsageError) as caught:
        parse_selector(text)
    assert all(kind in caught.value.hint for kind in SELECTOR_KINDS)


def test_a_kind_nearly_right_is_named():
    with pytest.raises(UsageError) as caught:
        parse_selector("identitiy=u1")
    assert caught.value.hint == "did you mean identity=u1?"


def test_whoever_says_id_is_told_the_name_of_that_kind():
    with pytest.raises(UsageError) as caught:
        parse_selector("id=u1")
    assert caught.value.hint == "did you mean identity=u1?"


def test_no_more_than_three_names_are_near(project_view, plan):
    project = project_view().says("u1", {f"Plan{n}": "a" for n in range(9)})
    with pytest.raises(UsageError) as caught:
        plan(project, targets=["attribute=Plan"])
    assert caught.value.hint.count("Plan") == 3


def test_a_cohort_selects_nobody_who_was_found_gone(project_view, plan, entry):
    """Of such an entry nothing is known any more."""
    project = project_view().cohort("vip", ["u2"], {"Tier": "VIP"})
    project.says("u1", {"Plan": "Gold"})
    gone = entry("u1", cohorts=("vip",), gone=True)
    planned = plan(project, gone, targets=["cohort=vip"])
    assert chosen(planned) == ["u2:Tier"]


def test_a_glob_is_held_by_letter_case(project, plan):
    with pytest.raises(UsageError):
        plan(project, targets=["attribute=plan"])


# What a partial plan leaves open


def test_a_chosen_attribute_leaves_the_rest_unsettled(project, plan, fold):
    partial = plan(project, targets=["identity=u1", "attribute=Plan"])
    change = partial.change()
    assert change.settled.fingerprint is None
    assert [operation.attribute for operation in change.operations] == ["Plan"]
    entries = fold(partial)
    rest = plan(project, *entries)
    assert [name for name, *_ in rest.sent()] == ["Team", "Tier"]


def test_a_whole_profile_that_was_chosen_is_settled(project, plan):
    change = plan(project, targets=["identity=u2"]).change("u2")
    assert change.settled.fingerprint is not None


def test_a_partial_plan_settles_no_profile_in_passing(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"}).says("u2", {"Plan": "Gold"})
    known = entry("u2", attributes={"Plan": "Gold"})
    assert plan(project, known, targets=["identity=u1"]).settled == {}


def test_a_membership_is_not_forgotten_before_its_parting_words(
    project_view, plan, entry, fold
):
    project = project_view().cohort("vip", leave={"Tier": "Standard", "Team": "none"})
    known = entry(cohorts=("vip",))
    partial = plan(project, known, targets=["attribute=Tier"])
    assert partial.sent() == [("Tier", "set", "Standard")]
    assert partial.change().settled.cohorts == ("vip",)
    entries = fold(partial, known)
    rest = plan(project, *entries)
    assert rest.sent() == [("Team", "set", "none")]
    (after,) = fold(rest, *entries)
    assert (after.cohorts, after.attributes) == ((), {})


def test_only_chosen_attributes_are_released(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Plan": "Gold", "Team": "a", "Tier": "b"})
    change = plan(project, known, excludes=["attribute=Team"]).change()
    assert (change.released, change.settled.forget) == (("Tier",), ("tier",))


def test_an_update_of_which_only_releases_are_chosen_is_a_release(
    project_view, plan, entry
):
    project = project_view().says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Plan": "Free", "Team": "a"})
    planned = plan(project, known, targets=["attribute=Team"])
    assert planned.change().action == "release"
    assert planned.profiles["release"] == 1


def test_an_attribute_is_met_by_the_name_that_the_spec_gives_it(
    project_view, plan, entry
):
    """Also where the entry has it under another spelling, and nothing differs."""
    known = {"Plan": "Gold", "Team": "a"}
    stored = entry_from_line(entry_line(entry("u1", attributes=known)))
    made = project_view()
    made.says("u1", {"plan": "Gold", "Team": "b"}, file="a.yaml")
    planned = plan(made, stored, targets=["attribute=plan"])
    assert (chosen(planned), planned.document.foot.left_out) == ([], 1)


def test_a_chosen_attribute_is_settled_in_all_that_is_said_of_it(
    project_view, plan, entry
):
    """What it forgets, whose its values are, and that it had its one write."""
    catalog = {"Team": {"write": "once"}, "Plan": {"write": "once"}}
    project = project_view(undeclared="remove", catalog=catalog)
    project.says("u1", {"Plan": "Gold", "Team": "b", "Tags": ["a"]})
    read = KnownValue("Tags", "list", present=("a", "z"), complete=True)
    owned = KnownValue("More", "list", owned=True, present=("m",), complete=True)
    known = entry(attributes={"Tags": read, "More": owned})
    for name, forget, ours, once in (
        ("Tags", (), (("tags", None),), ()),
        ("More", ("more",), (), ()),
        ("Team", (), (), ("team",)),
    ):
        change = plan(project, known, targets=[f"attribute={name}"]).change()
        assert [op.attribute for op in change.operations] == [name]
        settled = change.settled
        assert (settled.forget, settled.ours, change.once) == (forget, ours, once)


def test_a_partial_plan_settles_names_in_one_order(project_view, plan, entry):
    names = [f"N{number}" for number in range(9)]
    cohorts = tuple(f"c{number}" for number in range(9))
    known = entry(attributes=dict.fromkeys(["Plan", *names], "a"), cohorts=cohorts)
    project = project_view().says("u1", {"Plan": "b"})
    for name in cohorts:
        project.cohort(name, leave={"Plan": "c"})
    change = plan(project, known, excludes=["attribute=Plan"]).change()
    assert change.settled.cohorts == cohorts
    assert change.settled.forget == tuple(name.lower() for name in names)


def test_a_cohort_that_only_entries_know_is_met(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Plan": "Gold"}, cohorts=("old",))
    assert plan(project, known, targets=["cohort=old"]).document.foot.left_out == 0


def test_what_matches_nothing_shows_no_identity_that_is_hidden():
    mask = Mask("0" * 32, all_identities=True)
    selection = Selection([parse_selector("identity=anna1")])
    selection.profile_seen(ProfileKey("identity", "anna2"), None)
    with pytest.raises(UsageError) as caught:
        selection.check(mask)
    assert "anna" not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.message.startswith("nothing matches identity=~")
    other = Selection([parse_selector("objectId=anna1")])
    other.profile_seen(ProfileKey("objectId", "anna2"), None)
    with pytest.raises(UsageError, match="objectId=anna1") as caught:
        other.check(mask)
    assert caught.value.hint == "nearest: anna2"
