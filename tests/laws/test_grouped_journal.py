"""Lines of a journal that are packed tell together what they tell one by one."""

import tempfile
from itertools import chain
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.apply.folding.fold import fold_edits
from ctsync.apply.folding.plain_profiles import SpelledRow, acknowledged
from ctsync.apply.folding.replayed_effects import replayed_effects
from ctsync.apply.folding.replayed_outcomes import replayed_outcomes
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.journal.journal_slices import cut_journal
from ctsync.canonical_json import canonical, parse
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.entry_text import text_of
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.state.base import Journal
from ctsync.state.entry_edits import edited_line
from ctsync.state.journal_file import LineGroup, StoredLines

GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
MORE = Operation("Points", "counter", "$incr", 3, "known", 4, 7)
FREE = Entry(
    ProfileKey("identity", "u1"),
    {
        "plan": KnownValue("Plan", "string", "Free", owned=True),
        "points": KnownValue("Points", "counter", 4),
    },
    ("table=rows",),
)
OUTCOMES = ("acknowledged",) * 5 + ("rejected", "unknown", "not_sent")


def line_of(draw, number):
    """A line of a plan, and the waves of what it sends."""
    key = ProfileKey("identity", f"u{number:02}")
    settled = EntryAfter("f" * 32, ("table=rows",))
    sort = draw(st.sampled_from(["gold"] * 4 + ["both", "settled", "released"]))
    if sort == "settled":
        return settled_line(key, settled), ()
    sent = {"gold": (GOLD,), "both": (GOLD, MORE), "released": ()}[sort]
    released = ("City",) if sort == "released" else ()
    action = draw(st.sampled_from(["create", "update"])) if sent else "release"
    places = (Origin("a.csv", None, number, table="rows"),)
    change = Change(key, action, sent, places, released, settled)
    return change_line(change), (1, 3)[: len(sent)]


def journal_of(draw):
    """Groups of the lines of a plan, and the lines of its calls, each by itself."""
    lines, waves = zip(
        *(line_of(draw, number) for number in range(draw(st.integers(1, 12)))),
        strict=True,
    )
    groups, rest = [], list(lines)
    while rest:
        size = draw(st.integers(1, len(rest)))
        groups.append(rest[:size])
        rest = rest[size:]
    sent = [each for each in waves if each]
    # Mostly all goes well, so that whole groups are acknowledged.
    outcomes = st.sampled_from(draw(st.sampled_from([OUTCOMES[:1], OUTCOMES])))
    for call, (wave, place) in enumerate(
        (wave, place) for place, each in enumerate(sent) for wave in each
    ):
        spans = {"wave": wave, "spans": [[place, 1]]}
        intent = {"call": call, "at": 0.0, "timeout_seconds": 60.0, **spans}
        receipt = {"call": call, "outcomes": [[1, draw(outcomes)]]}
        groups += [[canonical({"intent": intent}) + b"\n"]]
        groups += [[canonical({"receipt": receipt}) + b"\n"]]
    if draw(st.booleans()):
        groups.append([canonical({"release": True}) + b"\n"])
    return groups


def lines_of(groups):
    return StoredLines(LineGroup(b"".join(texts), 1, "journal") for texts in groups)


def told(groups):
    """Everything that a journal tells, as text."""
    replay = JournalReplay(lines_of(groups))
    outcomes = [_read(each) for each in replayed_outcomes(replay, lines_of(groups))]
    entries = entries_of(replay, lines_of(groups))
    return replay.counts(), replay.does_anything, entries, outcomes


def entries_of(fates, lines):
    """What becomes of whom, with an entry and without."""
    return [
        (key, [_line(edited_line(edit, before)) for before in (None, _known(key))])
        for key, edit in fold_edits(replayed_effects(fates, lines, "run"))
    ]


def _known(key):
    return entry_line(FREE).replace(b'"u1"', b'"%b"' % key.id.encode())


def _line(after):
    return None if after is None else text_of(after).line


def _read(done):
    return acknowledged(parse(done.text)) if isinstance(done, SpelledRow) else done


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_lines_tell_the_same_however_they_are_packed(data):
    groups = journal_of(data.draw)
    assert told(groups) == told([[line] for group in groups for line in group])


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 14))
def test_slices_tell_together_what_the_whole_tells(data, most):
    """Each tells of keys of its own, and all keys are in one of them."""
    groups = journal_of(data.draw)
    journal = Journal({}, lambda: lines_of(groups))
    replay = JournalReplay(lines_of(groups))
    with tempfile.TemporaryDirectory() as folder:
        slices = cut_journal(journal, replay, Path(folder), most=most)
        parts = [entries_of(each.fates(), each.lines()) for each in slices]
    assert [*chain(*parts)] == entries_of(replay, lines_of(groups))
    assert len(slices) <= most
    starts = [each.within.start for each in slices]
    assert [each.within.end for each in slices] == [*starts[1:], None]
    assert [start is None for start in starts] == [True] + [False] * len(starts[1:])
    for part, each in zip(parts, slices, strict=True):
        assert all(each.within.holds(key) for key, _ in part)
