"""Looking at the platform leads to no loop, whatever a read does to values."""

import contextlib
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctsync.cli.app import run
from ctsync.sandbox import DISTORTIONS, Sandbox

PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
catalog:
  Points: {{type: counter}}
  Tags: {{type: list}}
  Since: {{type: date}}
policy: {{limits: {{opt_in: 100, remove: 100%, update: 100%}}}}
"""
TEXTS = ("Gold", " padded ", "00123", "12345678901234567890", "true", "1.50", "Zoë")
TAGS = st.lists(st.sampled_from(["Shoes", "bags", "007", "Ünï", "x y"]), unique=True)
VALUES = {
    "Name": st.sampled_from(["Jack", "Ann Lee"]),
    "Phone": st.sampled_from(["+14155551234", "+442071234567"]),
    "Email": st.sampled_from(["a@example.com", "B@example.com"]),
    "Favorite Color": st.sampled_from(TEXTS),
    "Score": st.sampled_from([5, -3, 1.5, 10**12, 0]),
    "Points": st.integers(0, 100),
    "Ok": st.booleans(),
    "Tags": TAGS | st.builds(lambda tags: {"include": tags}, TAGS.filter(bool)),
    "MSG-sms": st.booleans(),
}
SHAPES = {name: st.none() | values for name, values in VALUES.items()}
PROFILES = st.fixed_dictionaries(SHAPES).map(
    lambda all_: {name: value for name, value in all_.items() if value is not None}
)
EDITS = {
    "Favorite Color": st.sampled_from([*TEXTS, 7, True, None, ["a", "b"]]),
    "Score": st.sampled_from([6, "many", None]),
    "Points": st.sampled_from([0, 77, None]),
    "Ok": st.sampled_from([True, "maybe", None]),
    "Tags": st.sampled_from([["shoes", "New"], [], None]),
    "Phone": st.sampled_from(["+14155550000", None]),
}


class World:
    """A project, a platform that shows things its own way, and commands."""

    def __init__(self, folder, distortions):
        self.folder = Path(folder)
        self.sandbox = Sandbox(account_id="TEST-1", distortions=distortions)

    def __enter__(self):
        self.sandbox.start()
        text = PROJECT.format(url=self.sandbox.url)
        (self.folder / "ctsync.yaml").write_text(text)
        return self

    def __exit__(self, *_):
        self.sandbox.stop()

    def declare(self, people):
        found = [{"identity": n, "attributes": a} for n, a in people.items()]
        (self.folder / "p.yaml").write_text(json.dumps({"profiles": found}, indent=1))

    def __call__(self, *words):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run(["-C", str(self.folder), *words])
        assert code == 0, out.getvalue()
        return out.getvalue()

    def json(self, *words):
        return json.loads(self(*words, "--format", "json"))

    def apply(self, *words):
        self("apply", "--auto-approve", *words)

    def refresh(self):
        return self.json("refresh", "--auto-approve")


@pytest.fixture(autouse=True)
def _passcode(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")


def converges(distortions, people, edits):
    """After refresh, plan, apply and refresh nothing is left, and nothing drifted."""
    with tempfile.TemporaryDirectory() as folder, World(folder, distortions) as world:
        world.declare(people)
        world.apply("--first-run")
        assert world.json("drift")["profiles"] == []
        for identity, edit in edits.items():
            if edit == "gone":
                world.sandbox.platform.forget("identity", identity)
            else:
                world.sandbox.platform.edit("identity", identity, edit)
        world.refresh()
        world.apply()
        world.refresh()
        assert world.json("plan")["changes"] == []
        assert world.json("drift")["profiles"] == []
        assert world.refresh()["written"] is False
        assert world.sandbox.platform.violations == ()


EVERYTHING = {
    "Name": "Jack",
    "Phone": "+14155551234",
    "Email": "a@example.com",
    "Favorite Color": " 00123 ",
    "Zip": "00123",
    "Long": "12345678901234567890",
    "Score": 5,
    "Half": 1.5,
    "Points": 7,
    "Ok": True,
    "Tags": ["Shoes", "bags"],
    "One": ["X"],
    "Part": {"include": ["Beta"]},
    "MSG-sms": True,
}
DRIFTED = {
    "Favorite Color": "Blue",
    "Zip": 7,
    "Score": "6",
    "Points": 70,
    "Ok": "false",
    "Tags": ["shoes", "Hats"],
    "Part": ["gamma"],
    "Phone": "+14155550000",
}


@pytest.mark.parametrize("distortions", [[], *([name] for name in DISTORTIONS)])
def test_every_distortion_converges(distortions):
    converges(distortions, {"u1": EVERYTHING, "u2": EVERYTHING}, {"u1": DRIFTED})


def test_all_distortions_together_converge():
    converges(DISTORTIONS, {"u1": EVERYTHING}, {"u1": DRIFTED})


def test_a_profile_that_went_is_created_again():
    converges([], {"u1": EVERYTHING, "u2": EVERYTHING}, {"u1": "gone"})


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    derandomize=True,
)
@given(
    st.lists(st.sampled_from(sorted(DISTORTIONS)), unique=True),
    st.dictionaries(st.sampled_from(["u1", "u2"]), PROFILES.filter(bool), min_size=1),
    st.data(),
)
def test_refresh_and_apply_converge(distortions, people, data):
    edits = {}
    for identity in people:
        shape = {n: v for n, v in EDITS.items() if data.draw(st.booleans())}
        edits[identity] = data.draw(st.just("gone") | st.fixed_dictionaries(shape))
    converges(distortions, people, edits)
