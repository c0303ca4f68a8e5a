"""Hiding personal data: which values and keys are shown, and as what."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ctsync.model.change import Origin
from ctsync.model.profile_key import ProfileKey

SENSITIVE_TEXT = "(sensitive)"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# A number has fifteen digits at most (E.164). Without a plus, short ones are ids.
_PHONE = re.compile(r"\+[0-9]{7,15}|[0-9]{10,15}")


def masked_json() -> dict[str, bool]:
    """Return what stands for a sensitive value in JSON."""
    return {"masked": True}


def is_personal(identifier: str) -> bool:
    """Return whether an identity is shaped like an e-mail address or phone number."""
    return bool(_EMAIL.fullmatch(identifier) or _PHONE.fullmatch(identifier))


class Mask(Struct, frozen=True):
    """What one output hides, and in which time zone its dates stand.

    `lineage` salts the pseudonyms of keys that have no origin; `reveal` shows all;
    `all_identities` hides every identity, as the catalog may ask. `timezone` is the
    project's, by its IANA name.
    """

    lineage: str | None = None
    reveal: bool = False
    all_identities: bool = False
    timezone: str = "UTC"

    def hides(self, key: ProfileKey) -> bool:
        """Return whether the key itself must not be shown."""
        if self.reveal or key.type != "identity":
            return False
        return self.all_identities or is_personal(key.id)

    def key_text(self, key: ProfileKey, origins: Sequence[Origin] = ()) -> str:
        """Return the key, its first origin, or its pseudonym."""
        return self._stand_in(key, origins) if self.hides(key) else str(key)

    def key_json(
        self, key: ProfileKey, origins: Sequence[Origin] = ()
    ) -> dict[str, Any]:
        """Return the key as documents show it; `masked` says that it is not the key."""
        if not self.hides(key):
            return key.as_json()
        return {key.type: self._stand_in(key, origins), "masked": True}

    def key_at(self, key: ProfileKey, origin: Origin | None) -> dict[str, Any]:
        """Return the key as findings show it: never one that stands in a data file."""
        if origin is None or origin.row is None or self.reveal:
            return self.key_json(key, () if origin is None else (origin,))
        return {key.type: origin.place, "masked": True}

    def hides_value(self, *, sensitive: bool) -> bool:
        """Return whether a value of an attribute must not be shown."""
        return sensitive and not self.reveal

    def _stand_in(self, key: ProfileKey, origins: Sequence[Origin]) -> str:
        if origins:
            return origins[0].place
        # Without the lineage nobody can try addresses until one has this digest.
        secret = (self.lineage or "").encode()
        digest = hmac.new(secret, str(key).encode(), hashlib.sha256)
        return f"~{digest.hexdigest()[:8]}"
