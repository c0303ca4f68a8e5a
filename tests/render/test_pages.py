"""The pages of drift, verify and apply: whole, self-contained, and inert."""

from collections import Counter

import pytest

from ctsync.diagnostics import Findings
from ctsync.model.drift import Difference, ProfileDrift, ReadCounts
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.model.verification import AttributeCheck, Verification
from ctsync.render.apply_html import applied_html
from ctsync.render.drift import render_drift
from ctsync.render.drift_view import DriftView
from ctsync.render.plan_view import Style
from ctsync.render.verified import render_verified
from ctsync.render.verified_view import VerifiedView

MARKUP = "</script><img src=x onerror=alert(1)>"
ACCOUNT, BASE = Account("WR8", "in1"), Base("lineage-1", 1204)
SANDBOX = "SANDBOX: simulation of documented behaviour"


def drift_view(count=2, attribute="Plan", **rest):
    difference = Difference(attribute, "string", "Gold", MARKUP)
    drifts = [
        ProfileDrift(ProfileKey("identity", f"u{n}"), differences=(difference,))
        for n in range(count - 1)
    ]
    drifts.append(ProfileDrift(ProfileKey("identity", "jack@example.com"), "gone"))
    counts = ReadCounts(
        known=4000, asked=4000, same=4000 - count, drifted=count - 1, gone=1,
        compared=8000, differing=count - 1, differences=Counter({attribute: count - 1}),
        write_only=Counter({"MSG-sms": 7}), seconds=100,
    )  # fmt: skip
    fields = {"mask": Mask("lineage-1"), "findings": Findings(), "project": "crm"}
    return DriftView(ACCOUNT, BASE, counts, lambda: iter(drifts), **fields | rest)


def verified_view(*checks, known=50, **rest):
    found = Verification(
        known=known, chosen=50, whole=40, partly=10, asked=50, seconds=3, run="r-7"
    )
    found.attributes = {each.attribute: each for each in checks}
    return VerifiedView(ACCOUNT, BASE, found, Findings(), **rest)


def applied(**rest):
    counts = {"acknowledged": 4000, "rejected": 150, "unknown": 1, "not_sent": 0}
    key = {"identity": "a.yaml:3", "masked": True}
    origin = {"file": "b.yaml", "line": 7, "row": None}
    rejected = [{"key": key, "code": 512, "error": MARKUP, "origins": [origin]}]
    unknown = [{"key": {"FBID": "55"}, "code": None, "error": "", "origins": [origin]}]
    fields = {
        "format": "ctsync.apply/1", "exit_code": 3, "error": None, "run": "4f1c",
        "digest": "sha256:ab", "environment": "prod", "dry_run": False, "calls": 42,
        "counts": counts, "rejected": rejected, "unknown": unknown, "seconds": 21.4,
        "stopped": "canary", "retryable": True, "next": "ctsync apply --env prod",
    }  # fmt: skip
    return fields | rest


@pytest.fixture
def drift(parsed):
    return lambda view, **style: parsed(
        "".join(render_drift("html", view, Style(**style)))
    )


@pytest.fixture
def verified(parsed):
    return lambda view: parsed("".join(render_verified("html", view, Style())))


@pytest.fixture
def apply_page(parsed):
    def page(sandbox=False, **rest):
        return parsed("".join(applied_html(applied(**rest), ACCOUNT, sandbox=sandbox)))

    return page


def words_of(page):
    return " ".join(page.visible.split())


def test_drift_says_how_much_of_what(drift):
    words = words_of(drift(drift_view()))
    assert "Drift: of 4,000 profiles read, 1 profile drifted" in words
    assert "Project crm" in words.replace("Projectcrm", "Project crm")
    assert "read4,000 of 4,000 known" in words
    assert "gone1 <0.1% of 4,000" in words
    assert "values differ1 <0.1% of 8,000" in words
    assert "Write-only, not compared: MSG-sms (7)" in words
    assert "State serial1,204" in words


def test_drift_names_the_next_command_only_where_there_is_drift(drift):
    words = words_of(drift(drift_view(environment="prod", sandbox=True)))
    assert "ctsync refresh --env prod --sandbox" in words
    assert SANDBOX in words
    none = DriftView(
        ACCOUNT, BASE, ReadCounts(known=3, same=3), lambda: iter(()),
        Mask(), Findings(),
    )  # fmt: skip
    assert "ctsync refresh" not in drift(none).visible


