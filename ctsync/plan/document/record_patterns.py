"""Records of changes, written from their lines as they travel.

Of an operation nothing travels but attribute, operator and operand. So the records of
most changes follow from the shape of their lines, and what was known before is passed
over. What may be a second step, a counter, a group or in a file is left to `schedule`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from ctsync.canonical_json import canonical, fold_id
from ctsync.kinds.counter import KIND as COUNTER
from ctsync.model.operation import DELTAS
from ctsync.model.profile_key import ID_TYPES
from ctsync.model.record import GROUP_PREFIX
from ctsync.plan.document.line_patterns import (
    SPELLED,
    TEXT,
    Frame,
    Groups,
    LinePattern,
    LinePatterns,
    Spelling,
)
from ctsync.plan.document.plan_rows import SIGNS, form_from

_TEXTS = rb'"%b*"' % TEXT
_NUMBER = rb"(?:0|[1-9][0-9]{0,14})"
_WORDS = {b"text": _TEXTS, b"n": _NUMBER}
# An origin as `plan_rows.StoredOrigin` writes it: file, row, table, line and cohort,
# each left out where nothing follows that is there.
_PLACE = (
    rb"\[%(text)b(?:,(?:%(n)b|null)(?:,(?:%(text)b|null)(?:,(?:%(n)b|null)"
    rb"(?:,%(text)b)?)?)?)?\]" % _WORDS
)
_PLACES = rb"\[(?:%b(?:,%b)*)?\]" % (_PLACE, _PLACE)
_COHORTS = rb"\[(?:%b(?:,%b)*)?\]" % (_TEXTS, _TEXTS)
# Its only wave is the first, and the row says nothing after the cohorts.
_ENDING = rb'\](?:,%b(?:,(?:"[0-9a-f]{32}"|null)(?:,%b)?)?)?\],"does":\[%b,1\]\}' % (
    _PLACES,
    _COHORTS,
    _NUMBER,
)
_RECORD = b'{"%b":"%b","profileData":{\0},"type":"profile"}'
_TYPE, _ID = 0, 1
_FRAME = Frame(b"create|update", _ENDING, _RECORD, (_TYPE, _ID), ())
# What was known before is passed over, if it can be read.
BEFORE = (
    rb"%(text)b|-?%(n)b(?:\.[0-9]{1,9})?|true|false|\[(?:%(text)b(?:,%(text)b)*)?\]"
    % _WORDS
)
_MARKS = rb"[?!]?~?\*?"  # what is known before, whether all is, and whether to mask it

Told: TypeAlias = tuple[str, bytes]
"""The folded key, and what travels."""
_TYPES = {name.encode(): f"{name}=" for name in ID_TYPES}


class RecordPatterns(LinePatterns):
    """Gives the records of changes that have one, in the first wave."""

    frame = _FRAME
    most_fields = 4  # to the value before

    def record(self, line: bytes) -> Told | None:
        """Return what a line sends; None where no pattern tells it."""
        found = (_record(pattern, groups) for pattern, groups in self.told(line))
        return next(filter(None, found), None)

    def records(self, lines: bytes) -> Iterator[Told | None]:
        """Yield the same of many lines, one after the other."""
        pattern = self.first_for(lines)
        if pattern is None:
            yield from map(self.record, lines.splitlines())
            return
        for groups in pattern.told_of(lines):
            odd = groups[-1]
            yield self.record(odd) if odd else _record(pattern, groups[:-1])

    def spelling(self, name: str, form: str, shown: str) -> Spelling | None:
        """Return how an operation is spelled that is a record's only step."""
        return _spelled_as(name, form, shown)


def _record(pattern: LinePattern, groups: Groups) -> Told | None:
    writer = pattern.writer(groups)
    if writer is None:
        return None
    folded = _TYPES[groups[_TYPE]] + fold_id(groups[_ID].decode())
    return folded, writer.write(groups)


@lru_cache(maxsize=4096)  # of rows with odd values it is asked again and again
def _spelled_as(name: str, text: str, shown: str) -> Spelling | None:
    form = form_from(text)
    is_plain = form.step == 1 and form.operator not in DELTAS
    is_counter = (form.kind or shown) == COUNTER.name
    if not is_plain or is_counter or name.startswith(GROUP_PREFIX):
        return None
    opening, closing = canonical(name) + b":", b""
    if form.operator != "set":
        opening, closing = opening + b"{%b:" % canonical(form.operator), b"}"
    sign = re.escape(SIGNS[form.operator].encode())
    words = (sign, _MARKS, re.escape(form.kind.encode()), BEFORE)
    said = b',"%b%b%b"(?:,(?:%b)|)' % words
    if form.operator == "set" and not form.kind:
        # As most are, which is not said. Nothing stands before then, either: a form
        # that says something else is not to be taken for a text that was there.
        said = b"(?:%b|)" % said
    value = b",(%b)" % SPELLED[shown]
    return Spelling(name, value + said, opening, closing, name)
