"""Of a known profile its row is kept, and what was known of whatever that is about."""

import pytest
from msgspec import to_builtins

from ctsync.apply.folding.history import run_change_from, run_in
from ctsync.apply.journal.journal_records import JournalHead
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.plan.document.change_codec import change_line
from ctsync.state import open_store
from ctsync.state.base import Journal
from ctsync.state.journal_file import LineGroup, StoredLines

ACCOUNT = Account("A", "in1")
HEAD = JournalHead("l", 1, ACCOUNT, "run", "0" * 64, "sha256:0", 1.0, None, "0")
# Their folded names come in another order than these.
NAMES = ("City", "Plan", "VIP", "Zip", "age", "tier")
FOLDED = sorted(NAMES, key=str.lower)
KNOWN = {name.lower(): KnownValue(name, "string", "x") for name in FOLDED}
OTHER = {"other": KnownValue("Other", "string", "y")}


def key(identifier):
    return ProfileKey("identity", identifier)


ENTRIES = [
    Entry(key("a"), {**KNOWN, **OTHER}, ("vip",)),
    Entry(key("b"), KNOWN, ("vip",), gone=True),
    Entry(key("c"), OTHER),
]


@pytest.fixture
def before(tmp_path):
    """A state whose lines are found by their keys."""
    store = open_store("state/", folder=tmp_path)
    store.replace(Header("l", 1, ACCOUNT), iter(ENTRIES))
    return store.read()


def change(identifier, **more):
    operations = [
        Operation(name, "string", "set", "new", "unknown", after="new")
        for name in NAMES[1:]
    ]
    origins = (Origin("a.csv", row=3, table="rows"),)
    settled = EntryAfter("f" * 32, ("table=rows",))
    return Change(
        key(identifier), "update", tuple(operations), origins, settled=settled, **more
    )


def kept(before, *groups):
    """The lines that are kept of a run in which all of these changes were taken."""
    count = sum(map(len, groups))
    call = {"call": 1, "at": 0.0, "timeout_seconds": 60.0, "wave": 1}
    noted = [
        {"intent": {**call, "spans": [(0, count)]}},
        {"receipt": {"call": 1, "outcomes": [(count, "acknowledged")]}},
    ]
    texts = [b"".join(map(change_line, group)) for group in groups]
    texts += [canonical(each) + b"\n" for each in noted]

    def lines():
        return StoredLines(LineGroup(text, 2, "journal") for text in texts)

    journal = Journal(to_builtins(HEAD), lines)
    run = run_in(before, journal, JournalReplay(lines()), as_text=True)
    return b"\n".join(map(canonical, run.changes())).split(b"\n")


def test_rows_that_are_told_together_are_kept_as_each_by_itself(before):
    changes = [*map(change, "abcd")]
    together = kept(before, changes)
    assert together == kept(before, *([each] for each in changes))
    found = [run_change_from(parse(line)) for line in together]
    touched = {name: known for name, known in KNOWN.items() if name != "city"}
    assert [(each.key.id, each.known, each.cohorts, each.is_new) for each in found] == [
        ("a", touched, ("vip",), False),
        ("b", {}, (), True),
        ("c", {}, (), False),
        ("d", {}, (), True),
    ]


def test_what_is_released_was_known_as_well(before):
    """Else a revert could not bring it back."""
    (line,) = kept(before, [change("a", released=("City",))])
    found = run_change_from(parse(line))
    assert (found.released, found.known) == (("City",), KNOWN)
