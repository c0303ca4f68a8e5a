"""What the platform refuses, record by record: identifiers, `ts`, seven system fields.

Everything else succeeds, whether or not it has an effect. The first fault found hides
the others. Texts are as recorded where a recording exists, down to the missing space
before "Skipped"; those of 514, 523, 524, 526 and 555 are unpublished and made up.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from ctsync.sandbox.keys import Json, fold_name, keys_in


class Refusal(NamedTuple):
    """Why a record is refused; `text` still lacks the number of the record."""

    code: int
    text: str


NO_IDENTIFIER = Refusal(523, "User identifier is missing or not valid. ")
UNKNOWN_TYPE = Refusal(524, "Record is neither a profile nor an event. ")
BAD_TIME = Refusal(525, "Timestamp should be present in the Unix Epoch format. ")
BAD_OBJECT_ID = Refusal(526, "Object ID is not valid. ")
SERVER_SIDE = Refusal(555, "Something went wrong. ")
BAD_PHONE = Refusal(516, "Profile data is incorrect. Phone number is not valid.")

# A recorded reply gives 120; the file channel's error text says 1024.
_ID_CEILING = 120
_OBJECT_ID = re.compile(r"(?!__i)(__[hg])?[A-Za-z0-9()!:@$_-]{1,64}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_PHONE = re.compile(r"\+[0-9]+")
_AGE = re.compile(r"[0-9]+(\.[0-9]+)?")
# M and F are documented; client code sends the others, too.
_GENDERS = frozenset({"m", "f", "o", "u", "male", "female", "others", "unknown"})


def find_refusal(record: Json) -> Refusal | None:
    """Return the first reason to refuse a record, or None if it is accepted."""
    if not isinstance(record, dict) or not _has_identifier(record):
        return NO_IDENTIFIER
    data = record.get("profileData")
    if record.get("type") != "profile" or not isinstance(data, dict):
        return UNKNOWN_TYPE
    if "ts" in record and not _is_epoch(record["ts"]):
        return BAD_TIME
    if "objectId" in record and not _matches(_OBJECT_ID, record["objectId"]):
        return BAD_OBJECT_ID
    return find_field_refusal(data)


def find_field_refusal(data: dict[str, Json]) -> Refusal | None:
    """Return why a system attribute cannot have its value, or None if each can."""
    values = {fold_name(name): value for name, value in data.items()}
    for name, is_valid, refusal in _FIELDS:
        value = values.get(name, _ABSENT)
        # Operators on system fields are not refused; most of them do nothing.
        if not isinstance(value, dict) and not is_valid(value):
            return refusal
    return None


def echo(record: Json, refusal: Refusal) -> Json:
    """Return the record as a refusal repeats it, altered by the checks it passed."""
    if not isinstance(record, dict) or not isinstance(record.get("profileData"), dict):
        return record
    if refusal.code not in _AFTER_PHONE:
        return record
    return {**record, "profileData": _alter(record["profileData"], refusal.code)}


def _alter(data: Json, code: int) -> dict[str, Json]:
    altered = dict(data) if isinstance(data, dict) else {}
    if isinstance(phone := altered.get("Phone"), str):
        altered["Phone"] = phone_number(phone)
    if code in (520, 555) and isinstance(altered.get("identity"), int):
        altered["identity"] = str(altered["identity"])
    return altered


def phone_number(phone: str) -> Json:
    """Return a phone number as the platform stores it: a number without the plus."""
    return int(phone[1:]) if _matches(_PHONE, phone) and len(phone) < 20 else phone


def _has_identifier(record: dict[str, Json]) -> bool:
    keys = keys_in(record)
    if not keys:
        # An objectId of the wrong form has a code of its own.
        return bool(record.get("objectId")) and not isinstance(record["objectId"], bool)
    return all(len(key.value) < _ID_CEILING for key in keys)


def _is_epoch(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _matches(pattern: re.Pattern[str], value: Json) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_age(value: Json) -> bool:
    if isinstance(value, str):
        return _matches(_AGE, value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_gender(value: Json) -> bool:
    return isinstance(value, str) and value.lower() in _GENDERS


def _one_of(*allowed: str) -> Callable[[Json], bool]:
    return lambda value: value in allowed


# Stands for a field that is not there: an empty operator passes every check.
_ABSENT: Json = {}
# Codes of later checks: what was repeated with them had the phone as a number
# (recorded).
_AFTER_PHONE = frozenset({514, 517, 518, 519, 520, 555})
# In the order in which one fault hides another: e-mail, phone, the others, and age last
# (recorded; of the others inferred).
_FIELDS: tuple[tuple[str, Callable[[Json], bool], Refusal], ...] = (
    (
        "email",
        lambda value: _matches(_EMAIL, value),
        Refusal(515, "Profile data is incorrect. Email is not valid."),
    ),
    ("phone", lambda value: _matches(_PHONE, value), BAD_PHONE),
    (
        "gender",
        _is_gender,
        Refusal(514, "Profile data is incorrect. Gender is not valid."),
    ),
    (
        "employed",
        _one_of("Y", "N"),
        Refusal(517, "Profile data is incorrect. Employed needs to be Y/N."),
    ),
    (
        "education",
        _one_of("School", "College", "Graduate"),
        Refusal(
            518,
            "Profile data is incorrect."
            " Education needs to be School/College/Graduate..",
        ),
    ),
    (
        "married",
        _one_of("Y", "N"),
        Refusal(519, "Profile data is incorrect. Married needs to be Y/N."),
    ),
    ("age", _is_age, Refusal(520, "Profile data is incorrect. Age is invalid.")),
)
