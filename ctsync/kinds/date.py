"""Dates: a moment, stored and compared as epoch seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from ctsync.kinds.base import CellColumns, ValueContext
from ctsync.kinds.scalar import ScalarKind
from ctsync.kinds.type_faults import is_null, wrong_type
from ctsync.kinds.words import date
from ctsync.kinds.zone_steps import offset_sql
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.scalar_value import DATE_PREFIX, Literal, Raw, Value, date_form

_FORM = re.compile(
    # Hours end at 23: newer Pythons read 24:00:00 as the next day, older ones do not.
    r"(?P<moment>\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):\d\d:\d\d)?)"
    r"(?P<offset>Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?"
)


class DateKind(ScalarKind):
    """A date, or a date with a time, in the project's time zone."""

    name = "date"
    examples: ClassVar[tuple[Raw, ...]] = (
        date("2027-03-31"),
        date("2026-03-29T02:30:00Z"),
    )

    def describe(self) -> str:
        """Return what a value is, for messages."""
        return "a date"

    def schema(self, rule: Attribute) -> Mapping[str, Any]:  # noqa: ARG002
        """`YYYY-MM-DD[THH:MM:SS[offset]]`, without quotes."""
        return {"type": "string", "pattern": f"^{_PATTERN}$"}

    def normalize(self, raw: Raw, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Take midnight, or the time given, in the project's time zone."""
        if is_null(raw):
            return self.removal(rule, frame)
        if not isinstance(raw, Literal) or raw.type != "date":
            raise Faults(wrong_type(raw, rule, "a date", _spelling(raw)))
        return self.wanted(date_form(epoch_seconds(raw.text, frame.timezone)), rule)

    def is_unchanged(
        self,
        raw: Raw,
        held: Value,
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,
    ) -> bool:
        """Return whether it is the same second."""
        if not isinstance(raw, Literal) or raw.type != "date":
            return False
        try:
            return date_form(epoch_seconds(raw.text, frame.timezone)) == held
        except Faults:
            return False

    def columns(
        self,
        cell: str,
        sort: str,
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,
    ) -> CellColumns | None:
        """Take what no clock that is changed makes unclear."""
        return moment_of(cell, sort, frame.timezone) if sort in _SOUND else None


def moment_of(cell: str, sort: str, zone: ZoneInfo) -> CellColumns:
    """Return what a cell of a sort that says moments means.

    Raises:
        KeyError: cells of the sort say none.
    """
    moment = f"TRY_CAST({_local_sql(cell, sort)} AS TIMESTAMP)"
    offset = _offset_sql(cell, sort, zone)
    # Python knows no year 0.
    sound = f"(regexp_full_match({cell}, '{_SOUND[sort]}') AND {cell} >= '0001')"
    # It is NULL where there is no such day, or no offset.
    seconds = f"(epoch({moment})::BIGINT - {offset})"
    return CellColumns(sound, f"'\"{DATE_PREFIX}' || {seconds} || '\"'")


@lru_cache(maxsize=4096)  # there are many people, and not so many days
def epoch_seconds(text: str, zone: ZoneInfo) -> int:
    """Return the epoch seconds of `YYYY-MM-DD[THH:MM:SS[offset]]`.

    Raises:
        Faults: no such day or time, or a local time that happens twice or never.
    """
    match = _FORM.fullmatch(text)
    try:
        if match is None:
            raise ValueError  # noqa: TRY301 - one sentence for every bad date
        moment = datetime.fromisoformat(match["moment"]).replace(
            tzinfo=_offset(match) or zone
        )
    except ValueError:
        raise Faults(
            Fault("CT207", "there is no date {value}", _SPELLING, text)
        ) from None
    _refuse_unclear(moment, text, zone)
    return int(moment.timestamp())


def _offset(match: re.Match[str]) -> tzinfo | None:
    if match["offset"] is None:
        return None
    if match["offset"] == "Z":
        return UTC
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if minutes > 59:
        raise ValueError(minutes)
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if match["sign"] == "-" else distance)


def _refuse_unclear(moment: datetime, text: str, zone: ZoneInfo) -> None:
    # In a local time that is twice or never the two folds (PEP 495) lie apart. From UTC
    # one that is never comes back as another.
    earlier, later = moment.replace(fold=0), moment.replace(fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return
    back = datetime.fromtimestamp(earlier.timestamp(), zone).replace(tzinfo=zone)
    exists = back.replace(fold=0) == earlier.replace(fold=0)
    words = "happens twice" if exists else "does not exist"
    raise Faults(
        Fault(
            "CT207",
            f"{{value}} {words} in {zone.key}, where the clocks change",
            "add the offset, as in 2026-03-29T02:30:00+01:00",
            text,
        )
    )


def _spelling(raw: Raw) -> str:
    if isinstance(raw, Literal) and raw.quoted and _FORM.fullmatch(raw.text):
        return "write {value} without quotes"
    return _SPELLING


def _local_sql(cell: str, sort: str) -> str:
    """Return SQL of day and time in a cell of a sound form, without an offset."""
    if sort in {"date", "moment"}:
        return cell
    return f"CASE WHEN strlen({cell}) > 19 THEN left({cell}, 19) ELSE {cell} END"


def _offset_sql(cell: str, sort: str, zone: ZoneInfo) -> str:
    """Return SQL of the seconds that a cell of a sound form is ahead of UTC."""
    if sort == "instant":
        return "0"
    between = "T" if sort in _TEXTS else " "
    by_zone = "0" if zone.key == "UTC" else offset_sql(zone, cell, between)
    if sort not in _TEXTS:
        return by_zone
    # A text without an offset is 10 long or 19; the sign of one is the 20th character.
    hours, minutes = (f"TRY_CAST({cell}{n} AS INTEGER)" for n in ("[21:22]", "[-2:]"))
    minutes = f"({hours} * 60 + {minutes})"
    return (
        f"CASE WHEN length({cell}) <= 19 THEN {by_zone} WHEN ends_with({cell}, 'Z') "
        f"THEN 0 WHEN {cell}[20] = '-' THEN -60 * {minutes} ELSE 60 * {minutes} END"
    )


_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
_TEXTS = ("text", "untyped")
_SOUND = {
    "date": _DAY,
    **dict.fromkeys(
        _TEXTS, f"{_DAY}(T{_TIME}(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?)?"
    ),
    "moment": f"{_DAY} {_TIME}",
    "instant": rf"{_DAY} {_TIME}\+00",
}
_PATTERN = r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)?)?"
_SPELLING = "write 1990-02-20 or 1990-02-20T08:30:00+05:30, without quotes"
KIND = DateKind()
