"""A line tells of its entry what the entry itself does."""

import pytest
from msgspec.structs import replace

from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_text import text_from_line, text_of
from ctsync.model.profile_key import ProfileKey

KEY = ProfileKey("identity", 'u"1"')
PLAN = KnownValue("Plan", "string", '"ours":', owned=True)
TAGS = KnownValue("Tags", "list", present=("a",), ours=("a",))


@pytest.mark.parametrize(
    ("attributes", "fields", "is_bound"),
    [
        ({}, {}, False),
        ({"plan": PLAN}, {}, False),
        ({"ours": replace(PLAN, name="Ours")}, {}, False),
        ({"plan": PLAN, "tags": TAGS}, {}, True),
        ({"ours": PLAN, "tags": TAGS}, {}, True),
        ({"plan": PLAN}, {"cohorts": ("vip",)}, True),
        ({"plan": PLAN}, {"fingerprint": "0" * 32, "once": ("plan",)}, False),
        ({}, {"gone": True}, False),
    ],
)
def test_a_line_is_read_as_its_entry_is_written(attributes, fields, is_bound):
    entry = Entry(KEY, attributes, **fields)
    text = text_from_line(entry_line(entry))
    assert text == text_of(entry)
    assert text.is_bound is is_bound


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"[]", b'{"key":{"identity":"u1"}}', b'{"attributes":{},"key":{}}'),
        b'{"attributes":{"a":1,"key":{"identity":"u1"}}',
    ],
)
def test_what_is_no_entry_is_refused(line):
    with pytest.raises((ValueError, LookupError)):
        text_from_line(line)
