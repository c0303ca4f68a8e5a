"""Who leaves while a new profile has their address may have got another id."""

import pytest

from ctsync.model.entry import KnownValue

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
