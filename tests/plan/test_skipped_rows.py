"""How many rows of a table are skipped, of how many, whichever way they came."""

from typing import NamedTuple

import pytest

from ctsync.errors import SpecError
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.profile_key import NOBODY
from ctsync.model.scalar_value import Literal
from ctsync.plan.among.counted_rows import CountedRows
from ctsync.plan.among.skipped_rows import SkippedRows


class Source(NamedTuple):
    """As much of a source of rows as is asked here."""

    name: str
    rows: int


def row(table, number=1):
    origin = Origin(f"{table}.csv", row=number, table=table)
    return Contribution(NOBODY, origin, b"", dict)


def test_rows_that_did_not_pass_one_by_one_are_taken_from_their_source():
    seen, rows = SkippedRows(), CountedRows()
    seen.add([row("b"), row("a"), row("b", 2)])
    rows.count(row("b").origin)
    rows.count(Origin("a.yaml", 3))
    rows.count_sources([Source("table a", 10), Source("table b", 20)])
    rows.count_sources([Source("table c", 30), Source("cohort a", 40)])
    assert list(seen.by_table(rows).items()) == [("a", (1, 10)), ("b", (2, 1))]
    assert seen.total == 3


TIER = ("Tier", "set", "Standard")
MANY = [f"t{number}" for number in range(60)]


def test_what_is_odd_about_rows_that_are_skipped_later_is_counted_once(
    project_view, plan, entry
):
    """That they cannot be sent shows only beside what is known of their profiles."""
    words = {"Tags": {"include": MANY}, "Plan": "null"}
    rows = [(f"u{number}", words) for number in range(5)]
    project = project_view(limits={"skip": "100%"})
    project.table("t", ["Tags", "Plan"], rows, invalid="skip")
    held = {"Tags": [f"s{number}" for number in range(60)]}
    known = [entry(key, attributes=held) for key, _ in rows]
    planned = plan(project, *known)
    assert planned.codes == {"CT209": 6, "CT626": 1, "CT631": 6}
    of_columns = [each for each in planned.document.foot.diagnostics if each.rows]
    assert [each.rows for each in of_columns] == [5, 5]
    assert "null 5," in of_columns[1].message


def test_what_places_say_differently_is_counted_once_beside_a_skipped_row(
    project_view, plan, entry
):
    project = project_view(limits={"skip": "100%"}, undeclared="keep")
    both = {"Tags": {"include": MANY}, "Team": "a"}
    for number in range(5):
        project.says(f"u{number}", {"Team": "b"}, file="a.yaml")
    rows = [(f"u{number}", both) for number in range(5)]
    project.table("t", ["Tags", "Team"], rows, invalid="skip")
    held = {"Tags": [f"s{number}" for number in range(60)]}
    known = [entry(f"u{number}", attributes=held) for number in range(5)]
    with pytest.raises(SpecError) as caught:
        plan(project, *known)
    of_team = [each for each in caught.value.findings if each.attribute == "Team"]
    assert sum(each.rows or 0 for each in of_team) == 5
    assert caught.value.findings.totals[of_team[0].code] == 6


def test_what_is_odd_about_rows_that_might_be_skipped_and_are_not_is_counted_once(
    project_view, plan
):
    rows = [(f"u{number}", {"Plan": "null"}) for number in range(5)]
    planned = plan(project_view().table("t", ["Plan"], rows, invalid="skip"))
    (found,) = [each for each in planned.document.foot.diagnostics if each.rows]
    assert (found.rows, "null 5," in found.message) == (5, True)


def test_a_row_that_cannot_be_sent_is_skipped_though_another_place_may_not_be(
    project_view, plan, entry
):
    project = project_view(limits={"skip": "100%"}).says("u1", {"Team": "a"})
    words = {"Tags": {"include": MANY}}
    project.table("t", ["Tags"], [("u1", words)], invalid="skip")
    held = {"Tags": [f"s{number}" for number in range(60)]}
    planned = plan(project, entry("u1", attributes=held))
    assert planned.codes == {"CT209": 1, "CT626": 1}
    assert planned.sent() == [("Team", "set", "a")]


def test_what_a_skipped_row_makes_too_much_is_no_fault_of_another_place(
    project_view, plan, entry
):
    project = project_view(limits={"skip": "100%"})
    project.says("u1", {"Tags": {"include": ["a"]}})
    project.table("t", ["Tags"], [("u1", {"Tags": {"include": MANY}})], invalid="skip")
    held = {"Tags": [f"s{number}" for number in range(60)]}
    planned = plan(project, entry("u1", attributes=held))
    assert planned.codes == {"CT209": 1, "CT626": 1}
    assert planned.sent() == [("Tags", "$add", ("a",))]


def test_a_row_that_says_both_age_and_birthday_is_skipped_as_a_whole(
    project_view, plan
):
    project = project_view(limits={"skip": "100%"}).says("u1", {"Team": "a"})
    words = {"Age": 42, "DOB": Literal("1990-02-20", "date"), "City": "Oslo"}
    project.table("t", [*words], [("u1", words)], invalid="skip")
    planned = plan(project)
    assert planned.codes == {"CT308": 1, "CT626": 1}
    assert planned.sent() == [("Team", "set", "a")]


@pytest.mark.parametrize(
    ("columns", "sent"), [(["Tier", "Gender"], []), (["Gender"], [TIER])]
)
def test_nobody_leaves_a_cohort_while_a_skipped_row_may_say_what_is_given_then(
    project_view, plan, entry, key, columns, sent
):
    project = project_view(limits={"skip": "100%"})
    project.cohort("vip", leave={"Tier": "Standard"})
    words = dict.fromkeys(columns, "Q")
    project.table("t", columns, [("u1", words)], invalid="skip")
    known = entry(attributes={"Tier": "VIP"}, cohorts=("vip", "table=t"))
    planned = plan(project, known)
    assert planned.sent() == sent
    cohorts = [each.settled.cohorts for each in planned.changes]
    assert cohorts == ([("table=t",)] if sent else [])


def test_cohorts_are_kept_in_one_order(project_view, plan):
    names = [f"c{number}" for number in range(9)]
    project = project_view()
    for name in reversed(names):
        project.cohort(name, ["u1"], {f"In {name}": True})
    assert plan(project).change().settled.cohorts == tuple(names)
