"""Which words of a place are judged: those of which the rule is known."""

from ctsync.plan.profile.value_reader import ValueReader
from ctsync.project.spoiled_parts import SpoiledParts


def test_words_whose_rule_has_a_finding_are_told_apart_and_not_judged(project_view):
    """They count as declared all the same, by their folded names."""
    words = {"Plan": "Gold", "TEAM": "a", "City": "Oslo"}
    project = project_view()
    project.is_judged = {"City"}.__contains__
    assert ValueReader(project).judgeable(words) == (words, [])
    project.spoiled = SpoiledParts(attributes=frozenset({"plan", "team"}))
    judged, unjudged = ValueReader(project).judgeable(words)
    assert (judged, unjudged) == ({"City": "Oslo"}, ["plan", "team"])


def test_what_is_declared_and_not_judged_is_not_taken_for_gone(
    project_view, plan, entry
):
    project = project_view().says("u1", {"Plan": "Gold", "City": "Oslo"})
    project.spoiled = SpoiledParts(attributes=frozenset({"plan"}))
    project.is_judged = {"City"}.__contains__
    planned = plan(project, entry(attributes={"Plan": "Free"}))
    assert planned.sent() == [("City", "set", "Oslo")]
    assert planned.change().released == ()
