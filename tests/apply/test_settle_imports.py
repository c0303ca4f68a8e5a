"""Reports settle exactly what they name, whatever was sent and whatever is told."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ctsync.apply.folding.sent_files import SentRecord, rows_of, settled_value
from ctsync.apply.import_reports import NamedRows, read_reports
from ctsync.apply.settle_imports import ImportSettler, Settlement
from ctsync.channels.base import ChannelSettings
from ctsync.channels.failure_file import columns_of
from ctsync.channels.part_files import PartWriter
from ctsync.channels.sftp import SftpChannel
from ctsync.errors import CtsyncError
from ctsync.kinds import KINDS
from ctsync.model.due_import import DueImport, ImportFile
from ctsync.model.entry import DueValue, Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.state.base import Snapshot
from ctsync.state.entry_edits import changed_entry

LAW = settings(max_examples=40, deadline=None)
WORDS = st.text("abcß\"', ;é", min_size=1, max_size=4)
NAMES = ("City", "Plan", "Tags")


def plan_of(name, words, operator="$add"):
    if name == "Tags":
        added = operator == "$add"
        return Operation(
            name, "list", operator, tuple(words), "known", (), channel="sftp",
            ours=tuple(words[::2]) if added else (),
            excluded=() if added else tuple(words[::2]),
        )  # fmt: skip
    return Operation(name, "string", "set", words[0], "known", channel="sftp",
                     after=words[0])  # fmt: skip


@st.composite
def sent(draw):
    """Operations of some profiles that stand in one file, and its rows."""
    lists = st.lists(WORDS, min_size=1, max_size=4, unique=True)
    ids = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    names = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    operator = draw(st.sampled_from(["$add", "$remove"]))
    return {
        identity: tuple(plan_of(name, draw(lists), operator) for name in sorted(names))
        for identity in sorted(ids)
    }


def put(folder, people):
    """Write a file; give it, its rows, and the entries while it is on its way."""
    channel = SftpChannel(ChannelSettings())
    with PartWriter(channel, folder, "ctsync-sftp-x") as writer:
        for identity, operations in people.items():
            writer.add(identity, operations)
        (part,) = writer.keep()
    columns = tuple((c.attribute, c.operator, c.kind) for c in part.columns)
    file = ImportFile(part.name, "m", columns, part.rows, part.size, "d")
    text = (folder / part.name).read_bytes().decode()
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    entries = [entry_of(id_, operations, file) for id_, operations in people.items()]
    return file, rows, entries


def before_of(operation):
    kind = operation.kind
    if kind == "list":
        return KnownValue(operation.attribute, kind, present=("old",), complete=True)
    return KnownValue(operation.attribute, kind, "old")


def entry_of(identity, operations, file):
    known = {op.attribute.lower(): before_of(op) for op in operations}
    entry = Entry(ProfileKey("identity", identity), known)
    rows = rows_of(operations)
    due = tuple(
        (op.attribute.lower(), DueValue(file.name, op, rows)) for op in operations
    )
    return SentRecord(due, (), "run").fold_into(entry, Entry(entry.key))


def settle(folder, file, rows, entries, *, accepted=()):
    """Read a failure file of some rows."""
    due = DueImport(file, "run", 0.0, 60.0)
    report = folder / f"{file.stem}-failed.csv"
    with report.open("w", newline="") as out:
        lines = csv.writer(out)
        lines.writerow([*columns_of(file), "why"])
        lines.writerows([*row, "no"] for row in rows)
    named, found = NamedRows(), Settlement()
    read_reports(report, [due], named)
    settler = ImportSettler([due], named, SftpChannel(ChannelSettings()), accepted)
    snapshot = Snapshot(read=lambda: iter(entries))
    after = list(changed_entry(entries, settler.edits(snapshot, found)))
    named.close()
    return after, found


@LAW
@given(st.data())
def test_each_value_is_settled_by_the_rows_that_say_it(tmp_path_factory, data):
    """A value is rejected if every row that says it is named; a list value by value."""
    folder = tmp_path_factory.mktemp("law")
    people = data.draw(sent())
    file, rows, entries = put(folder, people)
    failed = [row for row in rows if data.draw(st.booleans())]
    accepted = {file.name} if data.draw(st.booleans()) else ()
    after, found = settle(folder, file, failed, entries, accepted=accepted)
    rejected = kept = 0
    for entry in after:
        for at, operation in enumerate(people[entry.key.id]):
            own = [row for row in rows if row[0] == entry.key.id]
            lost = [row for row in failed if row[0] == entry.key.id]
            taken = kept_of(operation, own, lost, at)
            rejected += taken != operands_of(operation)
            kept += bool(taken)
            expected = expected_of(operation, taken, accepted)
            known = entry.attributes[operation.attribute.lower()]
            assert replace(known, due=None, since=None) == expected
            assert (known.due is None) == (not taken or bool(accepted))
        assert entry.once == ()
    told = found.acknowledged if accepted else found.due
    assert told.total() == found.acknowledged.total() + found.due.total() == kept
    assert found.rejected.total() == rejected
    changed = sum(one != other for one, other in zip(entries, after, strict=True))
    assert found.profiles == changed


def kept_of(operation, own, lost, at):
    """Return which operands some row still says that no report names."""
    still = [row for row in own if row not in lost]
    said = {row[1 + 2 * at] for row in still}
    return tuple(value for value in operands_of(operation) if value in said)


def operands_of(operation):
    operand = operation.operand
    return operand if isinstance(operand, tuple) else (operand,)


def expected_of(operation, taken, accepted):
    before = before_of(operation)
    if not taken:
        return before
    operand = taken if isinstance(operation.operand, tuple) else operation.operand
    part = replace(
        operation,
        operand=operand,
        ours=tuple(value for value in operation.ours if value in taken),
        excluded=tuple(value for value in operation.excluded if value in taken),
    )
    after = KINDS[operation.kind].apply(before, part, certain=bool(accepted))
    return replace(after, since=None)


@LAW
@given(people=sent())
def test_all_rows_take_all_back_and_no_row_takes_nothing(tmp_path_factory, people):
    folder = tmp_path_factory.mktemp("law")
    file, rows, entries = put(folder, people)
    after, found = settle(folder, file, rows, entries)
    assert found.due.total() == found.acknowledged.total() == 0
    for entry in after:
        for operation in people[entry.key.id]:
            assert entry.attributes[operation.attribute.lower()] == before_of(operation)
    same, found = settle(folder, file, [], entries)
    assert (same, found.rejected.total()) == (entries, 0)


@LAW
@given(people=sent(), cell=WORDS)
def test_a_row_of_another_file_is_refused(tmp_path_factory, people, cell):
    folder = tmp_path_factory.mktemp("law")
    file, rows, entries = put(folder, people)
    strange = [*rows[0][:1], f"{cell}!", *rows[0][2:]]
    with pytest.raises(CtsyncError) as refused:
        settle(folder, file, [strange], entries)
    assert refused.value.code == "CT823"
    other_word = [*rows[0][:2], "$delete", *rows[0][3:]]
    for strange in (other_word, *([each, *rows[0][1:]] for each in ("", "~~~~~"))):
        with pytest.raises(CtsyncError, match=file.name) as refused:
            settle(folder, file, [strange], entries)
        assert refused.value.code == "CT823"


def test_of_a_file_that_was_refused_every_value_is_taken_back_and_told(tmp_path):
    """Whether or not a report names rows of it, too."""
    people = {"u1": (plan_of("City", ["Oslo"]), plan_of("Tags", ["a", "b"]))}
    file, _, (entry,) = put(tmp_path, people)
    told, found, named = [], Settlement(), NamedRows()
    named.refused.add(file.name)
    settler = ImportSettler(
        [DueImport(file, "run", 0.0, 60.0)],
        named,
        SftpChannel(ChannelSettings()),
        (),
        lambda entry, known: told.append((entry.key.id, known.name)),
    )
    ((key, edit),) = settler.edits(Snapshot(read=lambda: iter([entry])), found)
    named.close()
    assert (key, edit(entry).attributes) == (
        entry.key,
        {op.attribute.lower(): before_of(op) for op in people["u1"]},
    )
    assert told == [("u1", "City"), ("u1", "Tags")]
    assert (found.rejected, found.due) == ({file.name: 2}, {})


def test_a_value_that_was_settled_otherwise_is_left_as_it_is(tmp_path):
    people = {"u1": (plan_of("City", ["Oslo"]),)}
    file, rows, entries = put(tmp_path, people)
    (entry,) = entries
    known = KnownValue("City", "string", "Rome")
    read = [replace(entry, attributes={"city": known})]
    after, found = settle(tmp_path, file, rows, read)
    assert (after, found.before[file.name]) == (read, 1)


def test_rows_of_one_profile_settle_nobody_of_another_sort(tmp_path):
    """An identity is no other key, though it be spelled the same."""
    file, rows, (entry,) = put(tmp_path, {"u1": (plan_of("City", ["Oslo"]),)})
    others = [
        replace(entry, key=ProfileKey(sort, "u1")) for sort in ("identity", "objectId")
    ]
    (after, other), found = settle(tmp_path, file, rows, others)
    assert after.attributes["city"] == KnownValue("City", "string", "old")
    assert (other, found.profiles) == (others[1], 1)
    with pytest.raises(CtsyncError):
        settle(tmp_path, file, rows, others[1:])


def test_what_waits_for_another_file_is_left_to_that(tmp_path):
    """Also where nobody knows that file any more."""
    file, rows, (entry,) = put(tmp_path, {"u1": (plan_of("City", ["Oslo"]),)})
    known = entry.attributes["city"]
    other = replace(known, name="Town", due=replace(known.due, file="other.csv"))
    free = KnownValue("Plan", "string", "Free")
    more = {"town": other, "plan": free}
    both = replace(entry, attributes={**entry.attributes, **more})
    (after,), found = settle(tmp_path, file, rows, [both])
    assert after.attributes == {"city": KnownValue("City", "string", "old"), **more}
    assert [*after.attributes] == ["city", "plan", "town"]
    assert (found.rejected, found.due) == ({file.name: 1}, {})
    (same,), found = settle(tmp_path, file, [], [replace(entry, attributes=more)])
    assert (same.attributes, found) == (more, Settlement())


def test_a_profile_that_nothing_is_known_of_any_more_leaves(tmp_path):
    """But not one whose attribute has had its one write."""
    file, rows, (entry,) = put(tmp_path, {"u1": (plan_of("City", ["Oslo"]),)})
    known = entry.attributes["city"]
    new = replace(known, due=replace(known.due, before=None))
    entry = replace(entry, attributes={"city": new})
    assert settle(tmp_path, file, rows, [entry])[0] == []
    marked = replace(entry, once=("plan",))
    (after,), _ = settle(tmp_path, file, rows, [marked])
    assert (after.attributes, after.once) == ({}, ("plan",))


def test_what_is_written_once_counts_as_written_once_acknowledged(tmp_path):
    people = {"u1": (plan_of("City", ["Oslo"]),)}
    file, rows, (entry,) = put(tmp_path, people)
    due = replace(entry.attributes["city"].due, once=True, forgets=False)
    once = replace(
        entry, attributes={"city": replace(entry.attributes["city"], due=due)}
    )
    (after,), _ = settle(tmp_path, file, [], [once], accepted={file.name})
    assert (after.once, after.attributes["city"].value) == (("city",), "Oslo")
    (after,), _ = settle(tmp_path, file, rows, [once], accepted={file.name})
    assert after.once == ()
    (after,), _ = settle(tmp_path, file, [], [once])
    assert after.once == ()


def test_one_write_that_leaves_is_marked_all_the_same(tmp_path):
    """In the order of names, whatever was marked before."""
    people = {"u1": (plan_of("City", ["Oslo"]), plan_of("Plan", ["Gold"]))}
    file, _, (entry,) = put(tmp_path, people)
    attributes = {
        name: replace(known, due=replace(known.due, once=True, forgets=True))
        for name, known in entry.attributes.items()
    }
    known = replace(entry, attributes=attributes, once=("zip",), fingerprint="f" * 32)
    (after,), found = settle(tmp_path, file, [], [known], accepted={file.name})
    assert (after.once, after.attributes) == (("city", "plan", "zip"), {})
    assert (after.fingerprint, found.acknowledged[file.name]) == (None, 2)


def test_what_leaves_with_its_acknowledgement_is_forgotten():
    operation = Operation(
        "City", "string", "$delete", 1, "known", "Pune", channel="sftp"
    )
    due = DueValue("f.csv", operation, forgets=True, before=before_of(operation))
    assert settled_value(due, accepted=True) is None
    assert settled_value(due, accepted=False) == due.before
