"""What every engine of the registry promises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.engines.base import fingerprint
from ctsync.engines.find_places import find_places
from ctsync.model.profile_key import NOBODY, ProfileKey


@pytest.fixture(scope="module")
def said(lab):
    return lab.said


@pytest.fixture(scope="module")
def known(lab):
    return lab.known


def test_the_built_in_engines_are_these(lab):
    assert list(lab.ENGINES) == ["duckdb", "memory", "spark"]


def test_an_equal_fingerprint_is_passed_over(find, said, known):
    found = find([said("u1", "gold")], [known("u1", "gold")], everyone=True)
    assert found.candidates == []
    assert found.counts == (1, 1, 0)
    assert found.passed == [ProfileKey("identity", "u1")]


@pytest.mark.parametrize("words", [["free"], [], ["gold", "free"], ["gold", "gold"]])
@pytest.mark.parametrize("is_row", [False, True])
def test_any_other_entry_that_a_place_names_is_a_candidate(
    find, lab, said, known, words, is_row
):
    entry = known("u1", *words)
    places = [] if is_row else [said("u1", "gold")]
    rows = [lab.Rows(1, [("u1", "gold")])] if is_row else []
    found = find(places, [entry], rows)
    assert found.keys == ["u1"]
    assert found.candidates[0].entry == entry
    assert found.counts == (1, 0, 0)


@pytest.mark.parametrize("is_row", [False, True])
def test_a_gone_entry_is_a_candidate_whatever_its_fingerprint(
    find, lab, said, known, is_row
):
    places = [] if is_row else [said("u1", "gold")]
    rows = [lab.Rows(1, [("u1", "gold")])] if is_row else []
    found = find(places, [known("u1", "gold", gone=True)], rows)
    assert (found.keys, found.counts) == (["u1"], (0, 0, 0))


def test_a_profile_without_an_entry_is_a_candidate(find, said):
    found = find([said("u1", "gold")])
    (candidate,) = found.candidates
    assert (candidate.entry, candidate.is_known) == (None, False)
    assert found.tally.entries == 0


def test_an_entry_that_no_place_names_is_a_candidate_where_all_are_wanted(find, known):
    found = find([], [known("u1", "gold")], undeclared=True)
    (candidate,) = found.candidates
    assert (candidate.contributions, candidate.fingerprint) == ((), None)
    assert found.counts == (1, 0, 1)


def test_of_entries_that_no_place_names_the_bound_are_always_candidates(find, known):
    entries = [
        known("u1", "gold"),
        known("u2", "gold", cohorts=("vip",)),
        known("u3", "gold", ours=("a",)),
        known("u4", "gold", names=("ours",)),
    ]
    found = find([], entries, undeclared=False)
    assert found.keys == ["u2", "u3"]
    assert found.counts == (4, 0, 4)


def test_of_unchanged_entries_those_with_watched_attributes_are_passed_on(
    find, said, known
):
    entries = [
        known("u1", "gold", names=("a", "msg-dnd", "z")),
        known("u2", "gold", names=("msg-dnd2", "amsg-dnd")),
        known("u3", "gold", names=("msg-dnd",)),
    ]
    found = find(
        [said("u1", "gold"), said("u2", "gold"), said("u3", "free")],
        entries,
        attributes=frozenset({"msg-dnd"}),
    )
    assert found.passed == [ProfileKey("identity", "u1")]
    assert found.keys == ["u3"]
    assert found.counts == (3, 2, 0)


def test_an_entry_that_a_read_found_gone_is_counted_as_none(find, said, known):
    entries = [known("u1", gone=True), known("u2", gone=True), known("u3", "gold")]
    found = find([said("u1", "x"), said("u3", "gold")], entries)
    assert found.keys == ["u1", "u2"]
    assert found.counts == (1, 1, 0)
    assert not any(candidate.is_known for candidate in found.candidates)


def test_candidates_come_in_the_order_of_id_type_and_id(find, said, known):
    keys = [
        "u2",
        "objectId=a",
        "FBID=z",
        "u10",
        "U1",
        "é",
        "GPID=m",
        "\U0001f600",
        "\uff5e",
    ]
    entries = [known("u15"), known("objectId=b"), known("FBID=a")]
    assert find([said(key, "x") for key in keys], entries).keys == [
        "FBID=a", "FBID=z", "GPID=m", "U1", "u10", "u15", "u2", "é", "\uff5e",
        "\U0001f600", "objectId=a", "objectId=b",
    ]  # fmt: skip


def test_contributions_of_a_profile_come_in_the_order_of_their_places(find, lab, said):
    rows = lab.Rows(1, [("u2", "x"), ("u1", "d")], file="a.yaml")
    places = [
        said("u1", "c", "b.yaml", 1),
        said("u1", "b", "a.yaml", 9),
        said("u1", "a", "a.yaml", 2),
    ]
    first = find(places, [], [rows]).candidates[0]
    digests = [place.digest[:1] for place in first.contributions]
    assert digests == [b"d", b"a", b"b", b"c"]


def test_a_row_beside_another_place_has_the_fingerprint_of_both(find, lab, said, known):
    rows = [
        lab.Rows(1, [("u1", "a"), ("u2", "b"), ("u3", "c"), ("u4", "d")]),
        lab.Rows(2, [("u2", "e")]),
    ]
    entries = [known("u1", "a", "x"), known("u2", "b", "e"), known("u3", "c"),
               known("u4", "d")]  # fmt: skip
    found = find([said("u1", "x"), said("u3", "y")], entries, rows)
    assert (found.keys, found.counts) == (["u3"], (4, 3, 0))
    assert len(found.candidates[0].contributions) == 2


def test_the_same_words_said_twice_are_not_what_was_said_once(find, lab, said, known):
    rows = [lab.Rows(1, [("u1", "a"), ("u2", "b")])]
    found = find([said("u1", "a")], [known("u1", "a"), known("u2", "b")], rows)
    assert found.keys == ["u1"]


def test_an_identifier_of_another_type_is_another_profile(find, lab, known):
    rows = [lab.Rows(1, [("u1", "a"), ("u2", "b")], key_type="GPID")]
    found = find([], [known("u1", "a"), known("GPID=u2", "b")], rows, undeclared=True)
    assert found.keys == ["GPID=u1", "u1"]


def test_rows_that_name_no_one_are_passed_on(find, lab, known):
    rows = [lab.Rows(1, [("", "a"), ("u1", "b"), ("", "c")])]
    found = find([], [known("u1", "b")], rows)
    assert found.candidates == []
    assert sorted(read["W"][0] for _, read in found.nobody) == ["a", "c"]


def test_places_that_name_no_one_are_passed_on(find, said):
    found = find([replace(said("u1", "a"), key=NOBODY), said("u2", "a")])
    assert found.keys == ["u2"]
    assert len(found.nobody) == 1


def test_every_file_is_met_where_everyone_is_wanted(find, lab, said, known):
    rows = [lab.Rows(1, [("u1", "a"), ("u2", "b"), ("u3", "c")])]
    entries = [known("u1", "a"), known("u2", "b"), known("u3", "c")]
    found = find([said("u9", "x", "b.yaml")], entries, rows, everyone=True)
    assert found.places == {"0-t1.csv", "1-t1.csv", "b.yaml"}


def test_files_are_looked_at_once_more_when_all_has_been_read(lab):
    source = lab.Rows(1, [("u1", "a")])
    assert lab.duckdb_search(lab.ENGINES["duckdb"], [], [], [source]).keys == ["u1"]
    assert source.check == [1]


def test_few_rows_meet_their_entries_among_many(find, lab, known):
    entries = [known(f"u{n}", "a") for n in range(40)]
    rows = [lab.Rows(1, [("u3", "a"), ("u4", "b"), ("v", "c")])]
    found = find([], entries, rows, undeclared=False)
    assert (found.keys, found.counts) == (["u4", "v"], (40, 1, 38))


def test_one_profile_is_found_among_the_rows_of_all_sources(lab):
    sources = [
        lab.Rows(1, [("u1", "a"), ("u'2", "b")]),
        lab.Rows(2, [("u'2", "c")], key_type="GPID"),
        lab.Rows(3, [("x", "d"), ("u'2", "e"), ("", "f")]),
    ]
    found = list(find_places(sources, ProfileKey("identity", "u'2")))
    assert [place.read()["W"][0] for place in found] == ["b", "e"]
    assert [place.origin.row for place in found] == [2, 2]
    assert [source.check for source in sources] == [[1], [1], [1]]


# Fingerprints


def test_a_fingerprint_is_32_hex_digits(said):
    for places in ([said("u1", "gold")], [said("u1", "gold"), said("u1", "free")]):
        mark = fingerprint(places)
        assert len(mark) == 32
        assert int(mark, 16)


def test_the_fingerprint_of_a_single_place_is_its_digest(said):
    place = said("u1", "gold")
    assert bytes.fromhex(fingerprint([place])) == place.digest


def test_moving_words_to_another_place_changes_nothing(said):
    one = [said("u1", "gold", "a.yaml", 3), said("u1", "free", "b.yaml", 1)]
    two = [said("u1", "free", "c.yaml", 7), said("u1", "gold", "d.yaml", 2)]
    assert fingerprint(one) == fingerprint(two)


@pytest.mark.parametrize(
    "words", [[], ["gold"], ["gold", "gold", "free"], ["gold", "Free"]]
)
def test_other_words_have_another_fingerprint(said, words):
    before = [said("u1", "gold"), said("u1", "free")]
    assert fingerprint([said("u1", each) for each in words]) != fingerprint(before)


KEYS = st.sampled_from(["u1", "u2", "u3", "U1", "FBID=u1", "objectId=u1"])
WORDS = st.sampled_from(["gold", "free"])


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_every_profile_is_met_once_in_any_order_of_contributions(
    data, find, said, known
):
    contributions = data.draw(st.lists(st.builds(said, KEYS, WORDS), max_size=8))
    entries = data.draw(st.dictionaries(KEYS, st.lists(WORDS, max_size=2), max_size=6))
    snapshot = [known(key, *words) for key, words in entries.items()]
    found = find(contributions, snapshot, everyone=True)
    met = [*(candidate.key for candidate in found.candidates), *found.passed]
    named = {each.key for each in contributions}
    assert sorted(met) == sorted(named | {entry.key for entry in snapshot})
    keys = [candidate.key for candidate in found.candidates]
    assert keys == sorted(keys)
    assert found.tally.entries == len(snapshot)
    again = find(data.draw(st.permutations(contributions)), snapshot, everyone=True)
    assert [(c.key, c.fingerprint) for c in again.candidates] == [
        (c.key, c.fingerprint) for c in found.candidates
    ]
