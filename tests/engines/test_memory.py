"""Finding candidates: every profile that may differ, and no other."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.engines.memory import Tally, find_candidates, fingerprint
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry
from ctsync.model.key import Key, parse_key

SALT = b"salt"


def said(key, words, file="a.yaml", line=1, **origin):
    digest = words.encode().ljust(16, b".")
    return Contribution(parse_key(key), Origin(file, line, **origin), digest, dict)


def known(key, *words, **fields):
    """An entry that is as these words desire."""
    places = [said(key, each) for each in words]
    mark = fingerprint(places, SALT) if words else None
    return Entry(parse_key(key), fingerprint=mark, **fields)


def found(contributions, entries, salt=SALT):
    tally, passed = Tally(), []
    entries = sorted(entries, key=lambda entry: entry.key)
    candidates = list(
        find_candidates(contributions, entries, salt, tally, passed.append)
    )
    return candidates, tally, passed


def keys_of(candidates):
    return [str(candidate.key) for candidate in candidates]


def test_an_equal_fingerprint_is_passed_over():
    candidates, tally, passed = found([said("u1", "gold")], [known("u1", "gold")])
    assert candidates == []
    assert (tally.entries, tally.unchanged, tally.undeclared) == (1, 1, 0)
    assert keys_of(passed) == ["u1"]


@pytest.mark.parametrize(
    "entry",
    [
        known("u1", "free"),
        known("u1"),
        known("u1", "gold", "free"),
        known("u1", "gold", gone=True),
    ],
    ids=["another", "none", "fewer words", "gone"],
)
def test_any_other_entry_that_a_place_names_is_a_candidate(entry):
    candidates, tally, _ = found([said("u1", "gold")], [entry])
    assert keys_of(candidates) == ["u1"]
    assert candidates[0].entry == entry
    assert tally.unchanged == 0


def test_a_profile_without_an_entry_is_a_candidate():
    (candidate,), tally, _ = found([said("u1", "gold")], [])
    assert (candidate.entry, candidate.is_known) == (None, False)
    assert tally.entries == 0


def test_an_entry_that_no_place_names_is_a_candidate_without_contributions():
    (candidate,), tally, _ = found([], [known("u1", "gold")])
    assert (candidate.contributions, candidate.fingerprint) == ((), None)
    assert tally.undeclared == 1


def test_an_entry_that_a_read_found_gone_is_counted_as_none():
    entries = [known("u1", gone=True), known("u2", gone=True), known("u3", "gold")]
    candidates, tally, _ = found([said("u1", "x"), said("u3", "gold")], entries)
    assert keys_of(candidates) == ["u1", "u2"]
    assert (tally.entries, tally.unchanged, tally.undeclared) == (1, 1, 0)
    assert not any(candidate.is_known for candidate in candidates)


def test_candidates_come_in_the_order_of_id_type_and_id():
    keys = ["u2", "objectId=a", "FBID=z", "u10", "U1", "é", "GPID=m"]
    entries = [known("u15"), known("objectId=b"), known("FBID=a")]
    candidates, _, _ = found([said(key, "x") for key in keys], entries)
    assert keys_of(candidates) == [
        "FBID=a", "FBID=z", "GPID=m", "U1", "u10", "u15", "u2", "é",
        "objectId=a", "objectId=b",
    ]  # fmt: skip


def test_contributions_of_a_profile_come_in_the_order_of_their_places():
    places = [
        said("u1", "c", "b.yaml", 1),
        said("u1", "b", "a.yaml", 9),
        said("u1", "a", "a.yaml", 2),
    ]
    (candidate,), _, _ = found(places, [])
    assert [place.digest[:1] for place in candidate.contributions] == [b"a", b"b", b"c"]


# Fingerprints


def test_a_fingerprint_is_32_hex_digits():
    mark = fingerprint([said("u1", "gold")], SALT)
    assert len(mark) == 32
    assert int(mark, 16)


def test_moving_words_to_another_place_changes_nothing():
    one = [said("u1", "gold", "a.yaml", 3), said("u1", "free", "b.yaml", 1)]
    two = [said("u1", "free", "c.yaml", 7), said("u1", "gold", "d.yaml", 2)]
    assert fingerprint(one, SALT) == fingerprint(two, SALT)


@pytest.mark.parametrize(
    "places",
    [
        [],
        [said("u1", "gold")],
        [said("u1", "gold"), said("u1", "gold"), said("u1", "free")],
        [said("u1", "gold"), said("u1", "Free")],
    ],
)
def test_other_words_have_another_fingerprint(places):
    before = [said("u1", "gold"), said("u1", "free")]
    assert fingerprint(places, SALT) != fingerprint(before, SALT)


def test_another_salt_makes_every_profile_a_candidate():
    entries = [known("u1", "gold"), known("u2", "gold")]
    words = [said("u1", "gold"), said("u2", "gold")]
    assert keys_of(found(words, entries, b"other")[0]) == ["u1", "u2"]


KEYS = st.sampled_from(["u1", "u2", "u3", "U1", "FBID=u1", "objectId=u1"])
WORDS = st.sampled_from(["gold", "free"])


@settings(deadline=None, max_examples=60)
@given(
    contributions=st.lists(st.builds(said, KEYS, WORDS), max_size=8),
    entries=st.dictionaries(KEYS, st.lists(WORDS, max_size=2), max_size=6),
    data=st.data(),
)
def test_every_profile_is_met_once_in_any_order_of_contributions(
    contributions, entries, data
):
    snapshot = [known(key, *words) for key, words in entries.items()]
    candidates, tally, passed = found(contributions, snapshot)
    met = [each.key for each in (*candidates, *passed)]
    named = {each.key for each in contributions}
    assert sorted(met) == sorted(named | {entry.key for entry in snapshot})
    assert [c.key for c in candidates] == sorted(c.key for c in candidates)
    assert tally.entries == len(snapshot)
    shuffled = data.draw(st.permutations(contributions))
    again, _, _ = found(shuffled, snapshot)
    assert [(c.key, c.fingerprint) for c in again] == [
        (c.key, c.fingerprint) for c in candidates
    ]


def test_a_candidate_knows_the_key_it_stands_for():
    (candidate,), _, _ = found([replace(said("u1", "x"), key=Key("GPID", "9"))], [])
    assert candidate.key == Key("GPID", "9")
