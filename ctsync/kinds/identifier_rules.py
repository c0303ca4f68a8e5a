"""What the platform refuses of an identifier, and what is doubtful about one.

No message here shows an identifier: it may be an e-mail address or a phone number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ctsync.limits import MAX_IDENTIFIER_CHARS
from ctsync.model.fault import Fault
from ctsync.model.profile_key import ProfileKey

# The platform takes under 120 characters (a recorded reply).
_USUAL = re.compile(r"[A-Za-z0-9@._+-]{1,119}")
_OBJECT_ID = re.compile(r"[A-Za-z0-9()!:@$_-]+")
HARMLESS = frozenset({"CT312", "CT318"})  # warnings: the key is used as written
_CUSTOM_ID = re.compile(r"[A-Za-z0-9()!:@$_-]{1,64}")


def is_usual(key: ProfileKey) -> bool:
    """Say at a glance that nothing is wrong with an identifier, as with nearly all."""
    kind, text = key
    return kind != "objectId" and _USUAL.fullmatch(text) is not None


def key_faults(key: ProfileKey) -> Iterator[Fault]:
    """Yield everything wrong with an identifier."""
    kind, text = key
    if not text.strip():
        yield Fault("CT314", "the identifier is empty", "write the id")
        return
    if text != text.strip():
        message = "the identifier starts or ends with a space"
        yield Fault("CT318", message, "remove it, unless it is meant")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        message = "the identifier holds control characters"
        yield Fault("CT314", message, "remove them")
    if len(text) >= MAX_IDENTIFIER_CHARS:
        message = (
            f"the identifier has {len(text):,} characters, "
            f"the platform takes under {MAX_IDENTIFIER_CHARS}"
        )
        yield Fault("CT314", message, "use a shorter id")
    if kind == "objectId":
        yield from _object_id_faults(text)


def _object_id_faults(text: str) -> Iterator[Fault]:
    """Public docs on custom CleverTap ids; ids made by SDKs have no published form."""
    if text.startswith("__i"):
        message = "the platform marked this objectId as an error id (__i)"
        yield Fault("CT526", message, "copy the id from the profile page")
    elif text.startswith(("__h", "__g")):
        if not _CUSTOM_ID.fullmatch(text[3:]):
            message = "a custom objectId is its prefix and 1 to 64 characters"
            yield Fault("CT526", message, "use letters, digits and ( ) ! : @ $ _ -")
    elif not _OBJECT_ID.fullmatch(text):
        message = "an objectId holds a character that the platform does not take"
        yield Fault("CT526", message, "use letters, digits and ( ) ! : @ $ _ -")
