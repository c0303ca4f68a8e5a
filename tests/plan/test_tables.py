"""What tables make of attributes that no place declares: left alone, or removed."""

import pytest

from ctsync.errors import UsageError
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal
from ctsync.plan.profile.missing_row_rules import MissingRowRules, missing_row_rules

LISTS = {"Tags": "list", "Plan": "string"}


def ours(*values, present=()):
    known = tuple(sorted({*values, *present}))
    return KnownValue("Tags", "list", owned=True, present=known, ours=values)


# Rows that are there


def test_a_row_declares_as_any_other_place_does(project_view, plan, entry):
    project = project_view().table("t", ["Plan"], [("u1", {"Plan": "Gold"})])
    planned = plan(project, entry(attributes={"Plan": "Free"}))
    assert planned.sent() == [("Plan", "set", "Gold")]
    (origin,) = planned.change().origins
    assert (origin.file, origin.line, origin.row, origin.table) == (
        "t.csv",
        None,
        1,
        "t",
    )


def test_an_applied_row_is_at_rest(project_view, plan, fold):
    project = project_view().table("t", ["Plan"], [("u1", {"Plan": "Gold"})])
    after = fold(plan(project))
    again = plan(project, *after)
    assert again.changes == ()
    assert again.profiles["unchanged"] == 1
    assert again.settled == {}


def test_a_blank_cell_leaves_the_attribute_alone(project_view, plan, entry):
    project = project_view().table("t", ["Plan", "City"], [("u1", {"Plan": "Gold"})])
    known = entry(attributes={"Plan": "Gold", "City": "Rome"})
    planned = plan(project, known)
    assert planned.changes == ()
    assert planned.settled[known.key].forget == ()
    assert planned.settled[known.key].fingerprint is not None


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
@pytest.mark.parametrize("missing", ["keep", "remove"])
def test_a_blank_cell_is_left_alone_under_every_policy(
    project_view, plan, entry, undeclared, missing
):
    project = project_view(undeclared=undeclared)
    project.table("t", ["Plan", "Name", "Tags"], [("u1", {"Plan": "Gold"})],
                  missing=missing)  # fmt: skip
    attributes = {"Plan": "Gold", "Name": "Jo", "Tags": ours("a")}
    assert plan(project, entry(attributes=attributes)).changes == ()


def test_a_removing_cell_removes_what_can_be_removed(project_view, plan, entry):
    project = project_view().table("t", ["Name"], [("u1", {"Name": None})])
    planned = plan(project, entry(attributes={"Name": "Jo"}))
    assert planned.sent() == [("Name", "$delete", 1)]
    assert planned.profiles["remove"] == 1


def test_what_a_removing_cell_cannot_remove_is_an_error(project_view, faults):
    project = project_view().table("t", ["Plan"], [("u1", {"Plan": None})])
    ((code, _),) = faults(project)
    assert code == "CT204"


def test_an_including_cell_that_is_empty_takes_back_what_it_included(
    project_view, plan, entry
):
    project = project_view(catalog=LISTS)
    project.table("t", ["Tags"], [("u1", {"Tags": {"include": []}})])
    known = entry(attributes={"Tags": ours("a", present=("z",))})
    assert plan(project, known).sent() == [("Tags", "$remove", ("a",))]


# Rows that are missing


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
def test_a_table_shields_its_attributes_on_profiles_that_it_does_not_list(
    project_view, plan, entry, undeclared
):
    project = project_view(undeclared=undeclared).table("t", ["Plan", "Tags", "Name"])
    project.says("u1", {"City": "Rome"})
    attributes = {"City": "Rome", "Plan": "Gold", "Tags": ours("a"), "Name": "Jo"}
    known = entry(attributes=attributes)
    planned = plan(project, known)
    assert planned.changes == ()
    assert planned.settled[known.key].forget == ()


