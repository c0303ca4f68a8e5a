"""Ids and words of data files that are hardly what somebody meant.

They can be sent as they stand, so they are warnings; `--strict` takes them for errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from ctsync.kinds.text_rules import NO_WORDS
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal, Raw
from ctsync.sources.cell_guesses import visible_sql
from ctsync.sql_text import whole_id_sql

NO_IDS = frozenset({"nan", "null", "none", "nil", "undefined", "n/a", "#n/a", "<na>"})
_ODD_ID = re.compile(
    r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+"  # 1.23E+11, as spreadsheets write long numbers
    r"|#[A-Z/0]+[!?]?"  # #REF!, #DIV/0!, #NAME?
)
_WHOLE_ID = re.compile(r"[0-9]+\.0+")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
ROUND = "round it"
AS_LIST = "export a list, or compute: one of it"
_ROUNDED = 1e9  # below it six digits of a fraction are kept
# All of these words, so that nothing of the file is told.
_BLANKS = f"nulls: {json.dumps(sorted(NO_WORDS))}"
_DIGITS = 15  # what a number of the platform, and of JSON readers, keeps for certain


def doubtful_id(identifier: str, column: str | None = None) -> Fault | None:
    """Return what is odd about the id of a row, and what cures its column."""
    # Letters and digits alone may be anybody's id, 1E5 too. Most are such.
    if identifier.isalnum() and identifier.lower() not in NO_IDS:
        return None
    if identifier.lower() in NO_IDS:
        hint = "correct the row, or leave it out with where:"
        return Fault("CT630", "the id is a word for nothing", hint)
    if _WHOLE_ID.fullmatch(identifier):
        hint = _computed(column, whole_id_sql)
        return Fault("CT630", "the id is a number with a fraction of nothing", hint)
    if _ODD_ID.fullmatch(identifier):
        hint = "its digits are lost: export ids as text"
        return Fault("CT630", "the id is a number or error of a spreadsheet", hint)
    if INVISIBLE.search(identifier):
        hint = _computed(column, visible_sql)
        return Fault("CT630", "the id holds characters that nobody sees", hint)
    return None


def _computed(column: str | None, expression: Callable[[str], str]) -> str:
    if column is None:
        return "export ids as text"
    return f"compute: {{key: {json.dumps(expression(column))}}}"


def doubtful_words(attribute: str, raw: Raw) -> Iterator[Fault]:
    """Yield what is odd about a cell that can be sent as it stands."""
    if not isinstance(raw, Literal):
        return
    if raw.type == "text":
        if raw.text in NO_WORDS:
            message = f"{attribute} would be the text {{value}}"
            yield Fault("CT631", message, _BLANKS, raw.text)
        elif raw.text.startswith("[") and raw.text.endswith("]"):
            message = f"{attribute} would be the text of a list"
            yield Fault("CT631", message, AS_LIST)
    else:
        yield from lost_digits(
            attribute, raw, "declare it as type: string in the catalog"
        )


def lost_digits(attribute: str, raw: Raw, cure: str) -> Iterator[Fault]:
    """Yield that a number has more digits than are kept; `cure` is for large ones."""
    if isinstance(raw, Literal) and raw.type == "number" and _loses_digits(raw):
        message = f"{attribute} has more digits than a number keeps"
        is_small = abs(raw.value) < _ROUNDED if isinstance(raw.value, float) else False
        yield Fault("CT633", message, ROUND if is_small else cure)


def _loses_digits(raw: Literal) -> bool:
    digits = re.sub(r"[eE].*|[-.]", "", raw.text).strip("0")
    return isinstance(raw.value, float) and len(digits) > _DIGITS
