"""People read meaning: no command shows them how things are stored or counted.

The law of what a terminal, a page and a comment say: dates and not seconds, numbers in
groups of thousands, no share that is nought and is not, nothing counted of nothing,
nothing "known" where there is no state yet.
"""

import re
from html.parser import HTMLParser

import pytest

COUNT = 1_011  # its neighbours are not the number of anything else
PROJECT = """\
timezone: Asia/Kolkata
policy: {limits: {update: 100%, opt_in: 9999, remove: 100%, create: 9999}}
"""
STORED = {
    "seconds of an epoch": re.compile(r"\$D_|\b(?:6355|1806|1900)[0-9]{6}\b"),
    "a number without groups": re.compile(r"(?<![:\w.,=+-])10(?:09|1[0-3])\b(?!\))"),
    "a share of nought": re.compile(r"(?<![0-9.])0\.0 ?%"),
    "a count of nothing": re.compile(r"\bof 0\b"),
}
KNOWN = re.compile(r"\bknown\b")


class Words(HTMLParser):
    """The text of a page that is seen."""

    def __init__(self, page):
        super().__init__()
        self._hidden, self.said = 0, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._hidden += tag in {"script", "style", "template"}

    def handle_endtag(self, tag):
        self._hidden -= tag in {"script", "style", "template"}

    def handle_data(self, data):
        self.said += [] if self._hidden else [data]


def words_of(ended, words):
    """Return what is said, without what is there to be sent: records, and options."""
    out = "\n".join(Words(ended.out).said) if "html" in words else ended.out
    out = re.sub(r'(?m)^.*"record":\{.*$', "", out)
    out = re.sub(r"--accept \w+=\d+|policy: \{accept: .*\}|people\.yaml:\d+", "", out)
    return out + ended.err


class Reader:
    """Runs commands, and holds each to the law."""

    def __init__(self, desk):
        self.desk = desk
        self.found = []

    def __call__(self, line, *, code=0, is_first=False):
        ended = self.desk.run(*line.split())
        assert ended.code == code, (line, ended.said)
        said = words_of(ended, line)
        laws = {**STORED, "known": KNOWN} if is_first else STORED
        for name, pattern in laws.items():
            for match in pattern.finditer(said):
                around = said[max(match.start() - 50, 0) : match.end() + 30]
                self.found.append((line, name, around))
        return ended

    def declare(self, plan, points, day):
        attributes = f"{{Plan: {plan}, Points: {points}, Born: {day}, MSG-email: true}}"
        lines = (
            f'  - {{identity: "u{n:04}", attributes: {attributes}}}\n'
            for n in range(COUNT)
        )
        self.desk.write("people.yaml", "profiles:\n" + "".join(lines))


@pytest.fixture
def reads(desk):
    desk.project(PROJECT)
    return Reader(desk)


def test_no_command_shows_people_how_things_are_stored(reads):
    reads.declare("Free", 5, "1990-02-20")
    first(reads)
    reads.declare("Gold", 7, "2027-03-31")
    second(reads)
    looks(reads)
    refusals(reads)
    assert reads.found == []


def first(reads):
    for line in ("plan", "plan --format markdown", "plan --format html"):
        reads(line, is_first=True)
    reads("plan --summary --out p.plan", is_first=True)
    reads("show p.plan --summary", is_first=True)
    reads("explain u0001", is_first=True)
    reads("import spec --dry-run", is_first=True)
    reads("state list", is_first=True)
    reads("state history", is_first=True)
    reads("doctor --offline", is_first=True)
    reads("apply p.plan --auto-approve --first-run --summary", is_first=True)


def second(reads):
    reads("state show u0001")
    reads("state list")
    for line in ("plan", "plan --format markdown", "plan --format html"):
        reads(line)
    reads("explain u0001")
    reads("plan --out q.plan --summary")
    reads("apply --auto-approve --summary --target identity=u0000")
    reads("apply q.plan --auto-approve", code=4)
    reads("apply --auto-approve --summary")
    reads("plan")
    for line in ("state history", "state history last", "plan --revert last"):
        reads(line)


def looks(reads):
    for n in range(COUNT):
        edit = {"Plan": "Odd", "Born": "$D_1900000000"}
        reads.desk.sandbox.platform.edit("identity", f"u{n:04}", edit)
    for line in ("drift", "drift --format markdown", "drift --format html"):
        reads(line)
    reads("verify")
    reads("refresh --dry-run")
    reads("state doubt --all --auto-approve")
    reads("state copy copy.jsonl --dry-run")
    reads("explain u0001")


def refusals(reads):
    reads.desk.project("policy: {limits: {update: 1, opt_in: 0}}")
    reads("plan --summary", code=6)
    reads("plan --format markdown", code=6)
    reads("apply --auto-approve --summary", code=6)
    reads.desk.project("policy: {accept: {update: 1010}}")
    reads("plan --summary", code=6)
    reads.desk.crowd(COUNT, phone="x")
    reads("validate", code=1)
    reads("plan", code=1)
    reads("doctor --offline", code=1)
