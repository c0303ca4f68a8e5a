"""Taking changes into a state as if they had long been so."""

import io

from ctsync.model.change import Change, EntryAfter
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.import_spec import SpecImport
from ctsync.state.entry_edits import changed_entry


def _key(identity):
    return ProfileKey("identity", identity)


def _set(attribute, value, kind="string"):
    return Operation(attribute, kind, "set", value, "unknown", after=value)


def _change(identity, *operations, once=(), **settled):
    return Change(
        _key(identity),
        "create",
        operations,
        once=once,
        settled=EntryAfter(**{"fingerprint": f"fp-{identity}", **settled}),
    )


def _adopt(entries, *changes):
    adoption = SpecImport(io.BytesIO())
    known = {entry.key: entry for entry in entries}
    for change in changes:
        adoption.add(known.get(change.key), change)
    return {entry.key.id: entry for entry in changed_entry(entries, adoption.edits())}


def test_what_is_taken_in_is_certain_and_not_ours():
    (entry,) = _adopt([], _change("a", _set("Plan", "Free"))).values()
    assert entry.attributes == {"plan": KnownValue("Plan", "string", "Free")}
    assert entry.fingerprint == "fp-a"


def test_a_counter_is_uncertain_and_keeps_the_entry_from_being_settled():
    (entry,) = _adopt([], _change("a", _set("Points", 4, "counter"))).values()
    assert entry.attributes["points"].certain is False
    assert entry.fingerprint is None


def test_entries_and_changes_are_joined_by_key():
    entries = [Entry(_key(name)) for name in ("b", "d")]
    changes = [_change(name, _set("Plan", "Free")) for name in ("a", "b", "c", "e")]
    adopted = _adopt(entries, *changes)
    assert list(adopted) == ["a", "b", "c", "d", "e"]
    assert adopted["d"] == entries[1]
    assert adopted["b"].attributes["plan"].value == "Free"


def test_what_ctsync_sent_itself_stays_its_own():
    held = {"plan": KnownValue("Plan", "string", "Free", owned=True)}
    entries = [Entry(_key("a"), held)]
    (entry,) = _adopt(entries, _change("a", _set("Plan", "Gold"))).values()
    assert entry.attributes["plan"] == KnownValue("Plan", "string", "Gold", owned=True)


def test_an_included_value_that_is_taken_in_is_nobody_s_to_take_back():
    """Whoever drops it from the spec leaves it there: ctsync did not send it."""
    sent = {"after": ("a", "b"), "ours": ("b",)}
    added = Operation("Tags", "list", "$add", ("b",), "known", ("a",), **sent)
    held = {"tags": KnownValue("Tags", "list", present=("a",))}
    (entry,) = _adopt([Entry(_key("u"), held)], _change("u", added)).values()
    assert entry.attributes["tags"] == KnownValue("Tags", "list", present=("a", "b"))


def test_what_left_is_forgotten_and_cohorts_are_those_of_today():
    held = {"tier": KnownValue("Tier", "string", "VIP")}
    entries = [Entry(_key("a"), held, cohorts=("old",))]
    change = _change("a", _set("Plan", "Free"), forget=("tier",), cohorts=("vip",))
    (entry,) = _adopt(entries, change).values()
    assert entry.attributes.keys() == {"plan"}
    assert entry.cohorts == ("vip",)


def test_what_is_written_once_counts_as_written():
    change = _change("a", _set("First", "x"), once=("first",))
    (entry,) = _adopt([], change).values()
    assert entry.once == ("first",)


def test_a_profile_that_was_gone_begins_anew():
    entries = [Entry(_key("a"), {"old": KnownValue("Old", "string", "x")}, gone=True)]
    (entry,) = _adopt(entries, _change("a", _set("Plan", "Free"))).values()
    assert entry.attributes.keys() == {"plan"}
    assert entry.gone is False


def test_what_is_so_already_is_no_news():
    adoption = SpecImport(io.BytesIO())
    held = {"plan": KnownValue("Plan", "string", "Free")}
    change = _change("a", _set("Plan", "Free"))
    adoption.add(Entry(_key("a"), held, fingerprint="fp-a"), change)
    assert (adoption.profiles, list(adoption.edits())) == (0, [])


def test_edits_can_be_read_again_and_each_profile_counts():
    adoption = SpecImport(io.BytesIO())
    for name in ("a", "b"):
        adoption.add(None, _change(name, _set("Plan", "x"), _set("City", "y")))
    assert (adoption.profiles, adoption.attributes) == (2, 4)
    assert [key.id for key, _ in adoption.edits()] == ["a", "b"]
    assert [key.id for key, _ in adoption.edits()] == ["a", "b"]
