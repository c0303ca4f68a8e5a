"""Codes of values."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT201": Code(
        "word that YAML readers disagree about",
        "Plain yes, no, on, off, True, FALSE, NULL and the like mean different things "
        "to different readers.",
        "Write true or false for a boolean, or quote the word.",
    ),
    "CT202": Code(
        "no value",
        "Nothing, ~ or empty text stands where a value is expected; the platform's "
        "answer to those is documented nowhere.",
        "Write a value, write null to remove, or leave the line out.",
    ),
    "CT203": Code(
        "value of another type",
        "The value is not of the attribute's type.",
        'Write "5" for text and 5 for a number.',
    ),
    "CT204": Code(
        "cannot be removed",
        "The upload API removes Name, Gender and lists, and nothing else.",
        "Set another value, or leave the line out to stop managing the attribute.",
    ),
    "CT205": Code(
        "value outside the enum",
        "The catalog lists the values that the attribute may have.",
        "Write one of them, or add it to enum:.",
    ),
    "CT206": Code(
        "value too long",
        "Values are limited in bytes of UTF-8; longer ones are cut or dropped.",
        "Shorten it; platform.value_bytes sets the limit.",
    ),
    "CT207": Code(
        "date",
        "There is no such day or time, or a local time happens twice or never.",
        "2026-03-29T02:30:00+01:00 says which moment is meant.",
    ),
    "CT208": Code(
        "text that cannot be sent",
        "Text that starts with $D_ would be read as a date; control characters are "
        "damaged on the way.",
        "Write a date as 1990-02-20, and remove control characters.",
    ),
    "CT209": Code(
        "too many list values",
        "The platform keeps so many values of a list and drops the oldest.",
        "Declare fewer, or exclude some; platform.list_values sets the limit.",
    ),
    "CT210": Code(
        "text that looks like a number",
        "The platform may store such digits as a number and lose some of them.",
        "Add a letter or a dash if the digits matter.",
        "warning",
    ),
    "CT211": Code(
        "outer spaces",
        "The platform may trim them.",
        "Remove them.",
        "warning",
    ),
    "CT212": Code(
        "list values differ only in case or spaces",
        "The platform may take them for one.",
        "Keep one of them.",
        "warning",
    ),
}
