"""`write: once` and `write: locked`."""

import pytest

from ctsync.model.entry import KnownValue

ONCE = {"First": {"kind": "string", "write": "once"}}
LOCKED = {"Plan": {"kind": "string", "write": "locked"}}
LOCKED_LIST = {"Tags": {"kind": "list", "write": "locked"}}


def test_a_once_attribute_is_sent_while_nothing_is_known(project_view, plan):
    project = project_view(catalog=ONCE).says("u1", {"First": "a"})
    planned = plan(project)
    assert planned.sent() == [("First", "set", "a")]
    assert planned.summary["once_held"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"First": "a"}},
        {"attributes": {"First": KnownValue("First", "string", "a")}},
        {"attributes": {"First": "a"}, "once": ("first",)},
        {"once": ("first",)},
        {
            "attributes": {"First": KnownValue("First", "string", "a", certain=False)},
            "once": ("first",),
        },
    ],
)
def test_a_once_attribute_is_never_sent_after_it_was_written_or_read(
    project_view, plan, entry, fields
):
    project = project_view(catalog=ONCE).says("u1", {"First": "b"})
    planned = plan(project, entry(**fields))
    assert planned.changes == ()
    assert planned.summary["once_held"] == 1
    assert planned.codes == {"CT404": 1}
    (finding,) = planned.document.foot.diagnostics
    assert finding.severity == "info"


def test_an_attempt_of_unknown_outcome_is_sent_again(project_view, plan, entry):
    known = KnownValue("First", "string", None, certain=False, maybe=("a",))
    project = project_view(catalog=ONCE).says("u1", {"First": "a"})
    planned = plan(project, entry(attributes={"First": known}))
    assert planned.sent() == [("First", "set", "a")]


def test_a_value_that_is_not_certain_holds_nothing(project_view, plan, entry):
    known = KnownValue("First", "string", "a", certain=False)
    project = project_view(catalog=ONCE).says("u1", {"First": "b"})
    planned = plan(project, entry(attributes={"First": known}))
    assert planned.sent() == [("First", "set", "b")]


def test_a_change_names_what_it_writes_once(project_view, plan):
    project = project_view(catalog=ONCE).says("u1", {"First": "a", "Plan": "Gold"})
    assert plan(project).change().once == ("first",)


def test_a_known_absence_does_not_hold_a_once_attribute(project_view, plan, entry):
    project = project_view(catalog=ONCE).says("u1", {"First": "a"})
    known = entry(attributes={"First": KnownValue("First", "string")})
    assert plan(project, known).sent() == [("First", "set", "a")]


def test_a_held_attribute_keeps_the_entry_without_a_fingerprint(
    project_view, plan, entry
):
    project = project_view(catalog=ONCE).says("u1", {"First": "b", "Plan": "Gold"})
    planned = plan(project, entry(attributes={"First": "a", "Plan": "Free"}))
    assert planned.sent() == [("Plan", "set", "Gold")]
    assert planned.change().settled.fingerprint is None


def test_a_gone_profile_is_written_again(project_view, plan, entry):
    project = project_view(catalog=ONCE).says("u1", {"First": "b"})
    gone = entry(attributes={"First": "a"}, once=("first",), gone=True)
    assert plan(project, gone).sent() == [("First", "set", "b")]


@pytest.mark.parametrize(
    "known",
    [
        None,
        KnownValue("Plan", "string"),
        KnownValue("Plan", "string", "Free", certain=False),
    ],
)
def test_a_locked_attribute_may_be_written_where_nothing_is_certain(
    project_view, plan, entry, known
):
    project = project_view(catalog=LOCKED).says("u1", {"Plan": "Gold"})
    attributes = {} if known is None else {"Plan": known}
    planned = plan(project, entry(attributes=attributes))
    assert planned.sent() == [("Plan", "set", "Gold")]
    assert "locked" not in planned.blocked


def test_a_change_of_a_locked_value_blocks_and_is_shown(project_view, plan, entry):
    project = project_view(catalog=LOCKED).says("u1", {"Plan": "Gold"})
    planned = plan(project, entry(attributes={"Plan": "Free"}))
    assert planned.blocked == {"locked": 1}
    assert planned.codes == {"CT401": 1}
    assert planned.sent() == [("Plan", "set", "Gold")]


def test_nothing_lifts_a_lock(project_view, plan, entry):
    project = project_view(catalog=LOCKED).says("u1", {"Plan": "Gold"})
    known = entry(attributes={"Plan": "Free"})
    accepted = dict.fromkeys(("create", "update", "remove", "opt_in", "skip"), 99)
    assert plan(project, known, accepted=accepted).blocked == {"locked": 1}


def test_an_equal_locked_value_does_not_block(project_view, plan, entry):
    project = project_view(catalog=LOCKED).says("u1", {"Plan": "Gold"})
    assert plan(project, entry(attributes={"Plan": "Gold"})).blocked == {}


def test_removing_a_locked_name_blocks(project_view, plan, entry):
    catalog = {"Name": {"kind": "string", "write": "locked"}}
    project = project_view(catalog=catalog).says("u1", {"Name": None})
    assert plan(project, entry(attributes={"Name": "Jack"})).blocked == {"locked": 1}


@pytest.mark.parametrize(
    ("known", "words", "blocks"),
    [
        (["a"], ["a", "b"], True),
        (["a"], ["b"], True),
        (["a"], None, True),
        (["a"], ["a"], False),
        ([], ["a"], False),
        (KnownValue("Tags", "list", present=("a",), maybe=("b",)), ["c"], True),
        (KnownValue("Tags", "list", maybe=("b",)), ["c"], False),
        (KnownValue("Tags", "list", absent=("x",)), {"include": ["a"]}, False),
    ],
)
def test_a_locked_list_may_not_change_what_is_certainly_in_it(
    project_view, plan, entry, known, words, blocks
):
    project = project_view(catalog=LOCKED_LIST).says("u1", {"Tags": words})
    planned = plan(project, entry(attributes={"Tags": known}))
    assert planned.blocked == ({"locked": 1} if blocks else {})


def test_a_locked_attribute_that_left_the_spec_is_not_removed(
    project_view, plan, entry
):
    project = project_view(catalog=LOCKED_LIST, undeclared="remove").says(
        "u1", {"P": "x"}
    )
    known = entry(attributes={"Tags": ["a"], "P": "x"})
    assert plan(project, known).blocked == {"locked": 1}


def test_a_lock_that_was_not_selected_does_not_block(project_view, plan, entry):
    project = project_view(catalog=LOCKED).says("u1", {"Plan": "Gold", "Team": "b"})
    known = entry(attributes={"Plan": "Free", "Team": "a"})
    assert plan(project, known, targets=["attribute=Team"]).blocked == {}