@pytest.mark.parametrize("undeclared", ["keep", "remove"])
def test_who_left_a_keeping_table_and_is_named_nowhere_is_undeclared(
    project_view, plan, entry, undeclared
):
    project = project_view(undeclared=undeclared).table("t", ["Plan", "Tags"])
    planned = plan(project, entry(attributes={"Plan": "Gold", "Tags": ours("a")}))
    assert planned.changes == ()
    assert planned.profiles["undeclared"] == 1
    assert planned.settled == {}


def test_what_no_table_has_leaves_as_ever(project_view, plan, entry):
    project = project_view().table("t", ["Plan"]).says("u1", {"City": "Rome"})
    known = entry(attributes={"City": "Rome", "Plan": "Gold", "Zip": "1"})
    assert plan(project, known).change().released == ("Zip",)


def test_a_removing_table_removes_what_can_be_removed(project_view, plan, entry):
    project = project_view().table("t", ["Name", "Tags"], missing="remove")
    tags = KnownValue("Tags", "list", owned=True, present=("a",), complete=True)
    known = entry(attributes={"Name": "Jo", "Tags": tags})
    planned = plan(project, known)
    assert planned.sent() == [("Name", "$delete", 1), ("Tags", "$remove", ("a",))]
    assert planned.change().settled.forget == ("name", "tags")
    assert (planned.profiles["undeclared"], planned.profiles["remove"]) == (1, 1)


def test_a_removing_table_removes_of_named_profiles_too(project_view, plan, entry):
    project = project_view().table("t", ["Name"], missing="remove")
    project.says("u1", {"City": "Rome"})
    known = entry(attributes={"City": "Rome", "Name": "Jo", "Zip": "1"})
    planned = plan(project, known)
    assert planned.sent() == [("Name", "$delete", 1)]
    assert planned.change().released == ("Zip",)


def test_what_a_removing_table_cannot_remove_is_released_with_a_warning(
    project_view, plan, entry
):
    project = project_view().table("t", ["Plan"], missing="remove")
    planned = plan(project, entry(attributes={"Plan": "Gold"}))
    assert planned.sent() == []
    assert planned.change().released == ("Plan",)
    assert planned.codes == {"CT403": 1}


def test_a_removing_table_removes_only_what_ctsync_sent(project_view, plan, entry):
    project = project_view().table("t", ["Name"], missing="remove")
    assert (
        plan(
            project, entry(attributes={"Name": KnownValue("", "string", "Jo")})
        ).changes
        == ()
    )


def test_a_removing_table_leaves_what_another_place_declares(project_view, plan, entry):
    project = project_view().table("t", ["Name"], missing="remove")
    project.says("u1", {"Name": "Jo"})
    planned = plan(project, entry(attributes={"Name": "Jo"}))
    assert planned.changes == ()


def test_what_one_table_shields_no_other_removes(project_view, plan, entry):
    project = project_view(undeclared="remove")
    project.table("a", ["Name"], missing="remove").table("b", ["Name"])
    assert plan(project, entry(attributes={"Name": "Jo"})).changes == ()


def test_a_removing_table_does_nothing_to_attributes_of_others(
    project_view, plan, entry
):
    project = project_view().table("t", ["Name"], missing="remove")
    planned = plan(project, entry(attributes={"Gender": "M"}))
    assert planned.changes == ()
    assert planned.profiles["undeclared"] == 1


def test_limits_hold_what_a_removing_table_removes(project_view, plan, entry, crowd):
    project = project_view(limits={"remove": "5%", "update": "100%"})
    project.table("t", ["Name"], [("c00001", {"Name": "Jo"})], missing="remove")
    planned = plan(project, *crowd(20, attributes={"Name": "Jo"}))
    assert planned.blocked == {"limits.remove": 19}


def test_a_gone_profile_has_nothing_to_remove(project_view, plan, entry):
    project = project_view().table("t", ["Name"], missing="remove")
    assert plan(project, entry(attributes={"Name": "Jo"}, gone=True)).changes == ()


