"""What is kept of a run tells the same, however little of it was looked at."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from ctsync.apply.folding.history import run_change_from, run_in
from ctsync.apply.folding.plain_profiles import SpelledRow, acknowledged
from ctsync.apply.journal.journal_records import (
    CallIntent,
    JournalHead,
    intent_line,
    receipt_line,
)
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.canonical_json import canonical, parse, spelled
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, RecordOutcome
from ctsync.model.snapshot import Account, Header
from ctsync.plan.document.change_codec import change_line, row_text
from ctsync.state.base import Journal, Snapshot
from ctsync.state.journal_file import StoredLine

IDS = ("a", "b c", 'q"q', "é")
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
TAGS = Operation("Tags", "list", "$add", ("a", "b"), "unknown", after=("a", "b"))
HEAD = JournalHead(
    "l", 0, Account("A", "in1"), "run", "0" * 64, "sha256:0", 1.0, None, "0"
)
HELD = KnownValue("Plan", "string", "Free")


def change(identifier):
    origins = (Origin("a.csv", row=3, table="rows"),)
    settled = EntryAfter("f" * 32, ("table=rows",))
    key = ProfileKey("identity", identifier)
    return Change(key, "create", (GOLD, TAGS), origins, settled=settled)


@pytest.fixture
def told(cargo_of):
    """Give what is kept of a run that made these profiles, read again."""

    def tell(before, outcome=Outcome.ACKNOWLEDGED):
        changes = [*map(change, IDS)]
        verdicts = [RecordOutcome(outcome)] * len(IDS)
        intent = intent_line(CallIntent(1, 0.0, 60.0), cargo_of(*changes))
        lines = [change_line(each) for each in changes]
        lines += [canonical(each) for each in (intent, receipt_line(1, verdicts))]
        stored = [StoredLine(line, n, "journal") for n, line in enumerate(lines, 2)]
        journal = Journal(to_builtins(HEAD), lambda: iter(stored))
        replay = JournalReplay(stored)
        seen = run_in(before, journal, replay)
        kept = run_in(before, journal, replay, as_text=True)
        read = [run_change_from(parse(canonical(each))) for each in kept.changes()]
        assert read == [*map(run_change_from, seen.changes())]
        return read, [next(iter(each)) for each in kept.changes()]

    return tell


BEFORE = {
    "nobody": Snapshot(),
    "somebody": Snapshot(
        Header("l", 0, Account("A", "in1")),
        lambda: iter(
            [
                Entry(ProfileKey("identity", "a"), {"plan": HELD}),
                Entry(ProfileKey("identity", "b c"), {"plan": HELD}, gone=True),
            ]
        ),
    ),
}


QUICK = {"nobody": ["new", "new", "new"], "somebody": ["known_row", "new", "new"]}


@pytest.mark.parametrize("before", BEFORE)
def test_a_run_tells_the_same_of_them(told, monkeypatch, before):
    found, words = told(BEFORE[before])
    assert [word for word in words if word != "key"] == QUICK[before]
    assert words.count("key") == 1  # an id with an escape is read
    monkeypatch.setattr(SpelledRow, "of_line", lambda _: None)
    assert told(BEFORE[before]) == (found, ["key"] * len(IDS))
    assert [each.is_new for each in found] == [before == "nobody", True, True, True]


def test_whatever_is_in_doubt_is_looked_at(told):
    found, words = told(Snapshot(), Outcome.UNKNOWN)
    assert words == ["key"] * len(IDS)
    assert {op.outcome for each in found for op in each.operations} == {Outcome.UNKNOWN}


# What rows are spelled with, as parts of texts that people write.
MARKS = st.text(alphabet='[]{},:"\\\né0f', max_size=8)
MARKS |= st.sampled_from(["]],[[", 'x]],[["', "]]", "]],", f'"{"f" * 32}"]'])


@given(value=MARKS, listed=MARKS, file=MARKS, table=MARKS)
@example(value="x]],[[", listed="a", file="a.csv", table="rows")
@example(value="x", listed="]],[[", file="]],[[", table="]],[[")
def test_a_row_tells_the_same_whatever_its_texts_spell(value, listed, file, table):
    made = change("u1")
    operations = (
        replace(GOLD, operand=value, after=value),
        replace(TAGS, operand=(listed,), after=(listed,)),
    )
    origins = (Origin(file or "a.csv", row=3, table=table or "rows"),)
    made = replace(made, operations=operations, origins=origins)
    line = change_line(made)
    told = SpelledRow.of_line(line)
    both = SpelledRow.of_lines(line + line)
    assert both is None or [*both] == [told, told]
    kept, _ = acknowledged(parse(told.text))
    whole, _ = acknowledged(parse(row_text(line)))
    assert (kept.key, kept.operations) == (whole.key, whole.operations)


def test_rows_of_many_lines_are_those_of_each():
    lines = [change_line(change(identifier)) for identifier in ("a", "b c", "é")]
    each = [SpelledRow.of_line(line) for line in lines]
    rows = SpelledRow.of_lines(b"".join(lines))
    assert [*rows] == each
    assert [(key_type, [*ids], texts) for key_type, ids, texts in rows.by_type()] == [
        ("identity", [b"a", b"b c", "é".encode()], [row.text for row in each])
    ]
    written = [canonical({"new": spelled(row.text)}) for row in each]
    assert rows.lines(b'{"new":') == b"\n".join(written)
    lines.append(change_line(change('q"q')))
    assert SpelledRow.of_lines(b"".join(lines)) is None


def test_a_row_that_says_more_than_its_fingerprint_is_kept_whole():
    made = replace(change("a"), released=("City",), once=("plan",))
    kept, _ = acknowledged(parse(SpelledRow.of_line(change_line(made)).text))
    assert kept == made


@pytest.mark.parametrize(
    ("key_type", "ids", "is_same"),
    [
        ("identity", [b"u1", b"u2"], True),
        ("FBID", [b"u1", b"u2"], False),
        ("identity", [b"u2", b"u1"], False),
        ("identity", [b"u1"], False),
    ],
)
def test_rows_are_those_of_the_same_profiles_in_their_order(key_type, ids, is_same):
    rows = SpelledRow.of_lines(b"".join(map(change_line, map(change, ("u1", "u2")))))
    assert rows.are_of(key_type, ids) is is_same
    over = rows.over([b"1", None], [("plan",), ("tags",)])
    assert [*over] == [*rows]
    assert (over.known, over.names) == ([b"1", None], [("plan",), ("tags",)])
