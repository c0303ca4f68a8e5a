"""What a plan sends in the light of what the snapshot knows."""

import pytest
from msgspec.structs import replace

from ctsync.model.entry import KnownValue


def test_a_certain_value_that_differs_is_sent(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"})
    planned = plan(project, entry(attributes={"Plan": "Free"}))
    (operation,) = planned.change().operations
    assert (operation.operator, operation.prior) == ("set", "known")
    assert (operation.before, operation.after) == ("Free", "Gold")


def test_a_certain_value_that_is_equal_is_settled(project_view, plan, entry, key):
    project = project_view().says("u1", {"Plan": "Gold"})
    planned = plan(project, entry(attributes={"Plan": "Gold"}))
    assert planned.changes == ()
    assert planned.settled[key("u1")].fingerprint is not None


def test_after_the_fold_nothing_is_left_to_do(project_view, plan, fold):
    def project():
        return project_view(catalog={"Points": "counter"}).says(
            "u1", {"Plan": "Gold", "Tags": {"include": ["a"]}, "Points": 3}
        )

    entries = fold(plan(project()))
    planned = plan(project(), *entries)
    assert (planned.changes, planned.settled) == ((), {})
    assert planned.profiles["unchanged"] == 1


def test_a_gone_entry_is_created_anew(project_view, plan, entry):
    project = project_view().says("u1", {"Plan": "Gold"})
    planned = plan(project, entry(attributes={"Plan": "Gold"}, gone=True))
    assert planned.change().action == "create"
    assert planned.change().operations[0].prior == "unknown"
    assert planned.profiles["create"] == 1
    assert planned.profiles["entries"] == 0


def test_a_gone_entry_is_a_candidate_whatever_its_fingerprint(project_view, plan, fold):
    def project():
        return project_view().says("u1", {"Plan": "Gold"})

    (known,) = fold(plan(project()))
    planned = plan(project(), replace(known, gone=True))
    assert planned.change().action == "create"


def test_a_gone_counter_is_assigned_and_never_moved(project_view, plan, entry):
    project = project_view(catalog={"Points": "counter"}).says("u1", {"Points": 120})
    gone = entry(attributes={"Points": KnownValue("Points", "counter", 100)}, gone=True)
    assert plan(project, gone).sent() == [("Points", "set", 120)]


@pytest.mark.parametrize(
    ("known", "words", "sent", "prior"),
    [
        ("7", 7, ("Plan", "set", 7), "uncertain"),
        (7, "7", ("Plan", "set", "7"), "uncertain"),
        (True, "true", ("Plan", "set", "true"), "uncertain"),
        (["a"], "a", ("Plan", "set", "a"), "uncertain"),
        ("a", ["a", "b"], ("Plan", "$add", ("b",)), "known"),
    ],
)
def test_a_value_of_another_kind_is_uncertain(
    project_view, plan, entry, known, words, sent, prior
):
    project = project_view().says("u1", {"Plan": words})
    planned = plan(project, entry(attributes={"Plan": known}))
    assert planned.sent() == [sent]
    assert planned.change().operations[0].prior == prior


def test_a_number_that_became_a_counter_is_assigned(project_view, plan, entry):
    project = project_view(catalog={"Points": "counter"}).says("u1", {"Points": 5})
    assert plan(project, entry(attributes={"Points": 4})).sent() == [
        ("Points", "set", 5)
    ]


def test_a_known_attribute_is_found_whatever_its_spelling(project_view, plan, entry):
    project = project_view().says("u1", {"Customer Plan": "Gold"})
    known = entry(attributes={"customerplan": "Gold"})
    assert plan(project, known).changes == ()


def test_changes_are_sorted_by_id_type_id_and_attribute(project_view, plan):
    project = project_view()
    for key in ("objectId=a", "u2", "é", "u1", "FBID=z", "U1", "GPID=9"):
        project.says(key, {"b": "1", "a": "1", "C": "1"})
    planned = plan(project)
    assert [str(change.key) for change in planned.changes] == [
        "FBID=z", "GPID=9", "U1", "u1", "u2", "é", "objectId=a",
    ]  # fmt: skip
    assert [name for name, *_ in planned.sent()] == ["C", "a", "b"]
