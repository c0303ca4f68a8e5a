"""The CSV upload of the dashboard: values alone, and a person who maps the columns.

It creates and overwrites, and no operator is documented. Dates stand in a form that the
header names, and a phone without its plus (public docs on the CSV upload).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from ctsync.channels.base import Channel, Column, Spell
from ctsync.channels.row_keys import KEY_COLUMN
from ctsync.channels.what_files_say import (
    PLAIN_KINDS,
    common_fault,
    spell_boolean,
    spell_number,
    spell_text,
)
from ctsync.model.date_words import moment_in
from ctsync.model.fault import Fault
from ctsync.model.operation import Operation
from ctsync.model.scalar_value import Value, epoch_of

LIMIT_BYTES = 50_000_000  # "50 MB per file", public docs
DATE_FORMAT = "yyyy/MM/dd HH:mm:ss"
"""One of the documented forms, and the one that no reader takes for another."""

PHONE = "Phone"
_WRITTEN = "%Y/%m/%d %H:%M:%S"


class DashboardChannel(Channel):
    """Writes what the dashboard takes: assignments, and nothing else."""

    name = "csv"
    title = "the dashboard's CSV upload"
    how_to_upload = "Upload them in the dashboard, and map each column by its name."
    limit_bytes = LIMIT_BYTES
    plain_kinds = PLAIN_KINDS - {"date"}  # clocks may show one twice

    def operation_fault(self, operation: Operation) -> Fault | None:
        """Take assignments whose value a cell can say without a doubt."""
        fault = common_fault(operation)
        if fault is not None:
            return fault
        if operation.operator != "set":
            return Fault(
                "CT805",
                f"{operation.operator} on {operation.attribute}: the dashboard's file "
                "says values alone, and neither removes nor adds",
                "use --channel sftp, or leave the attribute to the upload API",
            )
        if operation.kind == "date":
            return self._date_fault(operation)
        return None

    def _date_fault(self, operation: Operation) -> Fault | None:
        if clock_words(str(operation.operand), self.settings.timezone) is not None:
            return None
        return Fault(
            "CT806",
            f"{operation.attribute} is a moment that clocks in "
            f"{self.settings.timezone} do not show, or show twice",
            "use --channel sftp, which says dates in seconds",
        )

    def header(self, columns: Sequence[Column]) -> Sequence[str]:
        """Return names, those of dates with their form."""
        return [KEY_COLUMN, *map(_headed, columns)]

    def cell(self, column: Column) -> Spell:
        """Spell dates as clocks show them, and a phone by its digits."""
        if column.kind == "date":
            return partial(_spell_date, timezone=self.settings.timezone)
        if column.kind == "number":
            return spell_number
        if column.kind == "boolean":
            return spell_boolean
        return _spell_phone if column.attribute == PHONE else spell_text

    def notes(self, columns: Iterable[Column]) -> Iterator[Fault]:
        """Say in which zone dates stand."""
        if any(column.kind == "date" for column in columns):
            yield Fault(
                "CT808",
                f"dates stand as clocks show them in {self.settings.timezone}, and no "
                "document says which zone the dashboard reads",
                "see that it is the account's zone, or use --channel sftp",
            )


def _headed(column: Column) -> str:
    if column.kind != "date":
        return column.attribute
    return f"{column.attribute}<{DATE_FORMAT}>"


def _spell_phone(value: Value) -> str:
    return spell_text(str(value).removeprefix("+"))


def _spell_date(value: Value, *, timezone: str) -> str:
    words = clock_words(str(value), timezone)
    if words is None:
        msg = "no date that a file can say"
        raise ValueError(msg)
    return words


@lru_cache(maxsize=4096)  # there are many people, and not so many days
def clock_words(date: str, timezone: str) -> str | None:
    """Return a date as clocks in a zone show it; None where they show it twice or not.

    `date` is a normal form. Years have four digits.
    """
    try:
        moment = moment_in(epoch_of(date), timezone)
    except (OverflowError, ValueError):
        return None
    # C libraries differ in whether they pad years before 1000 to four digits.
    if moment.year < 1000 or _is_shown_twice(moment) or moment.microsecond:
        return None
    return moment.strftime(_WRITTEN)


def _is_shown_twice(moment: datetime) -> bool:
    other = moment.replace(fold=1 - moment.fold)
    return other.astimezone(UTC) - moment.astimezone(UTC) != timedelta()


CHANNEL = DashboardChannel
