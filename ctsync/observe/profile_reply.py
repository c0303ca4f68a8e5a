"""What a read of one profile says, whatever the server sent.

A reply is somebody else's: what is not of the documented shape is told as such, and
never raises. Of the record only identities and attributes are looked at; what else it
holds (devices with their push tokens, events) goes no further.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from ctsync.canonical_json import fold_name, parse
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.profile_key import ProfileKey
from ctsync.model.scalar_value import Scalar
from ctsync.transport.redaction import INSTEAD
from ctsync.transport.upload_result import CallEnding, UploadResult

_MOST_INTEGER = 2**64
MOST_TEXT = 65_536  # characters of one value; the platform keeps 512 bytes

_SYSTEM = {fold_name(name): name for name in SYSTEM}
# A record has these beside `profileData`, not in it (public docs on reads).
_LIFTED = ("name", "email", "phone")
_IN_PROGRESS = 2  # seen in recordings: ask again


class Seen(Struct, frozen=True):
    """One attribute as it was read.

    Of a list `value` is a tuple of text. `is_odd` says that it is nothing that could be
    compared: an object, a list of other things than text and numbers, two attributes
    of one folded name, or text without end.
    """

    name: str
    value: Scalar | tuple[str, ...] | None = None
    is_odd: bool = False


class SeenProfile(Struct, frozen=True):
    """One profile as it was read. `attributes` goes by folded name."""

    attributes: Mapping[str, Seen] = field(default_factory=dict)
    identity: str | None = None
    identities: tuple[str, ...] = ()
    object_ids: tuple[str, ...] = ()

    @property
    def is_merged(self) -> bool:
        """Whether several identities share the profile."""
        return len(self.identities) > 1


class Found(StrEnum):
    """What came of a read."""

    FOUND = "found"
    GONE = "gone"
    FAILED = "failed"  # nobody knows
    IN_PROGRESS = "in_progress"
    UNAUTHORISED = "unauthorised"


class Reading(Struct, frozen=True):
    """What a read says of one key. `message` is in our own words."""

    key: ProfileKey
    found: Found
    profile: SeenProfile = SeenProfile()
    message: str = ""


def reading_of(key: ProfileKey, answer: UploadResult) -> Reading:
    """Return what an answer says of a profile."""
    if answer.happened is CallEnding.UNAUTHORISED:
        return Reading(key, Found.UNAUTHORISED, message=answer.message)
    if answer.happened is not CallEnding.REPLIED:
        return Reading(key, Found.FAILED, message=answer.message)
    reply = reply_of(answer)
    found = _found(reply)
    if found is not Found.FOUND or reply is None:
        return Reading(key, found, message=_SAID[found])
    profile = profile_of(reply["record"])
    if profile is None:
        return Reading(key, Found.FAILED, message=_SAID[Found.FAILED])
    return Reading(key, Found.FOUND, profile)


def reply_of(answer: UploadResult) -> Mapping[str, Any] | None:
    """Return the JSON object that a reply is; None where it is none."""
    try:
        reply = parse(answer.body or b"")
    except ValueError:
        return None
    return reply if isinstance(reply, dict) else None


def is_in_progress(reply: Mapping[str, Any]) -> bool:
    """Return whether the platform asks to be asked again."""
    return reply.get("status") == "fail" and reply.get("code") == _IN_PROGRESS


def _found(reply: Mapping[str, Any] | None) -> Found:
    """Say what a reply is; clients in the wild meet both shapes of "not found"."""
    if reply is None:
        return Found.FAILED
    record, status = reply.get("record"), reply.get("status")
    if is_in_progress(reply):
        return Found.IN_PROGRESS
    if status == "fail":
        return Found.GONE if _says_not_found(reply) else Found.FAILED
    if status != "success":
        return Found.FAILED
    return Found.GONE if record is None or record == {} else Found.FOUND


def _says_not_found(reply: Mapping[str, Any]) -> bool:
    # A code that speaks of the call says nothing of the profile.
    code = reply.get("code")
    return code is None or code == 404 or (type(code) is int and 0 <= code < 400)


def profile_of(record: Any) -> SeenProfile | None:
    """Return the profile that a record of the API is; None where it is none."""
    if not isinstance(record, dict):
        return None
    data = record.get("profileData", {})
    if not isinstance(data, dict):
        return None
    identity = _identity(record.get("identity"))
    known = record.get("all_identities")
    identities = map(_identity, known if isinstance(known, list) else ())
    return SeenProfile(
        attributes_of(_pairs(record, data)),
        identity,
        tuple(dict.fromkeys(each for each in identities if each)),
        tuple(_object_ids(record)),
    )


def attributes_of(pairs: Iterator[tuple[str, Any]]) -> dict[str, Seen]:
    """Return attributes by folded name; of two of one name, neither can be compared."""
    seen: dict[str, Seen] = {}
    for name, value in pairs:
        folded = fold_name(name)
        one = seen_of(system_name(folded, name), value)
        before = seen.get(folded)
        if before is not None and before.value != one.value:
            one = Seen(before.name, is_odd=True)
        if one.value is not None or one.is_odd:
            seen[folded] = one
    return seen


def system_name(folded: str, name: str) -> str:
    """Give the spelling of a system attribute, or the name as it is."""
    return _SYSTEM.get(folded, name)


def seen_of(name: str, value: Any) -> Seen:
    """Return one attribute as it was read."""
    if isinstance(value, list):
        if any(isinstance(item, list | dict) or item is None for item in value):
            return Seen(name, is_odd=True)
        texts = tuple(dict.fromkeys(map(text_form, value)))
        return Seen(name, texts or None, any(map(_is_endless, texts)))
    if isinstance(value, dict) or _is_endless(value) or _is_beyond_json(value):
        return Seen(name, is_odd=True)
    return Seen(name, None if value == "" else value)


def text_form(value: Scalar) -> str:
    """Return a scalar as the text that the platform makes of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _is_endless(value: Any) -> bool:
    # Text that held the passcode is not what anybody stored.
    return isinstance(value, str) and (len(value) > MOST_TEXT or INSTEAD in value)


def _is_beyond_json(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, int) and abs(value) >= _MOST_INTEGER


def _pairs(
    record: Mapping[str, Any], data: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    yield from ((n, v) for n, v in data.items() if fold_name(n) not in _IDENTIFYING)
    yield from ((name, record[name]) for name in _LIFTED if name in record)


_IDENTIFYING = {"identity", "objectid", "fbid", "gpid", "all_identities"}


def _identity(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _object_ids(record: Mapping[str, Any]) -> Iterator[str]:
    devices = record.get("platformInfo")
    for device in devices if isinstance(devices, list) else ():
        found = device.get("objectId") if isinstance(device, dict) else None
        if isinstance(found, str) and found:
            yield found


_SAID = {
    Found.GONE: "",
    Found.IN_PROGRESS: "still in progress",
    Found.FAILED: "the reply is nothing that a read gives",
}
