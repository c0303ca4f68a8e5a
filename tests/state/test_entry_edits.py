"""Edits of entries: what they take away, and what they leave as it is."""

import pytest

from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_text import text_of
from ctsync.model.profile_key import ProfileKey
from ctsync.state.entry_edits import (
    PutText,
    TextEdit,
    beside,
    changed_entry,
    changed_texts,
    chosen_entries,
    doubt_entry,
    edited,
    edited_line,
    forget_attribute,
    put_instead,
)

KEYS = [ProfileKey("identity", name) for name in "abcde"]
PLAN = KnownValue("Plan", "string", "Gold", owned=True)
TAGS = KnownValue(
    "Tags", "list", owned=True, present=("x", "b"), maybe=("a",), absent=("n",),
    ours=("x",), complete=True,
)  # fmt: skip
WHOLE = Entry(KEYS[0], {"plan": PLAN, "tags": TAGS}, ("vip",), ("plan",), "f")


def test_an_attribute_is_forgotten_with_its_once_mark():
    after = forget_attribute(WHOLE, "plan")
    assert after == Entry(KEYS[0], {"tags": TAGS}, ("vip",))
    assert forget_attribute(WHOLE, "tags") == Entry(
        KEYS[0], {"plan": PLAN}, ("vip",), ("plan",)
    )


def test_a_once_mark_alone_is_forgotten_too():
    marked = Entry(KEYS[0], {"tags": TAGS}, (), ("plan", "tier"), "f")
    assert forget_attribute(marked, "plan") == Entry(
        KEYS[0], {"tags": TAGS}, (), ("tier",)
    )


def test_what_is_not_known_leaves_the_entry_as_it_is():
    assert forget_attribute(WHOLE, "city") is WHOLE
    assert doubt_entry(WHOLE, ["city"]) is WHOLE
    assert doubt_entry(Entry(KEYS[0], fingerprint="f")).fingerprint == "f"


def test_a_doubt_is_of_these_attributes_or_of_all():
    """Of a list every value may be there, and more; whose they are stays known."""
    plan = KnownValue("Plan", "string", "Gold", certain=False, owned=True)
    tags = KnownValue("Tags", "list", owned=True, maybe=("a", "b", "x"), ours=("x",))
    one = Entry(KEYS[0], {"plan": plan, "tags": TAGS}, ("vip",), ("plan",))
    assert doubt_entry(WHOLE, ["plan"]) == one
    other = Entry(KEYS[0], {"plan": PLAN, "tags": tags}, ("vip",), ("plan",))
    assert doubt_entry(WHOLE, ["tags"]) == other
    both = Entry(KEYS[0], {"plan": plan, "tags": tags}, ("vip",), ("plan",))
    assert doubt_entry(WHOLE) == both
    assert doubt_entry(both) is both


def test_what_is_doubted_of_a_list_is_sorted():
    values = tuple("qwertyuiopasdfghjklzxcvbnm")
    known = KnownValue("Tags", "list", present=values[:13], maybe=values[9:])
    doubted = doubt_entry(Entry(KEYS[0], {"tags": known})).attributes["tags"]
    assert doubted.maybe == tuple(sorted(values))


class WholeIfNew(TextEdit):
    """Knows at a look what comes of whom nobody knew."""

    def __init__(self, text):
        self._text = text

    def over(self, before):
        return self._text if before is None else None

    def __call__(self, before):
        return before or WHOLE


def test_a_text_stands_for_the_entry_that_it_spells():
    text, other = text_of(WHOLE), Entry(KEYS[0])
    put, said = PutText(text), WholeIfNew(text)
    assert put(None) == put(other) == said(None) == WHOLE
    assert said(other) is other
    assert edited(put, None) is edited(put, other) is edited(said, None) is text
    assert edited(said, other) is other
    assert edited_line(said, None) is edited_line(put, entry_line(other)) is text
    assert edited_line(said, entry_line(other)) == other
    assert edited(put_instead(WHOLE), other) is WHOLE
    assert edited(put_instead(None), other) is None
    assert list(changed_texts([other], [(KEYS[0], put)])) == [text]


def edits(*keys):
    return [(key, lambda _, key=key: Entry(key, fingerprint="new")) for key in keys]


@pytest.mark.parametrize(
    ("keys", "word"), [((0, 0), "twice"), ((1, 0), "out of order")]
)
def test_edits_that_are_not_in_order_are_refused(keys, word):
    with pytest.raises(ValueError, match=f"edit 2 comes {word}"):
        list(changed_entry([], edits(*(KEYS[n] for n in keys))))


def test_edits_change_make_and_drop_entries_in_order():
    before = [Entry(key) for key in (KEYS[1], KEYS[3])]
    made = edits(KEYS[0], KEYS[2], KEYS[3], KEYS[4])
    new = [Entry(key, fingerprint="new") for key in KEYS]
    assert list(changed_entry(before, made)) == [new[0], before[0], *new[2:]]
    gone = [(KEYS[1], lambda _: None), (KEYS[2], lambda _: None)]
    assert list(changed_entry(before, gone)) == [before[1]]


def test_entries_are_chosen_by_key_and_what_is_not_there_is_passed_over():
    entries = [Entry(key) for key in KEYS[1:4]]

    def chosen(*numbers):
        return [e.key for e in chosen_entries(entries, [KEYS[n] for n in numbers])]

    assert chosen(0, 2, 4) == [KEYS[2]]
    assert chosen(1, 3) == [KEYS[1], KEYS[3]]
    assert chosen() == chosen(0) == chosen(4) == []


def test_a_value_without_an_entry_stands_beside_none():
    found = [Entry(KEYS[1]), Entry(KEYS[3])]
    values = list(zip(KEYS, "abcde", strict=True))
    told = list(beside(lambda keys: chosen_entries(found, keys), values))
    assert [(v, e and e.key) for _, v, e in told] == [
        ("a", None), ("b", KEYS[1]), ("c", None), ("d", KEYS[3]), ("e", None),
    ]  # fmt: skip
