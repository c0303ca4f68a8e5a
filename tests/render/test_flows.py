"""What becomes of what, in every rendering: the commonest first, masked, escaped."""

import json
import re

import pytest

from ctsync.model.masking import Mask
from ctsync.render.flow_words import flow_lines
from ctsync.render.text_width import columns_of

FORMATS = ("text", "markdown", "html", "json")


@pytest.fixture
def moving(a):
    """Thirty profiles that change plans, some of them in ways of their own."""
    people = [("Gold", "Platinum")] * 17 + [("Free", "Platinum")] * 10
    people += [("Free", f"Own {n}") for n in range(3)]
    return [
        a.change(f"u{n:02}", a.operation(before=before, operand=after))
        for n, (before, after) in enumerate(people)
    ]


def test_text_says_the_commonest_flows_and_counts_the_others(a, text, moving):
    shown = text(a.view(*moving))
    assert (
        "\nFlows\n  Plan  Gold -> Platinum 17, Free -> Platinum 10, 3 others\n" in shown
    )


def test_a_summary_says_them_too(a, text, moving):
    assert "Gold -> Platinum 17" in text(a.view(*moving), summary_only=True)


def test_markdown_says_them(a, whole, moving):
    line = "- `Plan`: `Gold -> Platinum` 17, `Free -> Platinum` 10, 3 others\n"
    assert f"Flows:\n\n{line}" in whole("markdown", a.view(*moving))


def test_html_says_them(a, whole, moving):
    shown = re.sub(r"<[^>]*>", " ", whole("html", a.view(*moving)))
    assert "Gold → Platinum 17" in re.sub(r"\s+", " ", shown)


def test_json_says_them_in_its_summary(a, whole, moving):
    summary = json.loads(whole("json", a.view(*moving)))["summary"]
    assert summary["flows"][0] == {
        "attribute": "Plan", "operator": "set", "prior": "known", "before": "Gold",
        "operand": "Platinum", "sensitive": False, "creates": False, "profiles": 17,
    }  # fmt: skip
    assert [flow["profiles"] for flow in summary["flows"]] == [17, 10]


def test_two_profiles_are_no_flow(a, text, moving):
    assert "Flows" not in text(a.view(*moving[:2]))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("reveal", [False, True])
def test_nothing_sensitive_flows_even_when_it_is_revealed(a, whole, name, reveal):
    """Single changes are there for those who may see values."""
    secret = a.operation("Email", before="CANARY-1", operand="CANARY-2", sensitive=True)
    points = a.operation(
        "Secret Points", "$incr", 4711, kind="counter", before=1, after=4712,
        sensitive=True,
    )  # fmt: skip
    changes = [a.change(f"u{n}", secret, points) for n in range(5)]
    view = a.view(*changes, mask=Mask("l", reveal=reveal))
    shown = whole(name, view, summary_only=True)
    assert "CANARY" not in shown
    assert "4711" not in shown
    assert "Email" in shown
    assert ("masked" if name == "json" else "(sensitive)") in shown


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_no_value_is_acted_on(a, whole, name):
    hostile = "\x1b[2J::error::x\u202e<script>`|@team"
    change = a.operation("A\x1b[1m::warning::", before=hostile, operand="x")
    view = a.view(*(a.change(f"u{n}", change) for n in range(3)))
    shown = whole(name, view, summary_only=True)
    assert shown.count("x1b") >= 2
    assert not {"\x1b", "\u202e"}.intersection(shown)
    assert name != "html" or "<script>`" not in shown
    if name == "text":
        assert not re.search("::[a-z]", shown)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_lines_fit_the_width_they_have(a, width):
    values = ["x" * 150, "Free", "Own", "ü" * 60, "東京" * 20, 'a"b'] * 3
    changes = [
        a.change(f"u{n:02}", a.operation("N" * 50, before=values[n % 6], operand=value))
        for n, value in enumerate(values)
    ]
    lines = [*flow_lines(a.view(*changes).foot.survey, Mask(), width, None)]
    assert len(lines) == 2
    assert all(columns_of(line) <= width for line in lines)


def test_what_could_be_taken_for_something_else_stands_in_quotes(a, text):
    pairs = [("Tier 1", "true"), ("a, b", "x -> y"), (None, "Gold Plus")]
    changes = [
        a.change(f"u{n}{m}", a.operation(f"A{n}", before=before, operand=after))
        for n, (before, after) in enumerate(pairs)
        for m in range(3)
    ]
    shown = text(a.view(*changes))
    assert '  A0  "Tier 1" -> "true" 3\n' in shown
    assert '  A1  "a, b" -> "x -> y" 3\n' in shown
    assert "  A2  (absent) -> Gold Plus 3\n" in shown
