"""The page as text: what it holds, and that nothing in it can act."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Change, Origin
from ctsync.model.change_statistics import TRAITS, ChangeStatistics, risk_of, traits_of
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import ChangeLine, change_line
from ctsync.render.html import Html
from ctsync.render.html.change import card_of
from ctsync.render.html.data import data_text
from ctsync.render.html.filters import FILTERS
from ctsync.render.html.rows import change_data
from ctsync.render.html.template import render_page
from ctsync.render.plan_view import Style
from ctsync.render.riskiest_changes import RiskiestChanges

MARKUP = '</script><script>alert(1)</script><img src=x onerror="alert(2)"><!-- &lt;'


@pytest.fixture
def page(whole, parsed):
    return lambda view, **style: parsed(whole("html", view, **style))


@pytest.fixture
def risky(a):
    """Ten profiles; the last two lose a value."""
    plain = [a.change(f"u{n}", a.operation(before="Free")) for n in range(8)]
    loses = a.operation("Gender", "$delete", 1, before="M", after=None)
    return [*plain, *(a.change(f"u{n}", loses) for n in (8, 9))]


def test_every_change_is_data_of_the_page(a, page, jack):
    change, _ = page(a.view(jack, a.change("u2", a.operation()))).changes
    assert change[3] == "1189549"
    assert change[4] == ["people/jack.yaml:3", "export/loyalty.csv row 17"]
    assert [2, "-", "$delete", ['"M"']] in change[5]
    assert len(change) == 7


def test_the_page_allows_its_own_script_and_style_alone(a, page, jack):
    shown = page(a.view(jack))
    (policy,) = shown.found("meta", **{"http-equiv": "Content-Security-Policy"})
    for kind in ("script", "style"):
        digest = b64encode(sha256(shown.scripts[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy["content"]
    assert policy["content"].startswith("default-src 'none'; ")


def test_the_page_names_nothing_to_load(a, whole, page, jack):
    view = a.view(jack)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|srcset", whole("html", view))
    names = {name for _, attrs in page(view).tags for name in attrs}
    assert not names & {"src", "href", "style", "onclick", "onerror", "onload"}


def test_markup_in_values_stays_text(a, page):
    operation = a.operation(MARKUP, operand=MARKUP, before=MARKUP)
    origin = Origin(MARKUP, 1)
    change = Change(ProfileKey("identity", MARKUP), "update", (operation,), (origin,))
    rule = a.rule(rule=MARKUP, limit="0", actual=1, accept=MARKUP)
    shown = page(
        a.view(change, environment=MARKUP, blocked=(rule,), targets=(f"file={MARKUP}",))
    )
    assert [name for name, _ in shown.raw] == ["style", "data", "facts", "script"]
    assert shown.found("img") == []
    assert shown.visible.count(MARKUP) >= 6
    assert shown.changes[0][3] == MARKUP


def test_lineage_stays_out_of_the_page(a, whole, jack):
    assert "lineage-1" not in whole("html", a.view(jack))


def test_a_hidden_key_shows_its_origin_once(a, page):
    change = a.change(
        "jack@example.com", a.operation(), origins=(Origin("a.yaml", 1), Origin("b", 2))
    )
    ((_, _, _, key, places, _),) = page(a.view(change)).changes
    assert (key, places) == ("a.yaml:1", ["b:2"])


def test_counts_say_what_they_are_of(a, page, risky):
    profiles = {"skipped": 3, "undeclared": 12}
    shown = page(a.view(*risky, profiles=profiles, summary={"once_held": 2}))
    assert "update10 0.8% of 1,200" in shown.visible
    assert "lose a value2 0.2% of 1,200" in shown.visible
    assert "opted in0 of 10 changes" in shown.visible
    assert "named nowhere12 1.0% of 1,200" in shown.visible
    assert "rows skipped3 as invalid" in shown.visible
    assert "held back2 written once" in shown.visible


def test_what_is_special_about_a_plan_stands_first(a, page):
    rule = a.rule(
        rule="limits.update", limit="30%", actual=4, accept="--accept update=4"
    )
    view = a.view(
        blocked=(rule,), first_run=True, sandbox=True, targets=("cohort=vip",),
        left_out=7, environment="prod",
    )  # fmt: skip
    before_counts = page(view).visible.partition("Counts")[0]
    for words in ("BLOCKED", "FIRST RUN", "SANDBOX", "PARTIAL", "prod", "in1"):
        assert words in before_counts
    assert "limits.update is 30%, this plan has 4" in before_counts
    assert "To lift limits for this plan: --accept update=4" in before_counts


def test_findings_are_shown_with_their_places(a, page):
    finding = Diagnostic("warning", "CT212", "twice", "keep one", "a.yaml", 3, 5)
    shown = page(a.view(diagnostics=(finding,), diagnostic_totals={"CT212": 41}))
    assert "Findings: 41 warnings" in shown.visible
    assert "warning CT212 twice (keep one)a.yaml:3:5" in shown.visible
    assert "… and 40 more CT212" in shown.visible


def test_the_chart_is_a_table_of_its_numbers(a, page, jack):
    shown = page(a.view(jack)).visible
    table = shown.partition("Operations by attribute and operator")[2]
    assert table.lstrip().startswith("Attributeset$add$remove$incr$deletereleaseall")
    assert "Interests·$add 1$remove 1···2" in table


def test_bars_are_as_long_as_their_share(a, page, risky):
    shown = page(a.view(*risky))
    widths = [float(bar["width"]) for bar in shown.found("rect")]
    assert widths == [100.0, 25.0]


def test_attributes_after_the_first_dozen_are_folded_away(a, page):
    operations = (a.operation(f"Attribute {n:03}") for n in range(600))
    shown = page(a.view(a.change("u", *operations)))
    assert len(shown.found("details")) == 1
    assert "588 more attributes" in shown.visible
    assert "… and 100 more" in shown.visible


def test_without_javascript_the_riskiest_changes_are_there(a, page):
    plain = [a.change(f"u{n:03}", a.operation()) for n in range(60)]
    loses = a.operation("Gender", "$delete", 1, before="M", after=None)
    shown = page(a.view(*plain, a.change("z", loses)))
    assert shown.visible.index('"M"') < shown.visible.index("u000")
    assert len(shown.found("td", **{"class": "sign"})) == 50
    assert "The 50 riskiest of 61 changes" in shown.visible
    assert shown.found("form", id="tools", hidden=None)


def test_a_plan_too_long_for_a_browser_gives_its_riskiest(a, parsed, risky):
    view = a.view(*risky)
    shown = parsed("".join(Html(most_embedded=3).render(view, Style())))
    assert [change[3] for change in shown.changes] == ["u0", "u8", "u9"]
    assert "3 riskiest of 10 changes; 7 are left out" in shown.visible
    assert '"Free"' in shown.visible


def test_all_embeds_every_change(a, parsed, risky):
    pieces = Html(most_embedded=3).render(a.view(*risky), Style(everything=True))
    assert len(parsed("".join(pieces)).changes) == 10


def test_a_summary_has_a_chart_and_no_changes(a, page, jack):
    shown = page(a.view(jack), summary_only=True)
    assert "By attribute and operation" in shown.visible
    assert [name for name, _ in shown.raw] == ["style"]
    assert "1189549" not in shown.visible


def test_an_empty_plan_is_a_page_without_script(a, page):
    shown = page(a.view())
    assert "No changes. 788 profiles are as declared." in shown.visible
    assert "script" not in shown.scripts


@pytest.mark.parametrize("most", range(6))
def test_the_riskiest_are_chosen_first(risky, most):
    def risk(change):
        return risk_of(traits_of(change))

    choice = RiskiestChanges(ChangeStatistics.of(risky).by_risk(), most)
    chosen = [change for change in risky if choice(traits_of(change))]
    riskiest = sorted(risky, key=lambda change: (risk(change), change.key))[:most]
    assert sorted(change.key for change in chosen) == sorted(c.key for c in riskiest)


VALUES = st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 9) | st.text()
OPERATIONS = st.builds(
    Operation,
    attribute=st.sampled_from("ABC"),
    kind=st.sampled_from(["string", "date", "number"]),
    operator=st.sampled_from(["set", "set", "$incr", "$delete"]),
    operand=VALUES,
    prior=st.sampled_from(["known", "unknown", "uncertain"]),
    before=VALUES | st.just("$D_0"),
    after=VALUES | st.just("$D_86400"),
    sensitive=st.booleans(),
    certain=st.booleans(),
    since=st.none() | st.just("run-7"),
)
LISTS = st.builds(
    Operation,
    attribute=st.just("Tags"),
    kind=st.just("list"),
    operator=st.sampled_from(["$add", "$remove"]),
    operand=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    prior=st.sampled_from(["known", "unknown", "uncertain"]),
    before=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    step=st.integers(1, 2),
    certain=st.booleans(),
    sensitive=st.booleans(),
)
CHANGES = st.builds(
    Change,
    st.builds(
        ProfileKey,
        st.sampled_from(["identity", "objectId"]),
        st.sampled_from(["u1", "a@b.c", "<\u2028>"]),
    ),
    st.sampled_from(["create", "update"]),
    st.tuples(
        st.lists(OPERATIONS, max_size=3, unique_by=lambda op: op.attribute),
        st.lists(LISTS, max_size=2),
    ).map(lambda both: (*both[0], *both[1])),
    origins=st.lists(
        st.builds(Origin, st.just("a.yaml"), st.none() | st.just(3)), max_size=2
    ).map(tuple),
    released=st.sampled_from([(), ("Old",)]),
    locked=st.sampled_from([(), ("A",), ("Tags",)]),
)


@given(CHANGES, st.booleans())
def test_the_data_of_a_change_says_what_its_markup_says(change, reveal):
    """However it was read, and with every shortcut that makes reading quick."""
    names = {*(op.attribute for op in change.operations), *change.released}
    numbers = {name: number for number, name in enumerate(sorted(names))}
    mask = Mask("lineage", reveal=reveal)
    card = card_of(change, mask)
    rows = [
        [numbers[row.operation.attribute], row.symbol, row.operator, [*row.sides]]
        + [[*row.notes]] * bool(row.notes)
        for row in card.rows
    ]
    data = [card.traits, 0 if card.action == "create" else 1]
    data += [["FBID", "GPID", "identity", "objectId"].index(card.id_type), card.key]
    data += [[*card.places], rows]
    data += [[numbers[name] for name in card.released]] * bool(card.released)
    line = ChangeLine(change_line(change))
    assert json.loads(canonical(data)) == json.loads(
        canonical(change_data(line.rows(), line.traits, mask, numbers))
    )


@given(CHANGES)
def test_every_change_has_a_trait_and_the_lowest_is_its_risk(change):
    traits = traits_of(change)
    named = [name for bit, name in enumerate(TRAITS) if traits >> bit & 1]
    assert named[0] == TRAITS[risk_of(traits)]
    assert ("rest" in named) <= ({*named} <= {"rest", "releases"})
    assert ("releases" in named) == bool(change.released or not change.operations)


@given(st.text())
def test_data_cannot_end_its_element_and_stays_the_same(text):
    data = data_text([text])
    assert json.loads(data) == [text]
    assert not set(data) & set("<>&\u2028\u2029")


APPLIED: dict[str, object] = {
    "error": None, "stopped": None, "tiles": [], "remarks": [], "failed": [],
    "badges": [], "next": [], "verdict": "Apply", "facts": {}, "whole": 0,
}  # fmt: skip


@given(st.text())
def test_text_is_one_text_in_its_element_and_in_an_attribute(parsed, text):
    """Whatever it says, a page has the elements that it has for a plain word."""

    def page(word):
        words = APPLIED | {"facts": {word: word}, "badges": [(word, word)]}
        words |= {"remarks": [word], "next": [(word, word)]}
        return parsed("".join(render_page("apply.html", word, **words)))

    def names(page):
        return [(tag, sorted(attrs)) for tag, attrs in page.tags]

    assert names(page(text)) == names(page("a"))
    assert not {*"\x00\x1b\u202e\u2028"} & {*page(text).visible}


def test_a_mask_that_reveals_is_not_the_pages_business(a, page, jack):
    shown = page(replace(a.view(jack), mask=Mask(reveal=True)))
    assert '"Bob"' in shown.visible


def test_the_page_streams(a):
    changes = [a.change(f"u{n}", a.operation()) for n in range(5_000)]
    sizes = [len(piece) for piece in Html().render(a.view(*changes), Style())]
    assert max(sizes) < 40_000 < sum(sizes) / 8
    assert SimpleNamespace(name=Html().name) == SimpleNamespace(name="html")


def test_every_risk_has_its_own_tag_and_filter():
    pairs = ((each.label, each.tag) for each in FILTERS)
    named = dict(zip(TRAITS, pairs, strict=True))
    assert named == {
        "locked": ("Locked", "locked"),
        "removals": ("Removals", "removal"),
        "creations": ("Creations", "new"),
        "opt-ins": ("Opt-ins", "opt-in"),
        "counters": ("Counters", "counter"),
        "uncertain": ("Uncertain", "uncertain"),
        "rest": ("Other", ""),
        "releases": ("Releases", "release"),
    }
