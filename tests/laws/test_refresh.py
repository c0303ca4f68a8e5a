"""Looking at the platform leads to no loop, whatever a read does to values."""

import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platform_world import PlatformWorld

from ctsync.sandbox import DISTORTIONS
from ctsync.sandbox.api import NOT_FOUND

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
    "Since": st.sampled_from(["2026-11-29", "1969-12-31T23:59:59+00:00"]),
    "DOB": st.sampled_from(["1990-02-20", "1950-01-01"]),
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
    "Since": st.sampled_from(["$D_86400", "2026-11-29", 86400, None]),
    "DOB": st.sampled_from(["$D_0", None]),
    "Age": st.just(44),
}


@pytest.fixture(autouse=True)
def _passcode(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")


def converges(distortions, people, edits, **options):
    """After refresh, plan, apply and refresh nothing is left, and nothing drifted."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PlatformWorld(folder, distortions, **options) as world,
    ):
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
    "Since": "2026-11-29T10:00:00+05:30",
    "Age": 36,
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
    "Since": "$D_86400",
    "DOB": "$D_635472000",
}


SHOWN_AS = {
    "Phone: a number": {"numeric-phone"},
    "text of digits: a number": {"numeric-text"},
    "integer: 5.0 or text": {"float-numbers", "text-numbers"},
    "boolean: text": {"text-booleans"},
    "date: epoch seconds": {"epoch-dates"},
    "list: any order, lower case, one value alone": {
        "shuffled-lists", "folded-lists", "lone-values",
    },
    "key: folded": {"folded-names"},
    "outer spaces: gone": {"trimmed-text"},
    "Age with DOB: moves": {"aged"},
    "all_identities: merged, or none": {"merged", "bare"},
    "lifted members inside profileData": {"unlifted"},
    "objects, badKs, df": {"nested", "internals"},
}  # fmt: skip
"""What reads are known to do to values, and the distortions that do it."""


def test_the_law_knows_every_way_in_which_a_read_differs():
    assert set().union(*SHOWN_AS.values()) == set(DISTORTIONS)


@pytest.mark.parametrize("distortions", [[], *([name] for name in DISTORTIONS)])
def test_every_distortion_converges(distortions):
    converges(distortions, {"u1": EVERYTHING, "u2": EVERYTHING}, {"u1": DRIFTED})


def test_all_distortions_together_converge():
    converges(DISTORTIONS, {"u1": EVERYTHING}, {"u1": DRIFTED})


@pytest.mark.parametrize("not_found", NOT_FOUND)
def test_a_profile_that_went_is_created_again(not_found):
    people = {"u1": EVERYTHING, "u2": EVERYTHING}
    converges([], people, {"u1": "gone"}, not_found=not_found)


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
