"""Lines of changes that are alike: told by one pattern, written on by one template.

Most lines of a large plan do the same to other people. What follows from an operation
is worked out once, by those who understand operations; of each line the values are
taken as they are spelled. So no value is made, and a line costs a fifth of what reading
it does. Lines that say anything else match no pattern, and are read.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ctsync.canonical_json import canonical
from ctsync.model.kind_shape import LIST
from ctsync.model.profile_key import ID_TYPES
from ctsync.model.row import Row
from ctsync.model.scalar_value import DATE_PREFIX
from ctsync.plan.document.plan_rows import MOSTLY, kind_shown

MOST_LEARNED = 64
"""How many patterns are made: one takes as long as some hundred rows."""
MOST_TRIED = 8
"""How many are tried on a line: of rows that are alike in no way none would tell it."""
_MOST_WRITERS = 4096  # of rows that leave out now this and now that there are more

TEXT = rb'[^"\\\x00-\x1f]'  # what JSON spells as it is
COUNT = rb"(?:0|[1-9][0-9]*)"
_DATE = re.escape(DATE_PREFIX.encode())
# Values that are spelled in one way only, so that their text can be taken for them. Of
# numbers these are whole ones of 15 digits at most, and fractions of 13, of which four
# stand behind the point: from 0.00001 down, a double is written with an exponent.
SPELLED: Mapping[str, bytes] = {
    "string": rb'"(?!%b)%b*"' % (_DATE, TEXT),
    "date": rb'"%b%b*"' % (_DATE, TEXT),
    "boolean": rb"true|false",
    "number": rb"0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,3}[1-9]",
    LIST: rb'\["%b*"(?:,"%b*")*\]' % (TEXT, TEXT),
}
_KEY = b'"(%b)","(%b+)"' % ("|".join(ID_TYPES).encode(), TEXT)
_IDS = 2  # groups before those of values: id type and id

T = TypeVar("T")
Groups: TypeAlias = Sequence[bytes]
"""What a pattern finds in a line: id type, id, values, and what the ending has.

