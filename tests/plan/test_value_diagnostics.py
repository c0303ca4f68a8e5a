"""Words of rows in findings: whose they are, where they stand, and which are shown."""

import pytest

from ctsync.errors import SpecError
from ctsync.model.attribute import Attribute
from ctsync.model.change import Origin
from ctsync.model.fault import Fault
from ctsync.plan.findings import value_diagnostics
from ctsync.plan.findings.value_diagnostics import Place, PlacedFault, SharedWords

PLAN, TEAM = Attribute("Plan"), Attribute("Team")


def said(row, word="Gold", rule=PLAN):
    fault = Fault("CT207", "no such value", "write another", word)
    return PlacedFault(fault, rule, Place(Origin("t.csv", row=row, table="t"), ()))


def test_a_word_is_no_persons_own_once_three_rows_had_it():
    words = SharedWords()
    assert [words.is_shared(said(row)) for row in (1, 2, 3, 4)] == [
        False, False, True, True,
    ]  # fmt: skip


def test_one_row_has_a_word_once_however_often_it_is_told():
    words = SharedWords()
    assert not any(words.is_shared(said(1)) for _ in range(5))
    assert not words.is_shared(said(2))
    assert words.is_shared(said(3))


def test_words_are_counted_by_attribute():
    words = SharedWords()
    for row in (1, 2):
        words.is_shared(said(row))
    assert not words.is_shared(said(3, rule=TEAM))
    assert not words.is_shared(said(3, rule=None))
    assert not words.is_shared(said(3, word=None))
    assert words.is_shared(said(3))


def test_beyond_so_many_words_no_other_one_is_ever_shown(monkeypatch):
    monkeypatch.setattr(value_diagnostics, "_REMEMBERED", 2)
    words = SharedWords()
    for word in ("a", "b"):
        words.is_shared(said(1, word))
    assert not any(words.is_shared(said(row, "c")) for row in range(2, 9))
    assert [words.is_shared(said(row, "b")) for row in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Plan", ("u1", "attributes", "Plan")),
        ("My subscriptions.", ("u1", "attributes", "My subscriptions.")),
        ("subscriptions.email.News.x", ("u1", "subscriptions", "email", "News.x")),
    ],
)
def test_the_place_of_a_word_leads_to_it(name, path):
    place = Place(Origin("a.yaml", 3), ("u1", "attributes"))
    assert place.of(name) == Place(place.origin, path)


def test_what_many_rows_of_a_table_have_in_common_is_told_of_their_column(
    project_view, plan
):
    bad = [(f"u{number}", {"Gender": f"Q{number}"}) for number in range(30)]
    project = project_view(limits={"skip": "100%"})
    project.table("t", ["Gender"], bad, invalid="skip")
    assert plan(project).codes == {"CT514": 30 + 1, "CT626": 1}
    members = project_view().cohort("vip")
    for row in range(30):
        where = {"file": "vip.csv", "cohort": "vip", "line": None, "row": row + 1}
        members.says(f"{row}.0", {}, **where)
    assert plan(members).codes == {"CT630": 30}


def test_what_a_cell_lacks_is_told_with_what_its_table_can_do(project_view, plan):
    """Of what a cohort gives to those in its file, the project has the words."""
    words, view = {"Points": "1,5"}, {"catalog": {"Points": "number"}}
    project = project_view(limits={"skip": "100%"}, **view)
    planned = plan(project.table("t", ["Points"], [("u1", words)], invalid="skip"))
    cell, _ = planned.document.foot.diagnostics
    assert (cell.attribute, cell.hint) == ("Points", 'csv: {decimal: ","}')
    with pytest.raises(SpecError) as caught:
        plan(project_view(**view).says("u1", words))
    (said,) = caught.value.findings
    assert "42 or 1.5" in said.hint


def test_a_row_that_is_skipped_says_so_and_what_is_only_odd_stays_as_it_was(
    project_view, plan
):
    rows = [("u1", {"Gender": "Q", "Plan": "null"})]
    project = project_view(limits={"skip": "100%"})
    planned = plan(project.table("t", ["Gender", "Plan"], rows, invalid="skip"))
    by_code = {each.code: each for each in planned.document.foot.diagnostics}
    assert by_code["CT514"].message.endswith("; the row is skipped")
    assert by_code["CT631"].message == "Plan would be the text (not shown)"
    assert {by_code[code].severity for code in ("CT514", "CT631")} == {"warning"}
