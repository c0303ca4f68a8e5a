"""What the lines of a journal say of files: whom they hold, how far they came."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, repeat

from msgspec import Struct, convert
from msgspec.structs import replace

from ctsync.apply.journal.journal_records import Line
from ctsync.model.due_import import DueImport
from ctsync.model.record import Outcome
from ctsync.plan.document.batches import Places, placed

# Stands among the files of whoever has a second step, which waits for the first.
_LATER = -1


class PlacedFiles(Struct, frozen=True):
    """The files in which profiles are, by groups of profiles that are in the same."""

    does_anything: bool = False
    held: tuple[tuple[DueImport, ...], ...] = ()
    group_of: bytes = b""  # by place, as `array("I")` has them

    def of(self, place: int) -> tuple[DueImport, ...]:
        """Return the files that hold the profile at a place."""
        groups = memoryview(self.group_of).cast("I")
        return self.held[groups[place]] if place < len(groups) else ()


class FilesReplay:
    """Files of a run, and by place who is in which of them.

    A file that lies ready and is not said to be unsent may be put by the next run.
    """

    def __init__(self) -> None:
        self.confirmed: dict[str, tuple[float, float]] = {}  # of earlier runs
        self._files: dict[int, DueImport] = {}
        self._numbers: dict[str, int] = {}
        self._unsent: set[int] = set()
        self._groups: dict[tuple[int, ...], int] = {(): 0}
        self._members: list[tuple[int, ...]] = [()]
        self._group_of = array("I")  # by place; 0 is in no file
        self.waiting = array("Q")  # places of whom earlier runs put something in files

    @property
    def does_anything(self) -> bool:
        """Whether any file is, or may come to be, in effect."""
        return bool(self.confirmed) or len(self._unsent) < len(self._files)

    def imports(self) -> tuple[DueImport, ...]:
        """Return the files that are, or may come to be, in effect."""
        return tuple(f for n, f in self._files.items() if n not in self._unsent)

    def of(self, place: int) -> tuple[DueImport, ...]:
        """Return those of them that hold the profile at a place."""
        if place >= len(self._group_of):
            return ()
        return self._ready(self._members[self._group_of[place]])

    def within(self, places: range) -> PlacedFiles:
        """Return what `of` says of places that follow each other, the first as 0."""
        if not self.does_anything:
            return PlacedFiles()
        groups = self._group_of[places.start : places.stop]
        held = tuple(map(self._ready, self._members))
        return PlacedFiles(True, held, groups.tobytes())  # noqa: FBT003 - its first field

    def _ready(self, numbers: Iterable[int]) -> tuple[DueImport, ...]:
        return tuple(self._files[n] for n in numbers if self._is_ready(n))

    def _is_ready(self, number: int) -> bool:
        # The line of a file comes last; what stands before it is of no file yet.
        return number in self._files and number not in self._unsent

    def groups(self) -> Iterator[int]:
        """Yield for each place in which files it is, as a number."""
        return chain(self._group_of, repeat(0))

    def outcomes(self) -> Mapping[int, Outcome]:
        """Return by such numbers what became of what travels in those files."""
        return {at: self._outcome(group) for group, at in self._groups.items()}

    def _outcome(self, group: tuple[int, ...]) -> Outcome:
        standings = {
            self._files[n].standing if self._is_ready(n) else "held" for n in group
        }
        if "intended" in standings:
            return Outcome.UNKNOWN
        return Outcome.SENT if standings == {"put"} else Outcome.NOT_SENT

    def take(self, line: Line, places: int) -> None:
        """Take in a line of `FILE_LINES`; the plan has so many places.

        Raises:
            ValueError: no run writes it there.
        """
        kind = next(iter(line))
        if kind in _OF_PLACES:
            _OF_PLACES[kind](self, line, places)
        else:
            _OF_FILES[kind](self, line)

    def _add_file(self, line: Line) -> None:
        number, due = line["file"]["number"], convert(line["file"]["due"], DueImport)
        if number in self._files or due.file.name in self._numbers:
            raise ValueError(f"file {number} cannot be told from another")
        self._files[number] = replace(due, standing="held")
        self._numbers[due.file.name] = number

    def _add_rows(self, line: Line, places: int) -> None:
        rows = line["rows"]
        if rows["file"] in self._files or rows["file"] < 0:
            raise ValueError("rows are of no file that is still to be named")
        self._note(rows["file"], rows["spans"], places)

    def _add_later(self, line: Line, places: int) -> None:
        self._note(_LATER, line["later"]["spans"], places)

    def _add_waiting(self, line: Line, places: int) -> None:
        for place in _placed(line["waiting"]["spans"], places):
            if self.waiting and place <= self.waiting[-1]:
                raise ValueError("a profile waits twice")
            self.waiting.append(place)

    def _note(self, number: int, spans: Iterable[Iterable[int]], places: int) -> None:
        missing = places - len(self._group_of)
        self._group_of.extend(repeat(0, missing))
        for place in _placed(spans, places):
            group = (*self._members[self._group_of[place]], number)
            if group not in self._groups:
                self._groups[group] = len(self._members)
                self._members.append(group)
            self._group_of[place] = self._groups[group]

    def _intend(self, line: Line) -> None:
        self._set(line["intended"]["name"], standing="intended")

    def _put(self, line: Line) -> None:
        said = line["put"]
        name, at, steady_at = said["name"], float(said["at"]), float(said["steady_at"])
        if name in self._numbers:
            self._set(name, standing="put", at=at, steady_at=steady_at)
        else:
            self.confirmed[name] = (at, steady_at)

    def _leave_unsent(self, line: Line) -> None:
        self._unsent.update(self._numbers[name] for name in line["unsent"]["names"])

    def _set(self, name: str, **more: object) -> None:
        # Of an earlier run's file, what may be of it stands in the state.
        if name in self._numbers:
            number = self._numbers[name]
            self._files[number] = replace(self._files[number], **more)


def _placed(spans: Iterable[Iterable[int]], places: int) -> Places:
    """Return the places of spans, all of them places of a plan that has so many.

    Raises:
        ValueError: they are not.
    """
    found = [(first, count) for first, count in spans]
    if any(first < 0 or count < 1 or first + count > places for first, count in found):
        raise ValueError("a file is of records that the plan does not have")
    return placed(found)


_OF_FILES: Mapping[str, Callable[[FilesReplay, Line], None]] = {
    "file": FilesReplay._add_file,  # noqa: SLF001 - its own table
    "intended": FilesReplay._intend,  # noqa: SLF001
    "put": FilesReplay._put,  # noqa: SLF001
    "unsent": FilesReplay._leave_unsent,  # noqa: SLF001
}
_OF_PLACES: Mapping[str, Callable[[FilesReplay, Line, int], None]] = {
    "rows": FilesReplay._add_rows,  # noqa: SLF001
    "later": FilesReplay._add_later,  # noqa: SLF001
    "waiting": FilesReplay._add_waiting,  # noqa: SLF001
}
FILE_LINES = frozenset((*_OF_FILES, *_OF_PLACES))


def with_confirmed(
    imports: Iterable[DueImport],
    confirmed: Mapping[str, tuple[float, float]],
    boot: str | None,
) -> tuple[DueImport, ...]:
    """Return imports of earlier runs, with those that were found to be in effect."""
    return tuple(
        _confirmed(due, *confirmed[due.file.name], boot)
        if due.file.name in confirmed
        else due
        for due in imports
    )


def _confirmed(
    due: DueImport, at: float, steady_at: float, boot: str | None
) -> DueImport:
    return replace(due, standing="put", at=at, steady_at=steady_at, boot=boot)