Of an operation that is not there the value is empty.
"""


class Spelling(NamedTuple):
    """An operation as lines have it, and what is written of it around its value.

    `said` is a pattern of all that follows the name; its one group is the value.
    `place` says where it is written among the others.
    """

    name: str
    said: bytes
    opening: bytes
    closing: bytes = b""
    place: str = ""
    is_list: bool = False

    @property
    def pattern(self) -> bytes:
        """Return what tells the operation, with a comma where another follows it.

        Where its name stands, it is told or the row is not: else a row that has no
        such end would be told anew for each of its attributes.
        """
        # Not a possessive `?+`: before Python 3.11.5 that may go on from the middle of
        # what it failed to match.
        name = re.escape(canonical(self.name))
        return rb"(?:\[%b%b\](?:,(?=\[)|(?=\]))|(?!\[%b))" % (name, self.said, name)

    @property
    def template(self) -> bytes:
        """Return what is written of it, with a place for its value."""
        opening, closing = (
            t.replace(b"%", b"%%") for t in (self.opening, self.closing)
        )
        return opening + b"%b" + closing


class Frame(NamedTuple):
    """What stands around the operations of a line, and around what is written on.

    `written` has one place for what the operations come to; `before` and `after` are
    the groups of a line that stand there, before those and after them.
    """

    actions: bytes
    ending: bytes
    written: bytes
    before: Sequence[int]
    after: Sequence[int]


class LinePattern:
    """What lines have in common, each of which has some of the operations."""

    def __init__(self, spellings: Iterable[Spelling], frame: Frame, rows: int) -> None:
        """`rows` are how many it was learned of."""
        self.spellings = {each.name: each for each in spellings}
        self.gathered = dict(self.spellings)
        self._rows, self._gathered_rows = rows, rows
        self._frame = frame
        self._found = [self.spellings[name] for name in sorted(self.spellings)]
        parts = b"".join(each.pattern for each in self._found)
        start = rb'\{"change":\["(?:%b)",%b,\[' % (frame.actions, _KEY)
        self._said = start + parts + frame.ending
        self._whole = self._made([True] * len(self._found))
        self._writers: dict[tuple[bool, ...], Writer | None] = {}

    def gather(self, found: Mapping[str, Spelling]) -> int:
        """Take in another row's operations; give of how many to learn it anew, or 0.

        That is worth it once as many rows again were met: where each of hundreds of
        attributes is rare, nearly every row has one that none had before it.
        """
        self.gathered.update(found)
        self._gathered_rows += 1
        return self._gathered_rows if self._gathered_rows >= 2 * self._rows else 0

    # Each is made once it is asked for: that of hundreds of attributes takes a while.
    @cached_property
    def _line(self) -> re.Pattern[bytes]:
        return re.compile(self._said + rb"\n?")

    @cached_property
    def _lines(self) -> re.Pattern[bytes]:
        # A line of many is told from its first byte to its last, or it stands apart.
        return re.compile(rb"(?m)^(?:%b\n|([^\n]*\n))" % self._said)

    def told(self, line: bytes) -> Groups | None:
        """Return what the pattern finds in a line; None: it is no such line."""
        met = self._line.fullmatch(line)
        return None if met is None else met.groups(b"")

    def told_of(self, lines: bytes) -> list[Any]:
        """Return the same of many lines; of any other, the line as the last group."""
        return self._lines.findall(lines)

    @cached_property
    def lists(self) -> Sequence[int]:
        """The groups of lists."""
        return [n for n, each in enumerate(self._found, start=_IDS) if each.is_list]

    def writer(self, groups: Groups) -> Writer | None:
        """Return what writes on lines that have the same operations; None of none."""
        if b"" not in groups:
            return self._whole
        return self._writer_of(tuple(map(bool, self._values(groups))))

    def writers(self, columns: Sequence[Groups]) -> list[Writer | None]:
        """Return the same of many lines, of which each column has one group."""
        shapes = [
            *zip(*(map(bool, each) for each in self._values(columns)), strict=True)
        ]
        writers = {each: self._writer_of(each) for each in {*shapes}}
        return [writers[each] for each in shapes]

    def _values(self, groups: Sequence[T]) -> Sequence[T]:
        return groups[_IDS : _IDS + len(self._found)]

    def _writer_of(self, there: tuple[bool, ...]) -> Writer | None:
        if there in self._writers:
            return self._writers[there]
        made = self._made(there)
        if len(self._writers) < _MOST_WRITERS:
            self._writers[there] = made
        return made

    def _made(self, there: Sequence[bool]) -> Writer | None:
        found = sorted(
            (each.place, number)
            for number, (each, is_there) in enumerate(
                zip(self._found, there, strict=True)
            )
            if is_there
        )
        if not found:
            return None
        numbers = [number for _, number in found]
        return Writer(self._frame, [(self._found[n], n + _IDS) for n in numbers])


class Writer:
    """Writes on what lines come to that have the same operations, of their groups.

    `found` are the operations with the groups of their values, in the order in which
    they are written.
    """

    def __init__(self, frame: Frame, found: Sequence[tuple[Spelling, int]]) -> None:
        self.found = found
        self.names = [each.place for each, _ in found]
        numbers = [number for _, number in found]
        self._numbers = (*frame.before, *numbers, *frame.after)
        self._pick = itemgetter(*self._numbers)
        said = b",".join(each.template for each, _ in found)
        head, tail = frame.written.split(b"\0")
        self._template = head + said + tail

    def write(self, groups: Groups) -> bytes:
        """Return what is written of a line."""
        written: bytes = self._template % self._pick(groups)
        return written

    def write_all(
        self, columns: Sequence[Groups], places: Sequence[int]
    ) -> Iterator[bytes]:
        """Yield the same of lines at some places; each column has one group of all."""
        picked = [map(columns[number].__getitem__, places) for number in self._numbers]
        return map(self._template.__mod__, zip(*picked, strict=True))


class LinePatterns(ABC):
    """Patterns that are learned from rows as they come.

    Of operations with more than `most_fields` none is learned.
    """

    frame: Frame
    most_fields: int

    def __init__(self) -> None:
        self.patterns: list[LinePattern] = []
        self._learned = 0

    @abstractmethod
    def spelling(self, name: str, form: str, shown: str) -> Spelling | None:
        """Return how operations of a form are spelled; None if they are unusual.

        `shown` is the kind that their values show.
        """

    def spellings(self, row: Row) -> Mapping[str, Spelling] | None:
        """Return the operations of a row by their names; None if one is unusual."""
        found = [self._spelling_of(operation) for operation in row[3]]
        by_place = {each.place: each for each in found if each is not None}
        if len(by_place) < len(found):
            return None
        return {each.name: each for each in by_place.values()}

    def _spelling_of(self, operation: Row) -> Spelling | None:
        if len(operation) > self.most_fields:
            return None
        name, operand, form = (*operation, MOSTLY)[:3]
        return self.spelling(name, form, kind_shown(operand))

    def told(self, line: bytes) -> Iterator[tuple[LinePattern, Groups]]:
        """Yield the patterns that tell a line, with what they find."""
        if self.patterns and is_utf8(line):
            for pattern in self.patterns:
                groups = pattern.told(line)
                if groups is not None:
                    yield pattern, groups

    def first_for(self, lines: bytes) -> LinePattern | None:
        """Return the pattern to try many lines with at once; None where none may be."""
        return self.patterns[0] if self.patterns and is_utf8(lines) else None

    @property
    def is_learning(self) -> bool:
        """Whether rows may still be learned."""
        return self._learned < MOST_LEARNED

    def learn(self, row: Row) -> None:
        """Know rows that are like this one from now on, if they are as most are."""
        found = self.spellings(row) if self.is_learning else None
        if not found:
            return
        rows = 1
        for at, pattern in enumerate(self.patterns):
            if found.items() <= pattern.spellings.items():
                return  # its values are odd, and not its shape
            if _agree(found, pattern.gathered):
                rows = pattern.gather(found)
                if not rows:
                    return
                found = pattern.gathered
                del self.patterns[at]
                break
        # What came last is like what comes next.
        made = LinePattern(found.values(), self.frame, rows)
        self.patterns[:] = made, *self.patterns[: MOST_TRIED - 1]
        self._learned += 1


def is_utf8(text: bytes) -> bool:
    """Return whether bytes are text, as all that is written is."""
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _agree(found: Mapping[str, Spelling], known: Mapping[str, Spelling]) -> bool:
    """Return whether operations are spelled in one way only, and have places apart."""
    both = {**known, **found}
    are_same = all(known[name] == found[name] for name in found.keys() & known.keys())
    return are_same and len({each.place for each in both.values()}) == len(both)
