import json

import pytest

from ctsync.model.entry import Entry, KnownValue
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.render.state_entries import (
    entries_json,
    entries_text,
    entry_json,
    entry_text,
)

IN_WORDS = """\
identity 1189549
  DOB        (sensitive)                                    date, owned, certain
  Interests  "bags", "shoes"     list, owned, uncertain since run run-7, in part
             maybe: "hats"
             ours: "shoes"
  Name       (sensitive)                                   string, read, certain
  Plan       "Free"                      string, read, uncertain since run run-7
             maybe: "Free", "Gold"
  cohorts: vip
  written once: firstorder
  fingerprint: present (equal to what the spec declared then)
"""
HEADER = Header("lineage-1", 4, Account("WR8", "in1"))


@pytest.fixture
def entry():
    return Entry(
        ProfileKey("identity", "1189549"),
        {
            "dob": KnownValue("DOB", "date", "$D_635472000", owned=True),
            "interests": KnownValue(
                "Interests", "list", owned=True, present=("bags", "shoes"),
                maybe=("hats",), ours=("shoes",), since="run-7",
            ),
            "name": KnownValue("Name", "string", "Jack"),
            "plan": KnownValue(
                "Plan", "string", "Free", certain=False, since="run-7",
                maybe=("Free", "Gold"),
            ),
        },
        cohorts=("vip",),
        once=("firstorder",),
        fingerprint="f" * 32,
    )  # fmt: skip


def is_sensitive(name):
    return name in {"Name", "DOB"}


def test_an_entry_in_words(entry):
    assert "".join(entry_text(entry, Mask(), is_sensitive)) == IN_WORDS


def test_an_entry_as_a_document(entry):
    data = json.loads("".join(entry_json(entry, Mask(), is_sensitive)))
    assert data["format"] == "ctsync.state.show/1"
    shown = data["entry"]
    assert shown["key"] == {"identity": "1189549"}
    assert shown["fingerprint"] is True
    assert shown["attributes"][0] == {
        "attribute": "DOB",
        "kind": "date",
        "value": {"masked": True},
        "certain": True,
        "owned": True,
        "since": None,
    }
    assert shown["attributes"][1]["present"] == ["bags", "shoes"]
    assert shown["attributes"][1]["complete"] is False


def test_profiles_are_listed_a_line_each(entry):
    gone = Entry(ProfileKey("objectId", "25b0"), gone=True)
    assert "".join(entries_text(HEADER, [entry, gone], Mask())) == (
        "identity 1189549  4 attributes, 2 uncertain\n"
        "objectId 25b0  0 attributes, gone\n"
        "2 profiles, state serial 4\n"
    )


def test_without_a_state_the_list_says_so():
    assert list(entries_text(None, [], Mask())) == ["There is no state yet.\n"]
    data = json.loads("".join(entries_json(None, [], Mask())))
    assert data["base"] == {"lineage": None, "serial": 0}
    assert data["entries"] == []


def test_the_list_as_a_document(entry):
    data = json.loads("".join(entries_json(HEADER, [entry, entry], Mask())))
    assert data["format"] == "ctsync.state.list/1"
    assert data["base"] == {"lineage": "lineage-1", "serial": 4}
    assert data["account"] == {"id": "WR8", "region": "in1", "endpoint": None}
    assert data["entries"][1] == {
        "key": {"identity": "1189549"},
        "attributes": 4,
        "uncertain": 2,
        "cohorts": ["vip"],
        "tables": [],
        "fingerprint": True,
        "gone": False,
    }


def test_a_known_absence_is_said():
    entry = Entry(ProfileKey("identity", "u"), {"plan": KnownValue("Plan", "string")})
    shown = "".join(entry_text(entry, Mask(), is_sensitive))
    assert "  Plan  (absent)" in shown
    assert "fingerprint: none (compared anew by the next plan)" in shown
