import copy
import pickle
from hashlib import sha256

import pytest
from msgspec import to_builtins

from ctsync.canonical_json import canonical, parse
from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state.entry_edits import changed_entry, replaced_entries
from ctsync.state.snapshot_codec import (
    EntryDigest,
    entry_from_edited_line,
    with_changed_digest,
    with_digest,
)

GOLD = KnownValue("Plan", "string", "Gold", owned=True)
ENTRY = Entry(
    ProfileKey("identity", "a"), {"plan": GOLD}, cohorts=("vip",), fingerprint="f"
)


def test_stored_entries_can_be_copied_and_sent_to_another_process():
    stored = entry_from_line(entry_line(ENTRY))
    assert pickle.loads(pickle.dumps(stored)) == copy.deepcopy(stored) == ENTRY


def test_a_stored_entry_is_written_as_it_was_read():
    line = entry_line(ENTRY)
    assert entry_line(entry_from_line(line)) == line


def test_an_accepted_edit_takes_the_canonical_form():
    wordy = entry_line(ENTRY).replace(
        b'"kind":', b'"certain": true, "since": null, "maybe": [], "kind": '
    )
    assert entry_line(entry_from_edited_line(wordy)) == entry_line(ENTRY)


@pytest.mark.parametrize("line", [b"[]", b"7", b"null", b"{}", b"", b'{"key":{}}'])
def test_what_is_no_entry_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the caller's
        entry_from_edited_line(line)


@pytest.mark.parametrize("number", [b"18446744073709551616", b"-9223372036854775809"])
def test_a_number_that_no_line_can_hold_is_no_value(number):
    """It is read, and could not be written down again."""
    line = entry_line(ENTRY).replace(b'"Gold"', number)
    assert entry_from_line(line).attributes["plan"].value == int(number)
    with pytest.raises(ValueError, match="not an entry"):
        entry_from_edited_line(line)


def test_order_faults_say_which_entry():
    digest = EntryDigest()
    digest.add(ENTRY)
    with pytest.raises(ValueError, match="entry 2 comes twice"):
        digest.add(ENTRY)
    with pytest.raises(ValueError, match="entry 2 comes out of order"):
        digest.add(Entry(ProfileKey("FBID", "a")))


OTHER = Entry(ProfileKey("identity", "b"))
HEADER = Header("lineage-1", 1, Account("A", "in1"))


def test_a_digest_is_that_of_the_entries_however_they_came_about():
    whole = with_digest(HEADER, [ENTRY, OTHER])
    assert (len(whole.digest), whole.entries) == (64, 2)
    digest = EntryDigest(with_digest(HEADER, [OTHER]))
    digest.exchange(None, entry_line(ENTRY))
    assert digest.seal(HEADER) == whole
    digest.exchange(entry_line(ENTRY), None)
    digest.exchange(entry_line(OTHER), None)
    assert digest.seal(HEADER) == with_digest(HEADER, [])
    assert with_digest(HEADER, []).digest == "0" * 64


def columns(*ids):
    count = len(ids)
    lines = [entry_line(Entry(ProfileKey("identity", each))) for each in ids]
    texts = [each.encode() for each in ids]
    return EntryColumns("identity", texts, lines, [()] * count, [b"0" * 32] * count)


def test_entries_that_come_as_columns_count_as_they_do_one_by_one():
    digest = EntryDigest()
    digest.add_columns(columns("a"))
    digest.add_columns(columns("b", "c"))
    digest.add(Entry(ProfileKey("identity", "d")))
    digest.add_columns(columns("e", "f"))
    entries = [Entry(ProfileKey("identity", each)) for each in "abcdef"]
    assert digest.seal(HEADER) == with_digest(HEADER, entries)


@pytest.mark.parametrize("ids", ["a", "0b", "bb", "cb", "bcc"])
def test_columns_out_of_order_are_refused_as_entries_are(ids):
    digest = EntryDigest()
    digest.add(ENTRY)
    with pytest.raises(ValueError, match="entries from 2 on come out of order"):
        digest.add_columns(columns(*ids))


def test_parts_of_a_digest_come_to_the_whole():
    """One of them takes away what another brought."""
    last = Entry(ProfileKey("identity", "c"))
    gone, come, digest = EntryDigest(), EntryDigest(), EntryDigest()
    gone.exchange(entry_line(ENTRY), None)
    come.add(OTHER)
    come.add(last)
    digest.add(ENTRY)
    for part in (gone.part, come.part):
        assert len(part.total) == 64
        digest.add_part(part)
    assert digest.seal(HEADER) == with_digest(HEADER, [OTHER, last])


def test_what_follows_columns_comes_after_their_last_entry():
    digest = EntryDigest()
    digest.add_columns(columns("a", "b"))
    with pytest.raises(ValueError, match="entry 3 comes twice"):
        digest.add(OTHER)


def test_a_digest_is_the_sum_of_the_hashes_of_lines_as_the_documents_say():
    entries = [Entry(ProfileKey("identity", f"{n:02d}")) for n in range(20)]
    hashes = [int.from_bytes(sha256(entry_line(each)).digest()) for each in entries]
    for count in range(len(entries)):
        total = sum(hashes[:count]) % 2**256
        assert with_digest(HEADER, entries[:count]).digest == f"{total:064x}"


def test_any_other_entry_is_another_digest():
    others = [
        [],
        [ENTRY],
        [OTHER],
        [ENTRY, OTHER],
        [Entry(ENTRY.key, {"plan": GOLD}, cohorts=("vip",))],
        [Entry(ENTRY.key, {}, cohorts=("vip",), fingerprint="f")],
    ]
    assert len({with_digest(HEADER, entries).digest for entries in others}) == 6


def edited(**fields):
    return canonical({**parse(entry_line(ENTRY)), **fields})


@pytest.mark.parametrize(
    "line",
    [
        edited(cohorts="vip"),
        edited(once="plan"),
        edited(once=[7]),
        edited(gone="no"),
        edited(attributes=[]),
        edited(attributes={"plan": 7}),
        edited(attributes={"plan": {**to_builtins(GOLD), "certain": "yes"}}),
        edited(attributes={"tags": {"name": "T", "kind": "list", "present": "ab"}}),
        edited(fingerprint=7),
    ],
)
def test_a_field_of_another_shape_is_refused(line):
    """A text where values should stand would be taken for its letters."""
    assert entry_from_edited_line(edited()) == ENTRY
    with pytest.raises(ValueError, match="not an entry"):
        entry_from_edited_line(line)


def test_a_digest_follows_edits():
    base = with_digest(HEADER, [ENTRY])
    edits = [(ENTRY.key, lambda _: None), (OTHER.key, lambda _: OTHER)]
    changes = replaced_entries(lambda _: iter([ENTRY]), edits)
    after = with_changed_digest(base, HEADER, changes)
    assert after == with_digest(HEADER, changed_entry([ENTRY], edits))
