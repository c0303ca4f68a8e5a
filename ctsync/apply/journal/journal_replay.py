"""What the lines of a journal come to: what is known of each record, by its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import convert
from msgspec.structs import replace

from ctsync.apply.journal.files_replay import FILE_LINES, FilesReplay
from ctsync.apply.journal.grouped_lines import due_of, dues_of, kind_of, numbered
from ctsync.apply.journal.journal_records import (
    CallIntent,
    Line,
    NotedCall,
    Receipt,
    RunEnd,
    readable,
)
from ctsync.apply.journal.record_fates import RecordFates, SliceFates
from ctsync.apply.journal.record_marks import (
    DOUBTED,
    REJECTED,
    TAKEN,
    WITHOUT_EFFECT,
    worst,
)
from ctsync.model.record import Outcome, said_counts
from ctsync.plan.document.batches import Places, placed
from ctsync.plan.document.schedule import WAVES


class JournalReplay(RecordFates):
    """Outcomes of a journal's records, one byte for each profile.

    An intent without a receipt is an unknown outcome. What was rejected or not sent
    does nothing.
    """

    _marks: bytearray
    files: FilesReplay

    def __init__(self, lines: Iterable[Line]) -> None:
        """Read the lines.

        Raises:
            StateError: they are not what a run writes (code `journal_damaged`).
        """
        super().__init__(bytearray(), FilesReplay())
        self.is_open = True  # a run that was cut off left everything open
        self.lines = 0  # of the plan
        self.sends = False
        self.calls = 0
        self.seconds: float | None = None  # how long a run took that came to its end
        self.stopped: str | None = None
        self._has_ended = self._may_land = False
        self._due = bytearray()  # the marks of a profile that is wholly acknowledged
        # Without a receipt, and without an answer: a lost call gets a receipt at once,
        # and may still be written afterwards.
        self._unheard: dict[int, NotedCall] = {}
        self._late: dict[int, CallIntent] = {}
        for number, group in numbered(lines):
            dues = dues_of(group)
            if dues is None or self._has_ended:
                for at, line in enumerate(group, start=number):
                    with readable(at):
                        self._read(line)
            else:
                self._add_changes(dues)
        # What left without a receipt may have been written, or not: nobody will ever
        # know.
        for intent in self._unheard.values():
            self._note(intent, [(intent.records, Outcome.UNKNOWN)])

    @property
    def does_anything(self) -> bool:
        """Whether the journal changes what is known."""
        has_effect = bool(self._marks.strip(WITHOUT_EFFECT))
        return self.releases or has_effect or self.files.does_anything

    @property
    def changed(self) -> int:
        """How many profiles a record changed, or may have changed."""
        return len(self._marks) - sum(map(self._marks.count, WITHOUT_EFFECT))

    @property
    def unanswered(self) -> CallIntent | None:
        """The call without an answer that may be written latest, if any still may."""
        if self._has_ended and not self._may_land:
            return None
        calls = self._late.values()
        return max(calls, key=lambda sent: sent.over_at, default=None)

    def within(self, places: range) -> SliceFates:
        """Return what is known of the records of places, the first of them as 0."""
        marks = bytes(self._marks[places.start : places.stop])
        return SliceFates(marks, self.files.within(places), self.releases)

    def counts(self) -> dict[str, int]:
        """Return profiles by their worst outcome."""
        counts = {outcome.value: 0 for outcome in Outcome}
        marks, by_files = self._marks, self.files.outcomes()
        found = Counter(zip(marks, self._due, self.files.groups(), strict=False))
        for (mark, due, group), number in found.items():
            counts[worst(mark, due, by_files[group]).value] += number
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
        _READERS[kind_of(line)](self, line)

    def _settled(self, _: Line) -> None:
        """Leave what is read where it is folded."""
        self.lines += 1

    def _change(self, line: Line) -> None:
        self._add_changes(bytes([due_of(line)]))

    def _add_changes(self, dues: bytes) -> None:
        self.lines += len(dues)
        sent = dues.replace(b"\0", b"")  # of the others there are no places
        self._marks += bytes(len(sent))
        self._due += sent

    def _take_intent(self, line: Line) -> None:
        intent = convert(line["intent"], NotedCall)
        if intent.call in self._unheard or intent.wave not in WAVES:
            raise ValueError(f"call {intent.call} cannot be told from another")
        self._places(intent)
        self._unheard[intent.call] = intent
        self._late[intent.call] = intent.bare
        self.sends = True
        self.calls += 1

    def _leave(self, line: Line) -> None:
        call, at = line["left"]["call"], float(line["left"]["at"])
        self._late[call] = replace(self._late[call], at=at)

    def _receive(self, line: Line) -> None:
        receipt = convert(line["receipt"], Receipt)
        intent = self._unheard.pop(receipt.call)
        if receipt.records != intent.records:
            raise ValueError("a receipt is not of all records of its call")
        self._note(intent, receipt.outcomes)
        if receipt.answered:
            del self._late[receipt.call]

    def _take_file_line(self, line: Line) -> None:
        self.files.take(line, len(self._marks))

    def _release(self, line: Line) -> None:
        self.releases = bool(line["release"])

    def _end(self, line: Line) -> None:
        end = convert(line["end"], RunEnd)
        self._has_ended = True
        self.is_open, self._may_land = end.open, end.may_land
        self.seconds, self.stopped = end.seconds, end.stopped

    def _places(self, intent: NotedCall) -> Places:
        """Return the places of a call's records: each of a change that sends."""
        last = -1
        for first, count in intent.spans:
            if first <= last or count < 1 or first + count > len(self._marks):
                raise ValueError("a call is of records that the plan does not have")
            last = first + count - 1
        return placed(intent.spans)

    def _note(self, intent: NotedCall, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        places, start = self._places(intent), 0
        shift = 2 * (intent.wave - 1)
        for count, outcome in outcomes:
            rejected = REJECTED if outcome is Outcome.REJECTED else 0
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


_BITS = {Outcome.ACKNOWLEDGED: TAKEN, Outcome.UNKNOWN: DOUBTED}
_READERS: dict[str, Callable[[JournalReplay, Line], None]] = {
    "settled": JournalReplay._settled,  # noqa: SLF001 - its own table
    "change": JournalReplay._change,  # noqa: SLF001
    "intent": JournalReplay._take_intent,  # noqa: SLF001
    "left": JournalReplay._leave,  # noqa: SLF001
    "receipt": JournalReplay._receive,  # noqa: SLF001
    **dict.fromkeys(FILE_LINES, JournalReplay._take_file_line),  # noqa: SLF001
    "release": JournalReplay._release,  # noqa: SLF001
    "end": JournalReplay._end,  # noqa: SLF001
}
