"""What pages look like: light and dark, on a phone, a tablet and a desk.

A page is compared with its baseline section by section, each at a sixth of its size,
so that another version of the browser may draw a letter otherwise, and shift what is
below by a pixel. `pytest -m browser --update-golden` draws the baselines anew: look at
them before they are committed. What differs from one lies in pytest's folder.
"""

from collections import Counter
from pathlib import Path

import pytest
from likeness import SECTIONS, differences, write_baseline

from ctsync.diagnostics import Diagnostic, Findings
from ctsync.model.drift import Difference, ProfileDrift, ReadCounts
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.model.verification import AttributeCheck, Verification
from ctsync.render.apply_html import applied_html
from ctsync.render.drift import render_drift
from ctsync.render.drift_view import DriftView
from ctsync.render.plan_view import Style
from ctsync.render.renderers import renderer_for
from ctsync.render.verified import render_verified
from ctsync.render.verified_view import VerifiedView

pytestmark = pytest.mark.browser

BASELINES = Path(__file__).with_name("baselines")
WIDTHS = (400, 800, 1400)
SCHEMES = ("light", "dark")
PAGES = ("plan", "drift", "verify", "apply")
LONG = "a_name_of_an_attribute_that_nobody_would_think_of_and_nothing_breaks_" * 2

