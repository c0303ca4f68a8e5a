"""One profile as a story: each golden file is one, told of the same project.

Ann has brought three people to the platform, and Bob has lost a reply; then the spec
moves on, and `explain` is asked. `pytest --update-golden` writes the stories anew.
"""

import json
import re
import time
from pathlib import Path
from uuid import UUID

import pytest

from ctsync.cli.states import profile_history
from ctsync.model.run import Author

STORIES = Path(__file__).parent / "explained"
NOVEMBER = 1_795_859_100.0  # 2026-11-28T15:15:00+05:30
DRAWN = re.compile(r'("(?:digest|tool_version|seconds)":)("[^"]*"|[0-9.]+)')
MORE = """\
  First Order: {type: date, write: once}
  Referral Code: {type: string, write: locked}
  Coupon: {type: string, sensitive: true}
timezone: Asia/Kolkata
tables:
  loyalty: {file: loyalty.csv, key: {identity: id}, columns: {level: Level}}
policy: {limits: {remove: 100%}}
"""
FIRST = """\
profiles:
  - identity: u1
    attributes:
      Plan: Gold
      First Order: 2026-01-05
      Referral Code: R-1
      Points: 100
      Tags: {include: [new, loyal]}
      Coupon: CANARY-COUPON
      Name: CANARY-NAME
      City: Pune
  - {identity: u2, attributes: {Plan: Free}}
  - {identity: u3, attributes: {Plan: Gold}}
cohorts:
  vip: {members: [u1], attributes: {Tier: VIP}, leave: {Tier: Standard}}
"""
SECOND = FIRST.replace("Points: 100", "Points: 120")
THIRD = """\
profiles:
  - identity: u1
    attributes:
      Plan: Platinum
      First Order: 2026-02-02
      Referral Code: R-2
      Points: 150
      Tags: {include: [loyal]}
      Coupon: CANARY-COUPON
      Name: CANARY-OTHER
  - {identity: u2, attributes: {Plan: Free}}
  - {identity: u4, attributes: {Plan: Gold}}
cohorts:
  vip: {members: [], attributes: {Tier: VIP}, leave: {Tier: Standard}}
"""


class Drawn:
    """Ids one after the other, and a clock that stands still but for waiting."""

    def __init__(self):
        self._drawn = 0
        self._skipped = 0.0

    def uuid4(self):
        self._drawn += 1
        return UUID(int=self._drawn << 96)

    def time(self):
        return NOVEMBER + self._skipped

    def monotonic(self):
        return time.monotonic() + self._skipped

    def sleep(self, seconds):
        self._skipped += seconds


@pytest.fixture
def story(desk, monkeypatch):
    """Return the project on the third day, with two runs in its history."""
    drawn = Drawn()
    for room in ("clock", "send_plan"):
        monkeypatch.setattr(f"ctsync.cli.{room}.time", drawn)
    monkeypatch.setattr("ctsync.cli.send_plan.uuid", drawn)
    desk.project(MORE)
    desk.write("loyalty.csv", "id,level\nu1,3\nu2,1\n")
    _play(desk, monkeypatch, FIRST, Author("ann", "laptop", commit="1a2b3c4d5e6f7"), 0)
    desk.sandbox.script(*["lost"] * 9)
    page = "https://ci.example.com/jobs/7"
    drawn.sleep(3600)
    _play(desk, monkeypatch, SECOND, Author("bob", "runner-3", pipeline=page), 3)
    desk.sandbox.script()
    desk.write("loyalty.csv", "id,level\nu2,1\n")
    desk.write("people.yaml", THIRD)
    return desk


def _play(desk, monkeypatch, spec, author, code):
    desk.write("people.yaml", spec)
    monkeypatch.setattr("ctsync.cli.send_plan.author", lambda _: author)
    ended = desk.apply()
    assert ended.code == code, ended.said


@pytest.mark.parametrize("key", ["u1", "u2", "u3", "u4"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_profile_is_told_as_a_story(story, request, key, form):
    found = DRAWN.sub(r'\1"(drawn)"', story.ok("explain", key, "--format", form).out)
    file = STORIES / f"{key}.{'txt' if form == 'text' else 'json'}"
    if request.config.getoption("--update-golden"):
        file.write_text(found)
    assert found == file.read_text()
    assert "CANARY" not in found


def test_every_reason_for_sending_nothing_is_told(story):
    verdicts = {
        (each["attribute"], each["reason"], each["prior"])
        for each in json.loads((STORIES / "u1.json").read_text())["verdicts"]
    }
    assert verdicts == {
        ("City", "released", None),
        ("Coupon", "equal", None),
        ("First Order", "once", None),
        ("Level", "shielded", None),
        ("Name", "sent", "known"),
        ("Plan", "sent", "known"),
        ("Points", "sent", "uncertain"),
        ("Referral Code", "locked", "known"),
        ("Tags", "sent", "known"),
        ("Tier", "left", "known"),
    }


def test_what_left_the_spec_and_is_removed_or_cannot_be_is_told(story):
    story.project(MORE.replace("policy: {", "policy: {undeclared: remove, "))
    third = THIRD.replace("      Tags: {include: [loyal]}\n", "")
    story.write("people.yaml", third.replace("      Name: CANARY-OTHER\n", ""))
    told = {
        each["attribute"]: each["reason"]
        for each in story.json("explain", "u1")["verdicts"]
    }
    assert told["Name"] == "removed"
    assert told["Tags"] == "taken_back"
    assert told["City"] == "stuck"


def test_a_row_with_faults_is_named_as_skipped(story):
    text = MORE.replace("level: Level}", "level: Level}, invalid: skip")
    story.project(text.replace("  Coupon", "  Level: {type: number}\n  Coupon"))
    story.write("loyalty.csv", "id,level\nu1,three\nu2,1\n")
    sources = story.json("explain", "u1")["sources"]
    assert [(each["file"], each["skipped"]) for each in sources] == [
        ("loyalty.csv", True),
        ("people.yaml", False),
    ]
    assert "loyalty.csv row 1 (line 2) (table loyalty): skipped" in (
        story.ok("explain", "u1").out
    )


def test_runs_that_changed_too_many_are_counted_and_not_read(story, monkeypatch):
    monkeypatch.setattr(profile_history, "MOST_CHANGES", 3)
    told = story.json("explain", "u2")
    assert (told["history"], told["history_unread"]) == ([], 1)
    text = story.ok("explain", "u2").out
    assert 'not looked into: see "ctsync state history"' in text


def test_a_damaged_history_is_said_and_the_rest_is_told(story):
    for file in (story.folder / "state.jsonl.runs").iterdir():
        file.write_bytes(b"nothing")
    told = story.json("explain", "u1")
    assert "damaged" in told["history_fault"]
    assert told["verdicts"]
    assert "the history cannot be read" in story.ok("explain", "u1").out


def test_what_was_read_and_not_sent_says_so(desk):
    desk.write("export.csv", "identity,Plan\nu1,Gold\n")
    desk.ok("import", "export.csv", "--key", "identity=identity", "--auto-approve")
    assert "read, not sent" in desk.ok("explain", "u1").out
