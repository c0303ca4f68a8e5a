"""Profiles of one plan with one address: how many, and which are named."""

import pytest

from ctsync.model.change import Origin
from ctsync.model.decided_addresses import SharedAddress, address_mark
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.shared_addresses import SharedAddresses

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
