"""Who leaves while a new profile has their address may have got another id."""

import pytest

from ctsync.model.change import Origin
from ctsync.model.decided_addresses import SharedAddress, address_mark
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.among.renamed_profiles import RenamedProfiles

MAIL, CALL = "ann@example.com", "+4712345678"


@pytest.fixture
def renames(project_view, plan, entry):
    """Give who is told to have another id, by what they have in common."""

    def told(new, *known, **more):
        view = project_view(undeclared="remove").says("stays", {"Plan": "Gold"})
        for key, words in new.items():
            view.says(key, words)
        entries = [entry(key, attributes=words) for key, words in known]
        planned = plan(view, *entries, **more)
        notes = [
            note for note in planned.document.foot.diagnostics if note.code == "CT409"
        ]
        return [note.message.rpartition(" ")[2] for note in notes]

    return told


def test_an_address_of_one_who_leaves_is_told_for_one_who_is_new(renames):
    assert renames({"new": {"Email": MAIL}}, ("a", {"Email": MAIL})) == ["Email"]
    assert renames({"new": {"Phone": CALL}}, ("a", {"Phone": CALL})) == ["Phone"]


def test_both_addresses_are_one_note(renames):
    both = {"Email": MAIL, "Phone": CALL}
    assert renames({"new": both}, ("a", both)) == ["Email"]


def test_each_new_profile_has_a_note_of_its_own(renames):
    new = {"new1": {"Email": MAIL}, "new2": {"Phone": CALL}}
    left = ("a", {"Email": MAIL, "Phone": CALL})
    assert renames(new, left) == ["Email", "Phone"]


def test_who_stays_or_is_known_or_has_another_address_is_no_other(renames):
    mail = {"Email": MAIL}
    assert renames({"new": mail}) == []
    assert renames({"new": {"Email": "bo@example.com"}}, ("a", mail)) == []
    assert renames({"new": {"Plan": "Gold"}}, ("a", mail)) == []
    assert renames({"a": {"Plan": "Gold"}, "new": {"Plan": "x"}}, ("a", mail)) == []
    assert renames({"a": {"Plan": "Gold"}, "new": mail}, ("a", mail)) == []
    known = ("new", {"Plan": "Free"})
    assert renames({"new": mail}, ("a", mail), known) == []


@pytest.mark.parametrize(
    "known",
    [
        KnownValue("Email", "string", None),
        KnownValue("Email", "string", MAIL, certain=False),
    ],
)
def test_an_address_that_is_not_certain_tells_nothing(renames, known):
    assert renames({"new": {"Email": MAIL}}, ("a", {"Email": known})) == []


# Seen one by one, or decided in columns


def leaving(identity, **words):
    known = {
        name.lower(): KnownValue(name, "string", word) for name, word in words.items()
    }
    return Entry(key(identity), known)


def key(identity):
    return ProfileKey("identity", identity)


def decided(identity, row, address=MAIL, *, is_new=True):
    mark = address_mark(address)
    return SharedAddress("email", mark, key(identity), Origin("t.csv", row=row), is_new)


def notes_of(*rows, left):
    seen = RenamedProfiles()
    for each in left:
        seen.leaving_seen(each)
    for row in rows:
        seen.decided_seen("Email", row)
    return seen, [(note.row, note.message) for note in seen.notes(Mask("0" * 32))]


def test_a_row_that_was_decided_in_columns_is_told_if_it_is_new():
    left = [leaving("a", Email=MAIL)]
    seen, told = notes_of(decided("n", 3), left=left)
    assert [row for row, _ in told] == [3]
    assert list(seen.marks()) == [("email", address_mark(MAIL))]
    assert notes_of(decided("n", 3, is_new=False), left=left)[1] == []


def test_addresses_are_asked_for_only_if_someone_leaves():
    seen, told = notes_of(decided("n", 3), left=[])
    assert (list(seen.marks()), told) == ([], [])


def test_the_first_by_key_are_told_in_the_order_of_who_leaves():
    left = [leaving("b", Email=MAIL), leaving("a", Email=MAIL)]
    _, told = notes_of(decided("n2", 2), decided("n1", 1), left=left)
    ((row, message),) = told
    assert (row, message.split()[0]) == (1, "a")
    other = "bo@example.com"
    left = [leaving("a", Email=other), leaving("b", Email=MAIL)]
    _, told = notes_of(decided("y", 1), decided("z", 2, other), left=left)
    assert [(row, message.split()[0]) for row, message in told] == [(2, "a"), (1, "b")]
