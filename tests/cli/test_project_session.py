"""A first session with the example project, offline from beginning to end."""

import shutil
from pathlib import Path

import pytest

import ctsync.sandbox
from ctsync.sandbox import Sandbox

EXAMPLE = Path(__file__).parents[2] / "specs"


@pytest.fixture
def seen(monkeypatch):
    """Every embedded platform that a command starts."""
    started = []

    class Watched(Sandbox):
        def __enter__(self):
            started.append(self)
            return super().__enter__()

    monkeypatch.setattr(ctsync.sandbox, "Sandbox", Watched)
    return started


@pytest.fixture
def example(desk, monkeypatch, seen):
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    shutil.rmtree(desk.folder)
    shutil.copytree(EXAMPLE, desk.folder, ignore=shutil.ignore_patterns(".ctsync"))
    monkeypatch.chdir(desk.folder.parent)
    return desk


def _profiles(seen):
    return {f"{each.kind}={each.value}": each for each in seen[-1].platform.profiles()}


def test_the_example_goes_from_yesterday_to_today_and_then_rests(example, seen):
    name = example.folder.name
    example.ok("validate", name)
    sandbox = ["--sandbox", "--auto-approve"]
    assert (
        "FIRST RUN" in example.ok("plan", name, "--sandbox", "--env", "yesterday").out
    )
    example.ok("apply", name, *sandbox, "--env", "yesterday")
    assert example.run("plan", name, "--sandbox", "--detailed-exitcode").code == 2
    ended = example.ok("apply", name, *sandbox)
    assert "6 acknowledged, 0 rejected, 0 unknown, 0 not sent" in ended.out
    assert "No changes." in example.ok("plan", name, "--sandbox").out
    assert example.run("plan", name, "--sandbox", "--detailed-exitcode").code == 0
    assert [each.platform.violations for each in seen] == [()] * len(seen)

    profiles = _profiles(seen)
    assert profiles.keys() == {
        "identity=1189549",
        "identity=1189550",
        "identity=1189551",
        "identity=1189552",
        "FBID=5551001",
        "objectId=25b08803c1af4e00839f530264dac6f8",
    }
    assert _sorted(profiles["identity=1189549"]) == {
        "Email": "jack@example.com",
        "Phone": "+14155551234",
        "Employed": "Y",
        "Education": "Graduate",
        "Married": "Y",
        "DOB": "$D_1487576752",
        "Customer Type": "Platinum",
        "Custom Multi Value": ["bags", "hats"],
        "My Number 1": 110,
        "My Number 2": 50,
    }
    assert profiles["identity=1189549"].flags == {
        "MSG-sms": False,
        "MSG-email": True,
        "MSG-whatsapp": True,
        "MSG-dndPhone": True,
        "MSG-dndEmail": True,
    }
    assert profiles["identity=1189549"].groups == {
        "Newsletters": False,
        "Promotions": False,
        "Football": True,
        "Movies": True,
    }
    assert _sorted(profiles["identity=1189550"]) == {
        "Customer Type": "Platinum",
        "Name": "Asha Rao",
        "Age": 34,
        "Plan": "Platinum",
        "Interests": ["films", "music"],
        "Features": ["beta", "vip-lounge"],
        "Loyalty Points": 120,
        "Renewal Date": "$D_1806431400",
        "First Order": "$D_1766514600",
        "Account Manager": "R. Iyer",
        "Referral Code": "ASHA-10",
        "Tier": "VIP",
    }
    assert _sorted(profiles["identity=1189551"]) == {
        "Name": "Ben Ode",
        "Plan": "Free",
        "Tier": "Standard",
        "ct_is_test_user": "Yes",
        "Favourite City": "Pune",
        "Store Visits": 4,
        "Average Basket": 512.5,
        "Last Visit": "$D_1793644200",
        "Segment": "Occasional",
    }
    assert profiles["identity=1189552"].attributes["Store Visits"] == 12
    assert _sorted(profiles["FBID=5551001"]) == {"Plan": "Free", "Tz": "GMT+0530"}


def test_the_example_survives_going_back_and_forth(example, seen):
    name = example.folder.name
    for env in (["--env", "yesterday"], [], ["--env", "yesterday"], []):
        example.ok("apply", name, "--sandbox", "--auto-approve", *env)
        plan = ["plan", name, "--sandbox", "--detailed-exitcode", *env]
        assert example.run(*plan).code == 0
    assert [each.platform.violations for each in seen] == [()] * len(seen)


def test_the_example_leaves_nothing_but_its_own_folder(example):
    before = set(example.files())
    example.ok("apply", example.folder.name, "--sandbox", "--auto-approve")
    made = set(example.files()) - before
    assert {name.split("/")[0] for name in made} == {".ctsync"}


@pytest.mark.parametrize("words", [["validate"], ["plan", "--sandbox"], ["plan"]])
@pytest.mark.parametrize("spoilt", [False, True])
def test_a_process_that_read_tables_says_nothing_of_its_end(example, words, spoilt):
    table = example.folder / "tables.yaml"
    if spoilt:
        table.write_text(table.read_text().replace("customer_id", "nobody"))
    ended = example.process(*words)
    assert ended.code == int(spoilt)
    assert "leak" not in ended.err
    assert ("CT615" in ended.out + ended.err) == spoilt


def _sorted(profile):
    return {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in profile.attributes.items()
    }
