"""What the lines of a journal come to: what is known of each record, by its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

from msgspec import convert
from msgspec.structs import replace

from ctsync.apply.files_replay import FILE_LINES, FilesReplay
from ctsync.apply.journal_records import CallIntent, Line, readable
from ctsync.apply.plain_profiles import AcknowledgedRow, SpelledRow
from ctsync.apply.sent_files import SentRecord, sent_outcomes, sent_record
from ctsync.apply.state_effects import (
    AcknowledgedRecord,
    EntryWrite,
    UncertainRecord,
    release_of,
    settling,
)
from ctsync.model.change import Change
from ctsync.model.due_import import DueImport
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import Outcome, Record, said_counts
from ctsync.plan.batches import Places, placed
from ctsync.plan.change_codec import (
    CHANGE_KEY,
    START,
    change_from_data,
    settled_from_data,
    waves_in,
)
from ctsync.plan.plain_entry import Taking
from ctsync.plan.row_patterns import RowPatterns
from ctsync.plan.schedule import FILES, WAVES, records_of
from ctsync.state.journal_file import LineGroup, StoredLine, StoredLines

Done: TypeAlias = tuple[Change, tuple[tuple[Record, Outcome], ...]]
Folded: TypeAlias = "EntryWrite | UncertainRecord | AcknowledgedRecord | SentRecord"

# Two bits a wave, in one byte a place. One that was tried again may have both. One more
# says that any of its records was rejected, which changes nothing that is known. What
# travels in files is due, with the bit above, and no receipt of a call sets it: how far
# files came is kept apart.
_DOUBTED, _TAKEN = 1, 2
_ALL_DOUBTED = 0b010101
_REJECTED = 1 << 6
_IN_FILES = _TAKEN << 2 * (FILES - 1)
_WITHOUT_EFFECT = bytes((0, _REJECTED))


class JournalReplay:
    """Outcomes of a journal's records, one byte for each profile.

    An intent without a receipt is an unknown outcome. What was rejected or not sent
    does nothing.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        """Read the lines.

        Raises:
            StateError: they are not what a run writes (code `journal_damaged`).
        """
        self.is_open = True  # a run that was cut off left everything open
        self.releases = False
        self.sends = False
        self.calls = 0
        self.seconds: float | None = None  # how long a run took that came to its end
        self.stopped: str | None = None
        self.files = FilesReplay()
        self._has_ended = self._may_land = False
        self._marks = bytearray()
        self._due = bytearray()  # the marks of a profile that is wholly acknowledged
        self._unheard: dict[int, Line] = {}
        self._late: dict[int, CallIntent] = {}
        for number, group in _numbered(lines):
            dues = _dues_of(group)
            if dues is None or self._has_ended:
                for at, line in enumerate(group, start=number):
                    with readable(at):
                        self._read(line)
            else:
                self._add_changes(dues)
        for intent in self._unheard.values():
            self._note(intent, [(_size(intent), Outcome.UNKNOWN)])

    @property
    def does_anything(self) -> bool:
        """Whether the journal changes what is known."""
        has_effect = bool(self._marks.strip(_WITHOUT_EFFECT))
        return self.releases or has_effect or self.files.does_anything

    @property
    def unanswered(self) -> CallIntent | None:
        """The call without an answer that may be written latest, if any still may."""
        if self._has_ended and not self._may_land:
            return None
        calls = self._late.values()
        return max(calls, key=lambda sent: sent.over_at, default=None)

    def effects(
        self, lines: Iterable[Line], run: str
    ) -> Iterator[tuple[ProfileKey, Iterable[Folded]]]:
        """Yield what the same lines do, by key and in the order in which it came.

        Raises:
            StateError: they are not what a run writes (code `journal_damaged`).
        """
        place, patterns = 0, RowPatterns(Taking.ACKNOWLEDGED)
        for number, group in _numbered(lines):
            dues = _dues_of(group)
            if dues is not None and self._are_taken(dues, place):
                yield from _taken(group, number, patterns)
                place += len(group)
                continue
            for at, line in enumerate(group, start=number):
                with readable(at):
                    done = self._done(line, place, run, at, patterns)
                    place += _kind_of(line) == CHANGE_KEY and _sends(line)
                if done is not None:
                    yield done

    def _are_taken(self, dues: bytes, place: int) -> bool:
        """Whether all was acknowledged of changes that stand from a place on."""
        marks = self._marks[place : place + len(dues)]
        return 0 not in dues and marks == dues and not self.files.does_anything

    def _done(
        self, line: Line, place: int, run: str, number: int, patterns: RowPatterns
    ) -> tuple[ProfileKey, Iterable[Folded]] | None:
        kind = _kind_of(line)
        if kind == "settled":
            key, settled = settled_from_data(line[kind])
            return key, (settling(settled),)
        if kind != CHANGE_KEY:
            return None
        mark = self._marks[place] & ~_REJECTED if _sends(line) else 0
        files = [due.file for due in self.files.of(place)] if _sends(line) else []
        if mark and not files and _due_of(line) == mark:
            whole = AcknowledgedRow(line, number, patterns)
            return whole.key, whole
        if mark or files:
            change = change_from_data(line[kind])
            effects = [*_effects(change, mark, run)]
            if files:
                effects.append(sent_record(change, files, run))
            return change.key, tuple(effects)
        if self.releases and not _sends(line):
            change = change_from_data(line[kind])
            return change.key, (release_of(change),)
        return None

    def outcomes(self, lines: Iterable[Line]) -> Iterator[Done | SpelledRow]:
        """Yield the changes of the same lines of which anything came.

        With each come its records that were acknowledged or whose outcome is unknown,
        in the order in which they were sent, and what was sent in files; there are none
        where it only releases. Of those of which all was acknowledged come the rows.
        """
        place = 0
        for number, group in _numbered(lines):
            dues = _dues_of(group)
            are_taken = dues is not None and self._are_taken(dues, place)
            for at, line in enumerate(group, start=number):
                if are_taken or _kind_of(line) == CHANGE_KEY:
                    with readable(at):
                        told = self._told(line, place, is_taken=are_taken)
                        place += are_taken or _sends(line)
                    if told is not None:
                        yield told

    def _told(
        self, line: Line, place: int, *, is_taken: bool
    ) -> Done | SpelledRow | None:
        """Return what came of a change; `is_taken` says that all was acknowledged."""
        if is_taken and (row := _spelled_row(line)) is not None:
            return row
        is_sent = _sends(line)
        mark = self._marks[place] & ~_REJECTED if is_sent else 0
        files = self.files.of(place) if is_sent else ()
        if not (mark or files or (self.releases and not is_sent)):
            return None
        row = None
        if mark and not files and _due_of(line) == mark:
            row = _spelled_row(line)
        return _done(line, mark, files) if row is None else row

    def counts(self) -> dict[str, int]:
        """Return profiles by their worst outcome."""
        counts = {outcome.value: 0 for outcome in Outcome}
        marks, by_files = self._marks, self.files.outcomes()
        found = Counter(zip(marks, self._due, self.files.groups(), strict=False))
        for (mark, due, group), number in found.items():
            counts[_worst(mark, due, by_files[group]).value] += number
        waiting = sum(map(self._is_taken, self.files.waiting))
        counts[Outcome.ACKNOWLEDGED.value] -= waiting
        counts[Outcome.SENT.value] += waiting
        return said_counts(counts)

    def _is_taken(self, place: int) -> bool:
        """Return whether all that this run had to send of a profile was taken."""
        due = self._due[place]
        return self._marks[place] & due == due

    def _read(self, line: Line) -> None:
        if self._has_ended:
            raise ValueError("lines follow the end of the run")
        _READERS[_kind_of(line)](self, line)

    def _settled(self, line: Line) -> None:
        """Leave what is read where it is folded."""

    def _change(self, line: Line) -> None:
        self._add_changes(bytes([_due_of(line)]))

    def _add_changes(self, dues: bytes) -> None:
        sent = dues.replace(b"\0", b"")  # of the others there are no places
        self._marks += bytes(len(sent))
        self._due += sent

    def _write_intents(self, line: Line) -> None:
        intent = line["intent"]
        call = intent["call"]
        if call in self._unheard or intent["wave"] not in WAVES:
            raise ValueError(f"call {call} cannot be told from another")
        self._places(intent)
        self._unheard[call] = intent
        self._late[call] = convert(intent, CallIntent)
        self.sends = True
        self.calls += 1

    def _leave(self, line: Line) -> None:
        call, at = line["left"]["call"], float(line["left"]["at"])
        self._late[call] = replace(self._late[call], at=at)

    def _receive(self, line: Line) -> None:
        receipt = line["receipt"]
        intent = self._unheard.pop(receipt["call"])
        outcomes = [(count, Outcome(name)) for count, name in receipt["outcomes"]]
        if sum(count for count, _ in outcomes) != _size(intent):
            raise ValueError("a receipt is not of all records of its call")
        self._note(intent, outcomes)
        if receipt.get("answered", True):
            del self._late[receipt["call"]]

    def _take_file_line(self, line: Line) -> None:
        self.files.take(line, len(self._marks))

    def _release(self, line: Line) -> None:
        self.releases = bool(line["release"])

    def _end(self, line: Line) -> None:
        self._has_ended = True
        self.is_open = bool(line["end"]["open"])
        self._may_land = bool(line["end"]["may_land"])
        self.seconds, self.stopped = line["end"]["seconds"], line["end"]["stopped"]

    def _places(self, intent: Line) -> Places:
        """Return the places of a call's records: each of a change that sends."""
        last = -1
        for first, count in intent["spans"]:
            if first <= last or count < 1 or first + count > len(self._marks):
                raise ValueError("a call is of records that the plan does not have")
            last = first + count - 1
        return placed(intent["spans"])

    def _note(self, intent: Line, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        places, start = self._places(intent), 0
        shift = 2 * (intent["wave"] - 1)
        for count, outcome in outcomes:
            rejected = _REJECTED if outcome is Outcome.REJECTED else 0
            if bit := rejected or _BITS.get(outcome, 0) << shift:
                self._mark(places[start : start + count], bit)
            start += count

    def _mark(self, places: Places, bit: int) -> None:
        marks = self._marks
        if isinstance(places, range) and not any(marks[places.start : places.stop]):
            marks[places.start : places.stop] = bytes((bit,)) * len(places)
            return
        for place in places:
            marks[place] |= bit


_BITS = {Outcome.ACKNOWLEDGED: _TAKEN, Outcome.UNKNOWN: _DOUBTED}
_READERS: dict[str, Callable[[JournalReplay, Line], None]] = {
    "settled": JournalReplay._settled,  # noqa: SLF001 - its own table
    "change": JournalReplay._change,  # noqa: SLF001
    "intent": JournalReplay._write_intents,  # noqa: SLF001
    "left": JournalReplay._leave,  # noqa: SLF001
    "receipt": JournalReplay._receive,  # noqa: SLF001
    **dict.fromkeys(FILE_LINES, JournalReplay._take_file_line),  # noqa: SLF001
    "release": JournalReplay._release,  # noqa: SLF001
    "end": JournalReplay._end,  # noqa: SLF001
}


def _effects(change: Change, mark: int, run: str) -> Iterator[Folded]:
    for wave, record in records_of(change):
        bits = mark >> 2 * (wave - 1)
        if bits & _DOUBTED:
            yield UncertainRecord(record.operations, change.settled.cohorts, run)
        if bits & _TAKEN:
            yield AcknowledgedRecord(record, change)


def _spelled_row(line: Line) -> SpelledRow | None:
    return SpelledRow.of_line(line.text) if isinstance(line, StoredLine) else None


def _done(line: Line, mark: int, files: Iterable[DueImport]) -> Done:
    change = change_from_data(line["change"])
    found = sent_outcomes(change, [due.file for due in files])
    sent = ((each, Outcome.SENT) for each in found)
    return change, (*_outcomes(change, mark), *sent)


def _outcomes(change: Change, mark: int) -> Iterator[tuple[Record, Outcome]]:
    for wave, record in records_of(change):
        bits = mark >> 2 * (wave - 1)
        if bits & _TAKEN:
            yield record, Outcome.ACKNOWLEDGED
        elif bits & _DOUBTED:
            yield record, Outcome.UNKNOWN


def _worst(mark: int, due: int, in_files: Outcome) -> Outcome:
    taken = mark & due
    if taken == due:
        return Outcome.ACKNOWLEDGED
    if mark & _ALL_DOUBTED & ~(taken >> 1):
        return Outcome.UNKNOWN
    if mark & _REJECTED:
        return Outcome.REJECTED
    return in_files if taken == due & ~_IN_FILES else Outcome.NOT_SENT


def _kind_of(line: Line) -> str:
    return next(iter(line), "")


def _sends(line: Line) -> bool:
    return _due_of(line) != 0


def _due_of(line: Line) -> int:
    """Return the marks of a change of which every record was acknowledged."""
    if isinstance(line, StoredLine):
        return _due_in(waves_in(line.text))
    return _due_in(",".join(map(str, line["does"][1:])).encode())


@lru_cache(maxsize=64)
def _due_in(waves: bytes) -> int:
    return sum(_TAKEN << 2 * (int(wave) - 1) for wave in waves.split(b",") if wave)


def _size(intent: Line) -> int:
    return sum(count for _, count in intent["spans"])


def _numbered(lines: Iterable[Line]) -> Iterator[tuple[int, Collection[Line]]]:
    """Yield lines by the groups in which they are kept, with the first one's number."""
    groups: Iterator[Collection[Line]] = (
        iter(lines.groups)
        if isinstance(lines, StoredLines)
        else ((line,) for line in lines)
    )
    number = 2
    for group in groups:
        yield number, group
        number += len(group)


def _dues_of(group: Collection[Line]) -> bytes | None:
    """Return what is due of each line of a group, if all are lines of changes."""
    texts = group.texts if isinstance(group, LineGroup) else ()
    if len(texts) < 2 or not all(text.startswith(START) for text in texts):
        return None
    try:
        return bytes([_due_in(waves_in(text)) for text in texts])
    except ValueError:  # one of them is none that is written: its number has to be said
        return None


def _taken(
    group: Collection[Line], number: int, patterns: RowPatterns
) -> Iterator[tuple[ProfileKey, AcknowledgedRow]]:
    """Yield changes of which all was acknowledged."""
    for at, line in enumerate(group, start=number):
        with readable(at):
            row = AcknowledgedRow(line, at, patterns)
        yield row.key, row