def test_drift_shows_people_masked_and_values_as_text(drift):
    shown = drift(drift_view())
    assert "jack@example.com" not in shown.visible
    assert "gone: a read of the platform" in shown.visible
    assert MARKUP in shown.visible
    assert shown.found("img") == []


def test_drift_of_too_many_profiles_says_how_many_are_left_out(drift, monkeypatch):
    monkeypatch.setattr("ctsync.render.drift_html.MOST_EMBEDDED", 3)
    words = words_of(drift(drift_view(count=9)))
    assert "The first 3 of 9 profiles (--all puts all in)." in words
    assert "u2" in words
    assert "u3" not in words
    assert "u7" in drift(drift_view(count=9), everything=True).visible


def test_verify_shows_every_attribute_with_a_bar_of_what_is_there(verified):
    dropped = AttributeCheck("Score", acknowledged=40, missing=40)
    partly = AttributeCheck(MARKUP, acknowledged=40, there=30, other=10)
    page = verified(verified_view(dropped, partly))
    words = words_of(page)
    assert "Verified: 30 of 80 acknowledged values are there." in words
    assert "values there30 37.5% of 80" in words
    assert "missing or other50 62.5% of 80" in words
    assert "Score accepted and dropped" in words
    assert "Runr-7" in words
    widths = [(bar["class"], bar["width"]) for bar in page.found("rect")]
    assert widths == [
        ("op-delete", "100.00"), ("op-add", "75.00"), ("op-remove", "25.00"),
    ]  # fmt: skip
    assert page.found("img") == []


def test_verify_of_a_sample_says_how_sure_each_share_is(verified):
    words = words_of(
        verified(verified_view(AttributeCheck("Plan", 400, 40, 10), known=100))
    )
    assert "with 99 % confidence" in words
    assert "there of all 6" in words


def test_apply_says_what_came_of_how_many(apply_page):
    words = words_of(apply_page())
    assert "INCOMPLETE" in words
    assert "acknowledged4,000 96.4% of 4,151" in words
    assert "rejected150 3.6% of 4,151" in words
    assert "calls42 in 21 s" in words
    assert "Stopped: the canary was not wholly acknowledged" in words
    assert "To go on: ctsync apply --env prod" in words
    assert "What was rejected is planned again" in words


def test_apply_lists_profiles_with_reasons_and_says_that_there_are_more(apply_page):
    page = apply_page()
    words = words_of(page)
    assert f"rejectedidentitya.yaml:3 code 512: {MARKUP}" in words
    assert "unknownFBID55b.yaml:7" in words
    assert "The first 2 of 151 (--report FILE lists them all)." in words
    assert page.found("img") == []


def test_an_apply_that_is_whole_has_no_script_and_no_list(apply_page):
    counts = {"acknowledged": 3, "rejected": 0, "unknown": 0, "not_sent": 0}
    page = apply_page(
        sandbox=True, counts=counts, rejected=[], unknown=[], stopped=None, exit_code=0
    )
    assert "script" not in page.scripts
    assert "INCOMPLETE" not in page.visible
    assert SANDBOX in page.visible


@pytest.mark.parametrize(
    "pieces",
    [
        lambda: render_drift("html", drift_view(), Style()),
        lambda: render_verified(
            "html", verified_view(AttributeCheck("Plan", 1, 1)), Style()
        ),
        lambda: applied_html(applied(), ACCOUNT),
    ],
    ids=["drift", "verify", "apply"],
)
def test_no_page_names_anything_to_load_or_the_lineage(pieces, parsed):
    text = "".join(pieces())
    names = {name for _, attrs in parsed(text).tags for name in attrs}
    assert not names & {"src", "href", "style", "onclick", "onerror", "onload"}
    assert "default-src 'none'" in text
    assert "lineage" not in text


def test_the_comment_of_drift_names_the_next_command_too():
    view = drift_view(environment="prod")
    comment = "".join(render_drift("markdown", view, Style()))
    assert "the next plan corrects it: `ctsync refresh --env prod`" in comment
