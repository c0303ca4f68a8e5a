"""Of edits of a state only what changes is told, and the digest goes along."""

from ctsync.model.entry import Entry, entry_line
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state.changed_lines import changed_lines
from ctsync.state.entry_edits import put_instead
from ctsync.state.snapshot_codec import EntryDigest, with_digest

HEADER = Header("lineage-1", 1, Account("A", "in1"))
KNOWN = [Entry(ProfileKey("identity", name)) for name in "abc"]


def picked(keys):
    """Give the lines of those whose keys are known."""
    lines = {entry.key: entry_line(entry) for entry in KNOWN}
    return ((key, lines[key]) for key in keys if key in lines)


def after(name):
    return Entry(ProfileKey("identity", name), fingerprint="new")


def test_what_changes_comes_and_goes_is_told_with_the_line_before():
    digest = EntryDigest(with_digest(HEADER, KNOWN))
    made = {"a": KNOWN[0], "b": after("b"), "c": None, "d": after("d"), "e": None}
    edits = [(ProfileKey("identity", n), put_instead(e)) for n, e in made.items()]
    changed = list(changed_lines(picked, edits, digest))
    assert [(each.key.id, each.before, each.line) for each in changed] == [
        ("b", entry_line(KNOWN[1]), entry_line(after("b"))),
        ("c", entry_line(KNOWN[2]), None),
        ("d", None, entry_line(after("d"))),
    ]
    assert digest.seal(HEADER) == with_digest(
        HEADER, [KNOWN[0], after("b"), after("d")]
    )
