"""What comes in batches, and what is told by lines, is found as it is one by one."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.engines.base import ProfileCounts, Search, SearchCallbacks, fingerprint
from ctsync.engines.memory import find_candidates
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.stored_entries import StoredEntries, mark_of


@dataclass(frozen=True)
class Listed:
    """A batch of profiles of one file."""

    type: str
    file: str
    told: tuple[tuple[str, str], ...]

    @property
    def ids(self):
        return [text for text, _ in self.told]

    @property
    def marks(self):
        keys = (ProfileKey(self.type, text) for text, _ in self.told)
        marks = (digest(words).hex() for _, words in self.told)
        return list(map(mark_of, marks, keys))

    def contribution(self, index):
        text, words = self.told[index]
        origin = Origin(self.file, index + 1)
        return Contribution(
            ProfileKey(self.type, text), origin, digest(words), words.split
        )


def digest(words):
    return words.encode().ljust(16, b".")


KINDS = st.sampled_from(["FBID", "identity", "objectId"])
TOLD = st.tuples(st.sampled_from(["a", "b", "c", 'd"', "é"]), st.sampled_from("xyz"))
BATCHES = st.lists(
    st.builds(
        Listed,
        KINDS,
        st.sampled_from(["1.yaml", "2.yaml"]),
        st.lists(TOLD, max_size=5).map(tuple),
    ),
    max_size=4,
)
BLOCK = {"msg-dndemail": KnownValue("MSG-dndEmail", "boolean", value=True)}


@st.composite
def entries_of(draw, contributions):
    """Entries as desired, changed, gone, unknown, watched, written once."""
    places = {}
    for contribution in contributions:
        places.setdefault(contribution.key, []).append(contribution)
    keys = {
        *places,
        *draw(st.lists(st.builds(ProfileKey, KINDS, st.sampled_from("abz")))),
    }
    return [
        Entry(
            key,
            draw(st.sampled_from([{}, BLOCK])),
            (),
            draw(st.sampled_from([(), ("plan",)])),
            draw(st.sampled_from([*[_mark(places.get(key))] * 3, None, "1" * 32])),
            draw(st.sampled_from([False, False, False, True])),
        )
        for key in sorted(keys)
    ]


def _mark(places):
    return fingerprint(places) if places else "0" * 32


def found(search, watch):
    tally, passed = ProfileCounts(), []
    watch = SearchCallbacks(**watch, on_unchanged=passed.append)
    search = Search(**search, watch=watch)
    shown = [
        (c.key, [(p.origin, p.digest) for p in c.contributions], c.entry, c.fingerprint)
        for c in find_candidates(search, tally)
    ]
    return shown, tally, passed


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("watched", [(), ("msg-dndemail", "msg-dndphone")])
@given(batches=BATCHES, others=BATCHES, data=st.data())
def test_batches_and_lines_change_nothing(everyone, watched, batches, others, data):
    one_by_one = [b.contribution(at) for b in batches for at in range(len(b.told))]
    more = [b.contribution(at) for b in others for at in range(len(b.told))]
    entries = data.draw(entries_of([*one_by_one, *more]))
    watch = {"attributes": frozenset(watched), "everyone": everyone}
    plain = {"contributions": lambda: [*one_by_one, *more], "entries": lambda: entries}
    quick = {
        "batches": batches,
        "besides": lambda: more,
        "entries": lambda: StoredEntries(map(entry_line, entries)),
    }
    assert found(quick, watch) == found(plain, watch)


def test_of_unchanged_profiles_no_contribution_is_made():
    told = tuple((text, "x") for text in "abcd")

    class Silent(Listed):
        def contribution(self, index):
            assert self.ids[index] in "cd"  # the one after a newcomer is looked at
            return super().contribution(index)

    entries = [
        Entry(ProfileKey("FBID", t), fingerprint=digest("x").hex()) for t in "abd"
    ]
    stored = StoredEntries(map(entry_line, entries))
    search = Search(batches=[Silent("FBID", "1.yaml", told)], entries=lambda: stored)
    (candidate,) = find_candidates(search, ProfileCounts())
    assert candidate.key.id == "c"


def test_everyone_who_is_watched_sees_a_place_of_each_batch():
    seen = []
    watch = SearchCallbacks(
        everyone=True, on_place=lambda place: seen.append(place.origin.file)
    )
    batches = [Listed("FBID", f"{n}.yaml", (("a", "x"), ("b", "x"))) for n in (1, 2)]
    list(find_candidates(Search(batches=batches, watch=watch), ProfileCounts()))
    assert seen == ["1.yaml", "2.yaml"]
