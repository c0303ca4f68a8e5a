"""A saved plan's signature: who has the key made it, and nobody has touched it since.

A checksum can be taken again by whoever edits a file. Pipelines that keep plans where
others can write hold a key, and sign.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from ctsync.errors import CtsyncError

VARIABLE = "CTSYNC_PLAN_KEY"

_KEY = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)


def plan_key(variables: Mapping[str, str]) -> bytes:
    """Return the key for plans; what stands in its place is never shown.

    Raises:
        CtsyncError: there is none, or it is no key.
    """
    written = variables.get(VARIABLE)
    if not written:
        raise _no_key(f"{VARIABLE} is not set")
    if not _KEY.fullmatch(written):
        raise _no_key(f"{VARIABLE} holds no key")
    return bytes.fromhex(written)


def signature_of(key: bytes, blocks: Iterable[bytes]) -> str:
    """Return the HMAC-SHA-256 of some bytes as 64 hex digits."""
    mac = hmac.new(key, digestmod=sha256)
    for block in blocks:
        mac.update(block)
    return mac.hexdigest()


def _no_key(words: str) -> CtsyncError:
    return CtsyncError(
        words,
        hint="a key is 32 bytes as 64 hex digits, as of: openssl rand -hex 32",
        code="plan_key",
    )