def test_a_profile_that_comes_back_to_its_row_is_at_rest(
    project_view, plan, entry, fold
):
    def project(*rows):
        return project_view().table("t", ["Plan"], rows).says("u1", {"City": "Rome"})

    row = ("u1", {"Plan": "Gold"})
    after = fold(plan(project(row)))
    without = plan(project(), *after)
    assert without.changes == ()
    again = plan(project(row), *fold(without, *after))
    assert again.changes == ()


# Lists between tables and other places


def test_an_included_value_of_a_shielding_table_is_not_taken_back(
    project_view, plan, entry
):
    project = project_view(catalog=LISTS).table("t", ["Tags"])
    project.says("u1", {"Tags": {"include": ["b"]}})
    planned = plan(project, entry(attributes={"Tags": ours("a")}))
    assert planned.sent() == [("Tags", "$add", ("b",))]


def test_an_included_value_of_a_listed_row_is_taken_back(project_view, plan, entry):
    project = project_view(catalog=LISTS)
    project.table("t", ["Tags"], [("u1", {"Tags": {"include": ["b"]}})])
    planned = plan(project, entry(attributes={"Tags": ours("a", "b")}))
    assert planned.sent() == [("Tags", "$remove", ("a",))]


# Once and locked


def test_once_and_locked_hold_for_rows(project_view, plan, entry):
    catalog = {
        "First Order": {"kind": "string", "write": "once"},
        "Plan": {"kind": "string", "write": "locked"},
    }
    row = ("u1", {"First Order": "b", "Plan": "Gold"})
    project = project_view(catalog=catalog).table("t", list(catalog), [row])
    planned = plan(project, entry(attributes={"First Order": "a", "Plan": "Free"}))
    assert planned.sent() == [("Plan", "set", "Gold")]
    assert planned.summary["once_held"] == 1
    assert planned.blocked == {"locked": 1}


def test_a_locked_attribute_of_a_missing_row_blocks(project_view, plan, entry):
    catalog = {"Name": {"kind": "string", "write": "locked"}}
    project = project_view(catalog=catalog).table("t", ["Name"], missing="remove")
    planned = plan(project, entry(attributes={"Name": "Jo"}))
    assert planned.blocked == {"locked": 1}


# Owners


def test_a_row_and_an_entry_that_disagree_are_both_named(project_view, faults):
    project = project_view().table("t", ["Plan"], [("u1", {"Plan": "Gold"})])
    project.says("u1", {"Plan": "Free"}, line=7)
    ((code, message),) = faults(project)
    assert code == "CT309"
    assert "people.yaml:7" in message


def test_keys_of_rows_that_are_easily_confused_are_warned_about(project_view, plan):
    rows = [
        ("Jo@x.io", {"Plan": "a"}),
        ("jo@x.io", {"Plan": "b"}),
        ("k", {"Plan": "c"}),
    ]
    planned = plan(project_view().table("t", ["Plan"], rows))
    assert planned.codes == {"CT312": 1}
    (found,) = planned.document.foot.diagnostics
    assert (found.file, found.row, found.severity) == ("t.csv", 2, "warning")
    assert "t.csv row 1" in found.message
    assert "jo@" not in str(found).lower()


@pytest.mark.parametrize(
    ("first", "second"), [("Jo", "jo"), ("É", "é"), ("e\u0301", "é")]
)
def test_a_key_of_a_row_is_compared_with_one_of_an_entry(
    project_view, plan, first, second
):
    for entry_key, row_key in ((first, second), (second, first)):
        project = project_view().table("t", ["Plan"], [(row_key, {"Plan": "a"})])
        project.says(f"identity={entry_key}", {"Plan": "b"})
        assert plan(project).codes == {"CT312": 1}


def test_of_several_keys_that_are_alike_the_first_is_named(project_view, plan):
    project = project_view().says("JO", {"Plan": "a"}).says("Jo", {"Plan": "b"})
    planned = plan(project.table("t", ["Plan"], [("jo", {"Plan": "c"})]))
    (found,) = planned.document.foot.diagnostics
    assert "the one at people.yaml:1 " in found.message


