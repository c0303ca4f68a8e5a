"""Lines of changes come to the entries to which the changes come."""

import io

import pytest
from msgspec.structs import replace

from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.observe import import_spec
from ctsync.observe.declared_row import lists_in
from ctsync.observe.declared_rows import DeclaredRows, NewProfiles
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.observe.import_spec import SpecImport
from ctsync.observe.said_entries import SaidEntries
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.plan.entries.plain_entry import Taking
from ctsync.state.edit_stream import EditStream
from ctsync.state.entry_edits import changed_entry, changed_texts

TAKINGS = [Taking.DECLARED, Taking.READ, Taking.SAID]


def key(number):
    return ProfileKey("identity", f"u{number:03}")


def change(number, *more, table="rows"):
    """That of a new profile; of every seventh the name is spelled with escapes."""
    name = "a\\b" if number % 7 == 0 else f"n{number}"
    said = Operation("Name", "string", "set", name, "unknown", after=name)
    place = Origin("a.csv", None, number + 1, None, table)
    settled = EntryAfter(f"{number:032x}", (f"table={table}",))
    return Change(key(number), "create", (said, *more), (place,), settled=settled)


def points(number):
    return Operation("Points", "counter", "set", number, "unknown", after=number)


def tags(*present):
    return Operation("Tags", "list", "$add", present, "unknown", after=present)


def long_way(each, taking):
    whole = () if taking is Taking.SAID else lists_in(each)
    is_read = taking is Taking.READ
    return entry_as_declared(Entry(each.key), each, whole, is_read=is_read)


@pytest.mark.parametrize("taking", TAKINGS)
@pytest.mark.parametrize("first", [0, 7, 20])
def test_lines_come_to_the_entries_of_the_changes(taking, first):
    changes = [change(n, tags("a", "b")) for n in range(first, 40)]
    changes[3] = change(first + 3, points(5), tags("b"))
    lines = [*map(change_line, changes)]
    runs = [*DeclaredRows(taking).runs(lines)]
    together = [each for each in runs if isinstance(each, NewProfiles)]
    assert sum(len(each.columns) for each in together) > len(changes) / 2
    entries = [*changed_entry((), EditStream(iter(runs)))]
    assert entries == [long_way(each, taking) for each in changes]


def test_an_entry_has_its_names_in_order():
    """So it is the same wherever, and its line needs no longer look."""
    held = {"zip": KnownValue("Zip", "string", "1"), "b": KnownValue("B", "string")}
    before = Entry(key(1), held, once=tuple("hdb"))
    taken = replace(change(1, tags("x"), points(2)), once=tuple("gecaf"))
    after = entry_as_declared(before, taken)
    assert [*after.attributes] == ["b", "name", "points", "tags", "zip"]
    assert after.once == tuple("abcdefgh")


def test_a_pattern_is_learned_of_all_that_come_and_not_of_the_first():
    odd = [change(n, points(n)) for n in range(30)]
    lines = [*map(change_line, odd), *(change_line(change(n)) for n in range(30, 60))]
    *_, last = DeclaredRows(Taking.DECLARED).runs(lines)
    assert isinstance(last, NewProfiles)


def test_of_what_came_alone_it_is_learned_how_the_next_are_told():
    rows = DeclaredRows(Taking.DECLARED)
    [*rows.runs([change_line(change(1))])]
    for told in (False, True):
        (run,) = rows.runs([change_line(change(2, tags("x")))])
        assert isinstance(run, NewProfiles) == told


class Decided:
    """Changes, as columns have them that were decided."""

    def __init__(self, changes):
        self._lines = [*map(change_line, changes)]

    def text(self, column):
        assert column == "line"
        return b"".join(self._lines)


def test_what_is_said_is_written_the_same_whoever_decided_it(monkeypatch):
    """One by one only where a line is odd; a counter is never certain."""
    changes = [change(n, tags("a", "b")) for n in range(9)]
    changes[3] = change(3, points(3))
    one_by_one, at_once, odd = io.BytesIO(), io.BytesIO(), []
    said, alone = SaidEntries(one_by_one), DeclaredRows._alone
    for each in changes:
        said.add(each)

    def noted(rows, line):
        odd.append(line)
        return alone(rows, line)

    monkeypatch.setattr(DeclaredRows, "_alone", noted)
    SaidEntries(at_once).add_decided(Decided(changes))
    assert one_by_one.getvalue() == at_once.getvalue()
    assert odd == [change_line(changes[n]) for n in (0, 3, 7)]


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_entries_and_lines_of_changes_are_taken_in_as_they_come(monkeypatch, size):
    """And what a plan says of entries with nothing to do is left out."""
    monkeypatch.setattr(import_spec, "_BYTES_AT_ONCE", size)
    adoption = SpecImport(io.BytesIO())
    adoption.add(None, change(0, points(3)))
    settled = settled_line(key(1), EntryAfter("f" * 32))
    lines = [settled, change_line(change(2)), change_line(change(3, tags("x")))]
    adoption.add_lines(b"".join(lines), 3)
    adoption.add(None, change(4))
    assert (adoption.profiles, adoption.attributes) == (4, 6)
    changes = [change(0, points(3)), change(2), change(3, tags("x")), change(4)]
    expected = [long_way(each, Taking.DECLARED) for each in changes]
    for _ in range(2):
        assert [*changed_entry((), adoption.edits())] == expected


@pytest.mark.parametrize("taking", [Taking.DECLARED, Taking.READ])
def test_a_change_goes_over_the_entry_that_there_is(taking):
    held = KnownValue("Name", "string", "x", owned=True)
    before = Entry(key(1), {"name": held, "city": KnownValue("City", "string", "Ulm")})
    said = Operation("Name", "string", "set", "y", "known", "x", "y")
    settled = EntryAfter("e" * 32)
    moved = Change(key(1), "update", (said, points(2)), settled=settled)
    adoption = SpecImport(io.BytesIO(), taking)
    adoption.add_lines(change_line(moved), 2)
    is_read = taking is Taking.READ
    after = entry_as_declared(before, moved, is_read=is_read)
    assert [*changed_entry([before], adoption.edits())] == [after]
    (text,) = changed_texts([before], adoption.edits())
    assert (text.line if is_read else entry_line(text)) == entry_line(after)
