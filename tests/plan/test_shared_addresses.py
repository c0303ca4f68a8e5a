"""Profiles of one plan with one address: how many, and which are named."""

import pytest

from ctsync.model.change import Origin
from ctsync.model.decided_addresses import SharedAddress, address_mark
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.among.shared_addresses import SharedAddresses

MAIL, CALL = "ann@example.com", "+4712345678"


@pytest.fixture
def shared(project_view, plan):
    """Give what is told of rows with so many addresses: count and place."""

    def told(*rows):
        named = [
            (f"u{number}", dict(zip(("Email", "Phone"), row, strict=False)))
            for number, row in enumerate(rows)
        ]
        planned = plan(project_view().table("t", ["Email", "Phone"], named))
        return [
            (
                note.attribute,
                note.message.partition(" ")[0],
                note.row,
                note.message[-6:],
            )
            for note in planned.document.foot.diagnostics
            if note.code == "CT632"
        ]

    return told


def test_everybody_but_the_first_has_the_address_of_another(shared):
    assert shared([MAIL], ["bo@x.io"]) == []
    assert shared([MAIL], [MAIL]) == [("Email", "1", 2, " row 1")]
    assert shared([MAIL], [MAIL], [MAIL]) == [("Email", "2", 2, " row 1")]


def test_the_first_who_shares_is_named_and_all_are_counted(shared):
    other = "bo@x.io"
    rows = [["a@x.io"], [MAIL], [other], [other], [MAIL], [MAIL]]
    assert shared(*rows) == [("Email", "3", 4, " row 3")]


def test_several_attributes_are_told_by_name(shared):
    rows = [[MAIL, CALL], [MAIL, CALL]]
    assert [name for name, *_ in shared(*rows)] == ["Email", "Phone"]


def test_words_say_one_profile_or_many():
    seen = SharedAddresses()
    mark = address_mark(MAIL)
    for number, name in enumerate("abc", 1):
        origin = Origin("t.csv", row=number)
        key = ProfileKey("identity", name)
        for attribute in ("Phone", "Email"):
            row = SharedAddress("email", mark, key, origin, is_new=False)
            seen.decided_seen(attribute, row)
        notes = list(seen.notes())
        said = [note.message.partition(" the ")[0] for note in notes]
        assert said == [[], ["1 profile has"] * 2, ["2 profiles have"] * 2][number - 1]
        assert [note.attribute for note in notes] == ["Email", "Phone"][: len(notes)]
    assert list(seen.marks()) == [("phone", mark), ("email", mark)]


@pytest.mark.parametrize("places", [1, 2])
@pytest.mark.parametrize("targets", [(), ("attribute=*",)])
def test_who_has_an_address_already_gets_none(
    places, targets, project_view, plan, entry
):
    """However many places say so, and whatever part of the plan is chosen."""
    known = [entry(f"u{n}", attributes={"Email": MAIL}) for n in (0, 1)]
    rows = [(f"u{n}", {"Email": MAIL, "City": "Pune"}) for n in range(4)]
    ground = project_view().table("t", ["Email", "City"], rows)
    if places == 2:
        for n in range(4):
            ground = ground.says(f"u{n}", {"Plan": "Gold"})
    planned = plan(ground, *known, targets=targets)
    said = [each.message for each in planned.document.foot.diagnostics]
    place = "t.csv row 3" if places == 1 else "people.yaml:7"
    assert [words for words in said if " the Email of " in words] == [
        f"1 profile has the Email of another, this one of {place}"
    ]