def test_keys_of_entries_are_compared_where_they_are_read(project_view, plan):
    project = project_view().says("Jo", {"Plan": "a"}).says("jo", {"Plan": "b"})
    assert plan(project).codes == {}


# Selecting


@pytest.mark.parametrize("rows", [[], [("u1", {"Plan": "Gold"})]])
def test_a_table_can_be_chosen_without_a_candidate(
    project_view, plan, entry, fold, rows
):
    project = project_view().table("loyalty", ["Plan"], rows)
    after = fold(plan(project))
    assert plan(project, *after, targets=["table=loy*"]).changes == ()


def test_a_misspelt_table_names_the_nearest(project_view, plan):
    project = project_view().table("loyalty", ["Plan"])
    with pytest.raises(UsageError) as caught:
        plan(project, targets=["table=loyaltee"])
    assert caught.value.hint == "nearest: loyalty"


def test_a_table_is_chosen_by_its_name(project_view, plan):
    project = project_view().table("a", ["Plan"], [("u1", {"Plan": "Gold"})])
    project.table("b", ["Plan"], [("u2", {"Plan": "Gold"})])
    planned = plan(project, targets=["table=b"])
    assert [change.key.id for change in planned.changes] == ["u2"]


# Members from files


def member(project, key="u1", row=1, **words):
    return project.says(key, words, file="vip.csv", cohort="vip", line=None, row=row)


def test_a_member_of_a_file_is_a_member(project_view, plan, entry):
    project = project_view().cohort("vip", leave={"Tier": "Standard"})
    member(project, Tier="VIP")
    planned = plan(project, entry("u2", attributes={"Tier": "VIP"}, cohorts=("vip",)))
    assert planned.sent("u1") == [("Tier", "set", "VIP")]
    assert planned.change("u1").settled.cohorts == ("vip",)
    assert planned.sent("u2") == [("Tier", "set", "Standard")]


def test_what_a_cohort_says_wrongly_is_said_once_and_where_it_stands(
    project_view, plan
):
    project = project_view(catalog={"Tier": "string"}).cohort("vip")
    for row in (1, 2, 3):
        member(project, f"u{row}", row, Tier=Literal("5", "number", 5))
    with pytest.raises(Exception, match="1 error") as caught:
        plan(project)
    (found,) = caught.value.findings
    assert (found.code, found.file, found.row) == ("CT203", "cohorts.yaml", None)
    assert found.line == 1


def test_a_row_of_a_member_that_cannot_be_read_is_told_with_its_row(project_view, plan):
    project = project_view().cohort("vip")
    wrong = Fault("CT314", "the identifier is empty", "write the id")
    project.says(None, {"Tier": "VIP"}, file="vip.csv", cohort="vip", row=4,
                 line=None, faults=(wrong,))  # fmt: skip
    with pytest.raises(Exception, match="1 error") as caught:
        plan(project)
    (found,) = caught.value.findings
    assert (found.code, found.file, found.row) == ("CT314", "vip.csv", 4)


# The rule itself


@pytest.mark.parametrize(
    ("tables", "listed", "kept", "swept"),
    [
        ({}, {}, "", ""),
        ({"t": ("ab", "keep")}, {}, "ab", ""),
        ({"t": ("ab", "remove")}, {}, "", "ab"),
        ({"t": ("ab", "remove")}, {"t": "a"}, "b", ""),
        ({"t": ("ab", "keep")}, {"t": "ab"}, "", ""),
        ({"t": ("ab", "remove"), "s": ("bc", "keep")}, {}, "bc", "a"),
        ({"t": ("ab", "remove"), "s": ("bc", "keep")}, {"s": "b"}, "c", "ab"),
    ],
)
def test_what_is_kept_and_what_is_swept(project_view, tables, listed, kept, swept):
    project = project_view()
    for name, (attributes, missing) in tables.items():
        project.table(name, attributes, missing=missing)
    rows = {name: frozenset(found) for name, found in listed.items()}
    wanted = MissingRowRules(frozenset(kept), frozenset(swept))
    assert missing_row_rules(project.tables.values(), rows) == wanted
