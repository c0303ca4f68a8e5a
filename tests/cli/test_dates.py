"""Dates stand where people read them as people write them, in the project's zone."""

import json
from hashlib import sha256

import pytest

from ctsync.plan.document.plan_checksum import seal_line

DAY = "2027-03-31"
MOMENT = "2026-01-15T10:30:00+05:30"


@pytest.fixture
def dated(desk):
    """A project in India, applied, whose dates then move."""
    desk.project("timezone: Asia/Kolkata\n")
    desk.write("people.yaml", f"""\
        profiles:
          - {{identity: u1, attributes: {{Renewal: 2026-03-31, Order: {MOMENT}}}}}
        """)  # fmt: skip
    assert desk.apply().code == 0
    desk.write("people.yaml", f"""\
        profiles:
          - {{identity: u1, attributes: {{Renewal: {DAY}, Order: {MOMENT}}}}}
        """)  # fmt: skip
    return desk


@pytest.mark.parametrize(
    ("words", "dates"),
    [
        (("plan",), (f"2026-03-31 -> {DAY}",)),
        (("plan", "--format", "markdown"), (f"2026-03-31 -> {DAY}",)),
        (("explain", "u1"), (f"2026-03-31 -> {DAY}", MOMENT)),
        (("state", "show", "u1"), ("2026-03-31", MOMENT)),
        (("state", "history", "last"), ("2026-03-31", MOMENT)),
    ],
)
def test_dates_stand_in_the_projects_zone(dated, words, dates):
    shown = dated.ok(*words).out
    for date in dates:
        assert date in shown
    # Records are shown exactly as they would be sent.
    assert "$D_" not in shown.partition("Records, as they would be sent")[0]


def test_runs_have_begun_in_the_projects_zone(dated):
    assert "+05:30 by " in dated.ok("state", "history").out
    assert dated.json("state", "history")["runs"][0]["started"].endswith("Z")


def test_drift_stands_in_the_projects_zone(dated):
    dated.sandbox.platform.edit("identity", "u1", {"Renewal": "$D_0"})
    assert "2026-03-31 -> 1970-01-01T05:30:00+05:30" in dated.ok("drift").out


def test_a_refusal_says_what_moved_in_dates(dated):
    dated.ok("plan", "--out", "made.ctplan")
    dated.write("more.yaml", "profiles: [{identity: u2, attributes: {Plan: Gold}}]\n")
    dated.ok("apply", "--auto-approve", "--target", "identity=u2")
    dated.write("people.yaml", """\
        profiles: [{identity: u1, attributes: {Renewal: 2028-03-31}}]
        """)  # fmt: skip
    refused = dated.run("apply", "made.ctplan", "--auto-approve")
    assert refused.code == 4
    assert f"reviewed set {DAY}, today set 2028-03-31" in refused.err


def test_json_keeps_the_seconds(dated):
    operation, *_ = dated.plan()["changes"][0]["operations"]
    assert operation["operand"] == "$D_1806431400"


def test_a_plan_of_a_zone_that_there_is_not_is_refused(dated, forged):
    def elsewhere(head):
        head["timezone"] = "../../Etc/passwd"

    plan = forged(dated, elsewhere)
    assert dated.run("show", plan).code == 4


@pytest.fixture
def forged():
    """Give a saved plan whose head somebody has edited and sealed."""

    def forge(desk, edit):
        path = desk.folder / "forged.ctplan"
        desk.ok("plan", "--out", path)
        head, *lines, foot, _ = path.read_bytes().splitlines(keepends=True)
        data = json.loads(head)
        edit(data)
        text = json.dumps(data, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        body = b"".join([text, *lines, foot])
        seal = seal_line(text, foot, sha256(body).hexdigest())
        path.write_bytes(body + seal)
        return path

    return forge
