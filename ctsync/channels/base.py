"""What a channel is: which operations a file can say, and how it says them.

To add one, write one file in this package with a class that derives from `Channel` and
a module constant `CHANNEL` that holds the class. One instance serves one export: it may
remember what it has seen, such as how large the numbers of a column are.

A channel answers, and does no more: it opens no file, reads no clock and never looks at
a state. `part_files` writes what it says.

1. `operation_fault`: why an operation cannot be said; None where it can. What the
   public docs are silent about cannot be said: an operation that the platform might
   read in another way is worse than one that goes another way.
2. `header`: the first row of a file.
3. `cell`: how the values of a column are spelled.
4. `companion`: the file that travels beside a data file, if there is one.
5. `notes`: what whoever uploads the files has to know before, if anything.

Rows are the same everywhere: a cell for the identity, one for each column, and where
the channel `has_operators` one more for what is done. No cell is ever left empty for
"nothing to do here", since no document says what an empty cell does: profiles of which
other attributes change stand in other files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple, TypeAlias

from msgspec import Struct

from ctsync.channels.row_keys import key_fault
from ctsync.model.fault import Fault
from ctsync.model.operation import Operation, Operator
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Value

Spell: TypeAlias = Callable[[Value], str]


class Column(NamedTuple):
    """What one column of a file says: one operator on one attribute, values of a kind.

    A list is said value by value, each in a row of its own.
    """

    attribute: str
    operator: Operator
    kind: str


class ChannelSettings(Struct, frozen=True):
    """What an export fixes.

    `timezone` is the zone in which files say dates, by its IANA name; `email` hears
    from the platform what became of an import.
    """

    timezone: str = "UTC"
    email: str | None = None


class Channel(ABC):
    """One way for files into the platform.

    A data file has fewer bytes than `limit_bytes`, which the platform sets.
    """

    name: ClassVar[str]
    title: ClassVar[str]  # as people call it, in a sentence
    how_to_upload: ClassVar[str]  # a sentence for whoever has the files
    limit_bytes: ClassVar[int]
    has_operators: ClassVar[bool] = False
    plain_kinds: ClassVar[frozenset[str]] = frozenset()
    """Kinds of which a single value can be assigned whenever it fits in a cell.

    Of many changes that differ in nothing but such values one is asked about.
    """

    def __init__(self, settings: ChannelSettings) -> None:
        self.settings = settings

    def fault_of(self, key: ProfileKey, operation: Operation) -> Fault | None:
        """Return why no file of this channel can say an operation; None if it can."""
        return self.operation_fault(operation) or self.key_fault(key)

    def key_fault(self, key: ProfileKey) -> Fault | None:
        """Return why no file can name a profile; None where one can."""
        return key_fault(key)

    @abstractmethod
    def operation_fault(self, operation: Operation) -> Fault | None:
        """Return why no file can say what is done, to whomever; None where one can."""

    @abstractmethod
    def header(self, columns: Sequence[Column]) -> Sequence[str]:
        """Return the names over the cells of a row, the key's first."""

    @abstractmethod
    def cell(self, column: Column) -> Spell:
        """Return what spells the values of a column, without the quotes around it."""

    def companion(
        self,
        data_file: str,  # noqa: ARG002 - a default
        columns: Sequence[Column],  # noqa: ARG002
    ) -> tuple[str, bytes] | None:
        """Return name and bytes of the file beside a data file, once all is written."""
        return None

    def notes(self, columns: Iterable[Column]) -> Iterator[Fault]:  # noqa: ARG002
        """Yield what whoever uploads files with these columns has to know before."""
        yield from ()
