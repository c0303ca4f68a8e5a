"""Words and ids of rows that can be sent as they stand: sent, and told each time."""

from ctsync.model.fault import Fault

ODD = {"Plan": "null"}


def test_an_odd_word_is_told_of_every_row_that_has_it(project_view, plan):
    rows = [("u1", ODD), ("u2", ODD), ("u3", {"Plan": "Gold"})]
    planned = plan(project_view().table("t", ["Plan"], rows))
    assert planned.codes == {"CT631": 2}
    assert planned.sent("u2") == [("Plan", "set", "null")]


def test_an_odd_word_of_a_spec_was_meant(project_view, plan):
    assert plan(project_view().says("u1", ODD)).codes == {}


def test_an_odd_word_that_the_platform_has_already_is_not_told_again(
    project_view, plan, entry
):
    project = project_view().table("t", ["Plan"], [("u1", ODD), ("u2", ODD)])
    planned = plan(project, entry(attributes={"Plan": "null"}))
    assert planned.codes == {"CT631": 1}


def test_a_cell_that_cannot_be_read_is_told_whatever_is_known(
    project_view, faults, entry
):
    bad = Fault("CT623", "map has no such word", "add it", "Gold")
    project = project_view().table("t", ["Plan"], [("u1", {"Plan": bad})])
    assert faults(project, entry(attributes={"Plan": "Gold"})) == [
        ("CT623", "map has no such word")
    ]


def test_an_odd_id_of_a_row_is_a_warning_and_sent(project_view, plan):
    rows = [("nan", {"Plan": "Gold"}), ("u1", {"Plan": "Gold"})]
    planned = plan(project_view().table("t", ["Plan"], rows))
    assert planned.codes == {"CT630": 1}
    assert planned.sent("nan") == [("Plan", "set", "Gold")]


def test_an_odd_id_is_cured_where_its_column_is_read(project_view, plan):
    project = project_view().table("t", ["Plan"], [("7.0", {"Plan": "Gold"})])
    (found,) = plan(project).document.foot.diagnostics
    assert found.hint.startswith("compute: {key: ")
    assert "id" in found.hint


def test_an_odd_id_of_a_spec_was_meant(project_view, plan):
    assert plan(project_view().says("nan", {"Plan": "Gold"})).codes == {}


def test_an_odd_id_of_a_members_row_is_a_warning(project_view, plan):
    project = project_view().cohort("vip")
    project.says("nan", {}, file="vip.csv", cohort="vip", line=None, row=1)
    assert plan(project).codes == {"CT630": 1}
