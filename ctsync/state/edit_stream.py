"""Edits one by one, or in runs of which each would make new entries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import lt
from typing import Any, TypeAlias

from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.known_texts import KnownTexts
from ctsync.model.profile_key import ProfileKey
from ctsync.state.entry_edits import Edit

KeyedEdit: TypeAlias = "tuple[ProfileKey, Edit]"


class NewEntries(ABC):
    """Edits of profiles that follow each other, and what they make where nothing is.

    Where any of the profiles has an entry, the edits have to be taken one by one.
    """

    columns: EntryColumns

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[ProfileKey, Any]]:
        """Give the edits one by one."""


class KnownEntries(ABC):
    """Edits of profiles that follow each other, of which most have an entry.

    All are of one id type; ids are UTF-8, and all come sorted.
    """

    key_type: str
    ids: Sequence[bytes]

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[ProfileKey, Any]]:
        """Give the edits one by one."""

    @abstractmethod
    def over(self, before: Sequence[bytes | None]) -> list[EntryText | None]:
        """Return what the edits make of the lines of these entries, one for each."""

    @abstractmethod
    def over_all(self, before: KnownTexts) -> EntryColumns | None:
        """Return the same as columns; None where that takes a look at each."""


class EditStream(Iterable[KeyedEdit]):
    """Edits one by one, with the runs in which they come.

    Who takes a run from `runs` takes its edits: they do not come again. `about` is how
    many there are, as far as that can be told before they come.
    """

    def __init__(self, runs: Iterator[Iterable[KeyedEdit]], about: int = 0) -> None:
        self.runs = runs
        self.about = about
        self._edits = chain.from_iterable(runs)

    def __iter__(self) -> Iterator[KeyedEdit]:
        return self._edits


def ends_of(key_type: str, ids: Sequence[bytes]) -> tuple[ProfileKey, ProfileKey]:
    """Return the first key and the last of those that a run is about.

    Raises:
        ValueError: they are not sorted, or a key comes twice.
    """
    # Bytes of UTF-8 sort as the texts do.
    if not all(map(lt, ids, islice(ids, 1, None))):
        raise ValueError("edits of a run come twice or out of order")
    first, last = (ProfileKey(key_type, ids[at].decode()) for at in (0, -1))
    return first, last