CUT_OFF = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll("main *")].filter((each) => {
  const { left, right, width } = each.getBoundingClientRect();
  const isShown = width > 1 && each.checkVisibility();
  const isCut = each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1;
  return isShown && (isCut || left < -1 || right > wide + 1);
}).map((each) => `${each.tagName}.${each.className}: ${each.textContent.slice(0, 40)}`);
"""


def plan_page(a):
    changes = [
        a.change(
            "1189549",
            a.operation("Account Manager", before="Ann", operand="Bob", sensitive=True),
            a.operation("Gender", "$delete", 1, before="M", after=None),
            a.operation("Points", "$incr", 20, kind="counter", before=100, after=120),
            a.operation(
                "Interests", "$add", ("shoes", "hats"), kind="list", certain=False
            ),
        ),
        a.change(
            "1189550",
            a.operation("MSG-email", operand=True, kind="subscription"),
            a.operation(LONG, operand="x" * 200, before=LONG),
            opt_in=True,
        ),
        a.change("1189551", a.operation("City", operand="Pune"), action="create"),
        a.change(
            "f" * 120, id_type="objectId", action="release", released=("City",),
            origins=(),
        ),
    ]  # fmt: skip
    moves = [("Free", "Gold")] * 4 + [("Gold", "Platinum")] * 9
    changes += [
        a.change(f"118956{n:02}", a.operation(before=before, operand=after))
        for n, (before, after) in enumerate(moves)
    ]
    finding = Diagnostic(
        "warning", "CT403", "City left the spec", "it stays", "people/jack.yaml", 3, 7
    )
    return renderer_for("html").render(
        a.view(
            *changes, project="crm", environment="prod", profiles={"undeclared": 41},
            blocked=(a.rule(rule="limits.update", limit="1%", actual=15,
                            accept="--accept update=15"),),
            diagnostics=(finding,), diagnostic_totals={"CT403": 4},
            talks_to={"state": "postgresql://db.example.com", "notify": "example.com"},
        ),
        Style(),
    )  # fmt: skip


ACCOUNT, BASE = Account("WR8-9K6-7Z5Z", "in1"), Base("lineage-1", 12)


def drift_page(_):
    plan = Difference("Plan", "string", "Gold", "Silver")
    long = Difference(LONG, "string", LONG, "x" * 200)
    drifts = [
        ProfileDrift(ProfileKey("identity", "1189549"), differences=(plan, long)),
        ProfileDrift(ProfileKey("objectId", "f" * 120), "gone"),
        ProfileDrift(ProfileKey("identity", "ann@example.com"), differences=(plan,)),
    ]
    counts = ReadCounts(
        known=5000, chosen=500, asked=501, same=497, drifted=2, gone=1, compared=1480,
        differing=3, differences=Counter({"Plan": 2, LONG: 1}), seconds=41,
        write_only=Counter({"MSG-email": 312}),
    )  # fmt: skip
    view = DriftView(
        ACCOUNT, BASE, counts, lambda: iter(drifts), Mask("lineage-1"), Findings(),
        project="crm", environment="prod",
    )  # fmt: skip
    return render_drift("html", view, Style())


def verify_page(_):
    found = Verification(
        known=5000, chosen=500, whole=460, partly=38, gone=2, asked=501, seconds=41
    )
    checks = [
        AttributeCheck("Score", acknowledged=5000, missing=500),
        AttributeCheck("Plan", acknowledged=5000, there=480, missing=8, other=12),
        AttributeCheck(LONG, acknowledged=900, there=90),
    ]
    found.attributes = {each.attribute: each for each in checks}
    finding = Diagnostic("warning", "CT707", "Score: acknowledged, and on none", "see")
    view = VerifiedView(ACCOUNT, BASE, found, Findings([finding]), project="crm")
    return render_verified("html", view, Style())


def apply_page(_):
    place = {"file": "people/jack.yaml", "line": 3, "row": None}
    rejected = [
        {
            "key": {"identity": "1189549"}, "code": 512, "origins": [place],
            "error": "a value of the wrong type",
        },
        {"key": {"objectId": "f" * 120}, "code": 513, "error": LONG, "origins": []},
    ]  # fmt: skip
    counts = {"acknowledged": 412, "rejected": 2, "unknown": 0, "not_sent": 4000}
    document = {
        "exit_code": 3, "error": None, "run": "4f1c0a52-77", "digest": "sha256:ab12",
        "environment": "prod", "dry_run": False, "calls": 42, "counts": counts,
        "rejected": rejected, "unknown": [], "seconds": 21.4, "stopped": "canary",
        "next": "ctsync apply reviewed.plan --env prod",
    }  # fmt: skip
    return applied_html(document, ACCOUNT)


MAKERS = {
    "plan": plan_page, "drift": drift_page, "verify": verify_page, "apply": apply_page,
}  # fmt: skip


@pytest.fixture
def opened(a, browser):
    return lambda name: browser.open(MAKERS[name](a))


@pytest.mark.parametrize("width", [320, *WIDTHS])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off(opened, name, width):
    """No page scrolls sideways, and nothing in it does: what is long is broken."""
    browser = opened(name)
    browser.shot(width)
    assert browser.run(CUT_OFF) == []
    page = "document.documentElement"
    assert browser.run(f"return {page}.scrollWidth <= {page}.clientWidth")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("apply", "document.body.style.overflowWrap = 'normal'"),
        ("plan", "document.querySelector('.tiles').style.width = '500px'"),
        ("plan", "document.querySelector('.digest').style.overflowWrap = 'normal'"),
    ],
)
def test_what_is_cut_off_is_noticed(opened, name, wrong):
    browser = opened(name)
    browser.shot(400)
    browser.run(wrong)
    assert browser.run(CUT_OFF) != []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_did(opened, request, tmp_path, name, width, scheme):
    browser = opened(name)
    browser.emulate(prefers_color_scheme=scheme)
    drawn = browser.shot(width)
    sections = browser.run(SECTIONS)
    kept = BASELINES / f"{name}-{width}-{scheme}.png"
    if request.config.getoption("--update-golden"):
        write_baseline(kept, drawn, sections)
    (tmp_path / kept.name).write_bytes(drawn)
    found = [*differences(kept, drawn, sections)]
    assert found == [], f"look at {tmp_path / kept.name}"


@pytest.mark.parametrize(
    "wrong",
    [
        "document.querySelector('.tiles').remove()",
        "document.querySelector('.tiles').style.fontSize = '22px'",
        "document.querySelector('.tiles').style.display = 'block'",
        "document.querySelectorAll('.bar rect').forEach(e => e.style.fill = 'red')",
        "document.querySelector('.notice').style.background = 'none'",
        "document.querySelector('.next').after(document.querySelector('header'))",
        "document.querySelectorAll('.changes th').forEach(e => e.style.opacity = 0)",
        "document.body.style.background = '#bbb'",
        "document.body.style.letterSpacing = '2px'",
    ],
)
def test_what_went_wrong_is_noticed(opened, wrong):
    browser = opened("plan")
    browser.emulate(prefers_color_scheme="light")
    browser.shot(400)
    browser.run(wrong)
    drawn = browser.shot(400)
    kept = BASELINES / "plan-400-light.png"
    assert [*differences(kept, drawn, browser.run(SECTIONS))] != []
