"""Counting what of the acknowledged is there, and how sure a sample makes."""

import random

import pytest

from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.profile_reply import Found, Reading, SeenProfile, seen_of
from ctsync.observe.verify import Verifier


def entry(identity, **attributes):
    known = {
        name.casefold(): KnownValue(name, "string", value, owned=True)
        for name, value in attributes.items()
    }
    return Entry(ProfileKey("identity", identity), known)


def read(identity, **attributes):
    seen = {name.casefold(): seen_of(name, value) for name, value in attributes.items()}
    return Reading(ProfileKey("identity", identity), Found.FOUND, SeenProfile(seen))


def verified(*pairs, sample=None):
    verifier = Verifier()
    verifier.found.known = len(pairs)
    verifier.count(entry for entry, _ in pairs)
    chosen = pairs if sample is None else sample
    verifier.found.chosen = len(chosen)
    for each, reading in chosen:
        verifier.add(each, reading)
    return verifier.found


def test_what_is_there_missing_and_other_is_counted_by_attribute():
    found = verified(
        (entry("a", Plan="Gold", City="Pune"), read("a", Plan="Gold")),
        (entry("b", Plan="Gold", City="Pune"), read("b", Plan="Free", City="Pune")),
    )
    counts = {
        name: (each.acknowledged, each.there, each.missing, each.other)
        for name, each in found.attributes.items()
    }
    assert counts == {"plan": (2, 1, 0, 1), "city": (2, 1, 1, 0)}
    assert (found.whole, found.partly, found.lacks_any) == (0, 2, True)


def test_what_is_nowhere_is_told_to_be_dropped():
    found = verified(
        (entry("a", Plan="Gold", Score="5"), read("a", Plan="Gold")),
        (entry("b", Plan="Gold", Score="5"), read("b", Plan="Gold")),
    )
    assert [each.attribute for each in found.dropped()] == ["Score"]


def test_a_profile_that_is_gone_has_nothing():
    gone = Reading(ProfileKey("identity", "a"), Found.GONE)
    found = verified((entry("a", Plan="Gold"), gone))
    assert (found.gone, found.there, found.checked) == (1, 0, 1)


def test_only_what_was_acknowledged_counts():
    mixed = Entry(
        ProfileKey("identity", "a"),
        {
            "read": KnownValue("Read", "string", "x"),
            "unsure": KnownValue("Unsure", "string", "x", certain=False, owned=True),
            "maybe": KnownValue("Maybe", "list", maybe=("x",), owned=True),
            "msg-sms": KnownValue("MSG-sms", "subscription", True, owned=True),
        },
    )
    found = verified((mixed, read("a")))
    assert (found.acknowledged, found.checked) == (0, 0)
    assert found.write_only == {"MSG-sms": 1}


def test_without_a_sample_the_share_is_exact():
    found = verified(
        (entry("a", Plan="Gold"), read("a")),
        (entry("b", Plan="Gold"), read("b", Plan="Gold")),
    )
    interval = found.interval()
    assert (interval.low, interval.high) == (0.5, 0.5)


POPULATION = 3_000


def _population(rng, shares):
    pairs = []
    for number in range(POPULATION):
        held = {name: "x" for name in shares if rng.random() < 0.9}
        is_lucky = rng.random()  # what one profile lacks goes together
        there = {
            name: "x" for name in held if is_lucky < shares[name] or shares[name] == 1
        }
        pairs.append((entry(f"u{number}", **held), read(f"u{number}", **there)))
    return pairs


@pytest.mark.parametrize(
    "shares",
    [
        {"A": 1.0, "B": 1.0, "C": 0.0},
        {"A": 0.999, "B": 0.99, "C": 0.9, "D": 0.5},
        {"A": 0.97},
    ],
    ids=["dropped", "mixed", "one"],
)
def test_the_interval_covers_the_truth_in_95_of_100_samples(shares):
    rng = random.Random(f"verify {sorted(shares)}")
    pairs = _population(rng, shares)
    whole = verified(*pairs)
    truth = whole.there / whole.checked
    covered = 0
    each = dict.fromkeys(whole.attributes, 0)
    for _ in range(100):
        found = verified(*pairs, sample=rng.sample(pairs, 150))
        interval = found.interval()
        covered += interval.low <= truth <= interval.high
        for name, check in found.attributes.items():
            share = whole.attributes[name].there / whole.attributes[name].acknowledged
            own = check.interval()
            each[name] += own.low <= share <= own.high
    assert covered >= 95
    assert min(each.values()) >= 95
