"""Entries of new profiles, written from the lines of their changes.

What an acknowledged first assignment leaves known follows from the shape of its row,
by `plain_entry`; values stand in the entry as they are spelled in the line.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ctsync.canonical_json import canonical
from ctsync.model.entry import membership_in
from ctsync.model.entry_columns import EntryColumns
from ctsync.model.entry_text import EntryText
from ctsync.model.kind_shape import LIST
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.line_patterns import (
    SPELLED,
    Frame,
    Groups,
    LinePattern,
    Spelling,
)
from ctsync.plan.document.plan_rows import MOSTLY
from ctsync.plan.entries.column_patterns import (
    ENDING,
    ID,
    MARK,
    TABLE,
    TYPE,
    ColumnPatterns,
    ToldLines,
    writer_on,
)
from ctsync.plan.entries.plain_entry import Taking, new_words, way_of

_ENTRY = (
    b'{"attributes":{\0},"cohorts":["%b%%b"],"fingerprint":"%%b","key":{"%%b":"%%b"}}\n'
    % membership_in("").encode()
)
_FRAME = Frame(b"create", ENDING, _ENTRY, (), (TABLE, MARK, TYPE, ID))


class RowPatterns(ColumnPatterns[EntryColumns]):
    """Gives entries of new profiles of which all is taken in, by their lines."""

    frame = _FRAME
    most_fields = 3  # to the form, as nothing is held

    def __init__(self, taking: Taking) -> None:
        super().__init__()
        self._taking = taking

    def entry(self, line: bytes) -> EntryText | None:
        """Return the entry; None where no pattern that was learned tells it."""
        found = (_entry(pattern, groups) for pattern, groups in self.told(line))
        return next(filter(None, found), None)

    def columns_of(self, told: ToldLines) -> EntryColumns:
        """Return entries of lines."""
        names = [writer.names for writer in told.writers]
        ids, marks = told.columns[ID], told.columns[MARK]
        return EntryColumns(told.key_type, ids, told.written(), names, marks)

    def spelling(self, name: str, form: str, shown: str) -> Spelling | None:
        """Return how an assignment is spelled."""
        return spelled_as(name, form, shown, self._taking)


def _entry(pattern: LinePattern, groups: Groups) -> EntryText | None:
    """Return the entry that a line comes to of which these groups were told."""
    writer = writer_on(pattern, groups)
    if writer is None:
        return None
    key = ProfileKey(groups[TYPE].decode(), groups[ID].decode())
    mark = groups[MARK].decode()
    return EntryText(key, writer.write(groups), writer.names, mark, is_bound=True)


@lru_cache(maxsize=4096)  # of rows with odd values it is asked again and again
def spelled_as(name: str, form: str, shown: str, taking: Taking) -> Spelling | None:
    """Return a first assignment as it is spelled, and what it leaves known."""
    way = way_of(name, form, shown, taking)
    if way is None or way.operator not in ("set", "$add"):
        return None
    place = "present" if way.is_list else "value"
    # `present` and `value` come after all other names, so the value stands at the end.
    known = canonical({**way.known, **new_words(way, taking), place: ""})
    opening = canonical(way.folded) + b":" + known[: -len(b'""}')]
    return Spelling(
        name,
        b",(%b)%b" % (SPELLED[shown], _written(form)),
        opening,
        b"}",
        way.folded,
        shown == LIST,
    )


def _written(form: str) -> bytes:
    return b"" if form == MOSTLY else b"," + re.escape(canonical(form))
