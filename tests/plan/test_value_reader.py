"""Which words of a place are judged: those of which the rule is known."""

from ctsync.plan.value_reader import ValueReader
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
