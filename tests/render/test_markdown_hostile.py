"""Whatever names and values say, a comment stays a comment and notifies nobody."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Change, Origin
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.plan import BlockedRule, PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.render.markdown.text import (
    cell,
    code,
    comment_word,
    cut_bytes,
    fenced,
    size,
    table,
)
from ctsync.render.plan_formats.markdown import RENDERER
from ctsync.render.plan_view import PlanView, Style
from ctsync.render.text_width import escape
from ctsync.render.value_text import value_words

PARSER = MarkdownIt("commonmark").enable("table")
CANARY = "c4n4ry"
OWN_HTML = re.compile(
    r"(<!-- ctsync:plan project=[^\s<>]+ env=[^\s<>]+ digest=[^\s<>]+ -->"
    r"|<details>\n<summary>[A-Za-z0-9 ,:()]+</summary>|</details>)\n?"
)
PIECES = st.sampled_from(
    [
        "`", "```", "~~~", "|", "\\", "\\|", "@team", "#123", "<b>", "</details>",
        "<!--", "-->", "--", "\n", "\n\n", "\r", "\t", "\x00", "\x1b[31m", "\u202e",
        "\u200b", "\u2028", "\ufeff", "&lt;", "*x*", "[a](http://b)", "https://c.de",
        "$x$", "![i](j)", "deadbeef" * 5, "é", "漢", "🙂", "e\u0301", " ", "---", "+",
    ]
)  # fmt: skip
HOSTILE = st.lists(PIECES, max_size=8).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)
LONG = st.builds(lambda text, times: text * times, HOSTILE, st.integers(1, 200))
VALUES = HOSTILE | LONG


@st.composite
def operations(draw):
    sensitive = draw(st.booleans())
    before, after = (CANARY, CANARY) if sensitive else (draw(VALUES), draw(VALUES))
    operator = draw(st.sampled_from(["set", "$add", "$remove", "$delete"]))
    operand = (after,) if operator in {"$add", "$remove"} else after
    return Operation(
        draw(VALUES),
        "string",
        operator,
        1 if operator == "$delete" else operand,
        draw(st.sampled_from(["known", "unknown", "uncertain"])),
        before=before,
        after=None if operator == "$delete" else operand,
        certain=draw(st.booleans()),
        sensitive=sensitive,
        since=draw(st.none() | HOSTILE),
    )


CHANGES = st.builds(
    Change,
    key=st.builds(ProfileKey, st.sampled_from(["identity", "objectId"]), VALUES)
    | st.just(ProfileKey("identity", f"{CANARY}@example.com")),
    action=st.sampled_from(["create", "update", "release"]),
    operations=st.lists(operations(), max_size=6).map(tuple),
    origins=st.lists(st.builds(Origin, VALUES, st.integers(1, 9)), max_size=2).map(
        tuple
    ),
    released=st.lists(VALUES, max_size=2).map(tuple),
    opt_in=st.booleans(),
)
FINDINGS = st.builds(
    Diagnostic,
    st.sampled_from(["error", "warning", "info"]),
    st.sampled_from(["CT101", "CT312"]),
    VALUES,
    st.none() | HOSTILE,
    st.none() | HOSTILE,
    st.none() | st.integers(1, 99),
    attribute=st.none() | HOSTILE,
)


@st.composite
def views(draw):
    changes = draw(st.lists(CHANGES, max_size=8)) * draw(st.sampled_from([1, 1, 40]))
    actions = [change.action for change in changes]
    profiles = {name: actions.count(name) for name in ("create", "update", "release")}
    findings = tuple(draw(st.lists(FINDINGS, max_size=5)))
    rule = BlockedRule("limits.update", "30%", 1, "--accept update=1")
    head = PlanHead(
        Account(draw(VALUES), draw(HOSTILE), draw(st.none() | VALUES)),
        Base(CANARY, 3),
        environment=draw(st.none() | VALUES),
        project=draw(st.none() | VALUES),
        first_run=draw(st.booleans()),
        targets=tuple(draw(st.lists(VALUES.map("table={}".format), max_size=12))),
    )
    foot = PlanFoot(
        digest=f"sha256:{'0' * 64}",
        summary={
            "profiles": profiles
            | {"entries": draw(st.integers(0, 900)), "remove": 1, "undeclared": 2}
            | {"unchanged": 788, "skipped": 3},
            "operations": {},
            "opt_in": 1,
            "once_held": 1,
            "records": len(changes),
            "calls": 1,
            "channels": {"sftp": {"profiles": 0, "operations": 0}},
        },
        survey=ChangeStatistics.of(changes),
        blocked=(rule,) * draw(st.integers(0, 2)),
        diagnostics=findings,
        diagnostic_totals={"CT101": 40, "CT312": 60} if findings else {},
    )
    return PlanView(head, foot, lambda: iter(changes), Mask(CANARY))


def tokens_of(text):
    tokens = PARSER.parse(text)
    return tokens, [child for token in tokens for child in token.children or ()]


def assert_safe(text):
    """Only our own HTML; outside of code only our own words."""
    tokens, inline = tokens_of(text)
    html = [token.content for token in tokens if token.type == "html_block"]
    assert [block for block in html if not OWN_HTML.fullmatch(block)] == []
    assert {token.type for token in inline} <= {"text", "code_inline"}
    words = "".join(token.content for token in inline if token.type == "text")
    assert re.sub(r"[A-Za-z0-9 ,.:;()%…]", "", words) == ""
    assert html.count("</details>\n") == sum("<details>" in block for block in html)
    levels = [token.level for token in tokens if token.type == "fence"]
    assert set(levels) <= {0}


def diff_lines(text):
    tokens, _ = tokens_of(text)
    fences = [token for token in tokens if token.type == "fence"]
    assert {fence.info for fence in fences} <= {"diff", "text", "yaml"}
    return "".join(t.content for t in fences if t.info == "diff").splitlines()


@settings(deadline=None, max_examples=60)
@given(views())
def test_any_plan_gives_a_safe_comment_that_fits_and_adds_up(view):
    text = "".join(RENDERER.render(view, Style()))
    assert size(text) <= 60_000
    assert_safe(text)
    assert CANARY not in text
    total = len([*view.changes()])
    titles = re.findall(r"<summary>[A-Z][^:\n]*: ([0-9,]+)</summary>", text)
    assert sum(int(title.replace(",", "")) for title in titles) == total
    lines = diff_lines(text)
    assert all(line.startswith(("@@ ", "+ ", "- ", "! ", "# ")) for line in lines)
    shown = sum(line.startswith("@@ ") for line in lines)
    said = re.search(
        r"^Left out here: ([0-9,]+) of [0-9,]+ changes", text, re.MULTILINE
    )
    left = int(said[1].replace(",", "")) if said else 0
    assert shown + left == total


@given(HOSTILE, HOSTILE)
def test_values_arrive_whole_in_code(before, after):
    operation = Operation("Bio", "string", "set", after, "known", before, after)
    change = Change(ProfileKey("objectId", "x"), "update", (operation,))
    from ctsync.render.markdown.changes import diff_block

    fence = fenced(diff_block(change, Mask()), "diff")
    (token,) = PARSER.parse(fence)
    said = f"{value_words(before, Mask())} -> {value_words(after, Mask())}"
    if max(size(value_words(value, Mask())) for value in (before, after)) <= 200:
        assert token.content.splitlines()[1] == f"! Bio  set  {said}"


def test_a_code_span_has_no_more_backticks_than_github_reads():
    assert code("`" * 99) == f"{'`' * 41} {'`' * 40}… {'`' * 41}"


@given(HOSTILE)
def test_any_text_arrives_in_a_code_span(text):
    _, inline = tokens_of(f"a {code(text, 1000)} b")
    assert [token.type for token in inline] == ["text", "code_inline", "text"]
    # CommonMark shows a span of spaces as it is, and nothing cannot be a span.
    assert inline[1].content == (escape(text) or "(empty)")


@given(HOSTILE, HOSTILE)
def test_any_text_stays_in_its_cell(name, other):
    text = table([("Attribute", "Count"), (cell(name), "1"), (cell(other), "2")])
    tokens, inline = tokens_of(text)
    assert sum(token.type == "td_open" for token in tokens) == 4
    shown = [token.content for token in inline if token.type == "code_inline"]
    assert shown == [
        cut_bytes(escape(text), 120) or "(empty)" for text in (name, other)
    ]


@given(HOSTILE)
def test_no_word_can_end_the_hidden_comment(text):
    word = comment_word(text)
    assert re.fullmatch(r"[A-Za-z0-9_.~%:/\\-]+", word)
    assert "--" not in word


def test_words_of_the_hidden_comment_are_told_apart():
    words = ["crm", "", "-", "a--b", "a---b", "a b", "-->", "%2D"]
    assert [comment_word(word) for word in words] == [
        "crm", "-", "%2D", "a-%2Db", "a-%2D-b", "a%20b", "-%2D%3E", "%252D",
    ]  # fmt: skip


@given(VALUES, st.integers(10, 300))
def test_a_cut_keeps_whole_characters_and_fits(text, most):
    shown = cut_bytes(text, most)
    assert size(shown) <= most
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@pytest.mark.parametrize("char", ["x", "é", "漢", "🙂", "`"])
def test_a_long_value_is_cut_at_an_ellipsis(a, whole, char):
    value = char * (500 // size(char))
    text = whole("markdown", a.view(a.change("u", a.operation(operand=value))))
    (line,) = [line for line in diff_lines(text) if line.startswith("+ Plan")]
    assert line.endswith("…")
    assert size(line) < 220
    assert_safe(text)


def test_a_fence_is_longer_than_any_run_of_backticks_inside(a, whole):
    change = a.change("u", a.operation(operand="```\n````` "))
    text = whole("markdown", a.view(change))
    assert "\n``````diff\n" in text
    assert '+ Plan  set  "```\\n````` "' in diff_lines(text)


def test_mentions_and_references_stand_in_code_alone(a, whole):
    bait = "@team #123 " + "deadbeef" * 5
    change = a.change("u", a.operation(bait, operand=bait), released=(bait,))
    view = a.view(change, environment=bait, project=bait, targets=(f"cohort={bait}",))
    assert_safe(whole("markdown", view))
