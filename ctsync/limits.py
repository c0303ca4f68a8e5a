"""Numbers that bound what is sent, with where each comes from."""

from __future__ import annotations

from msgspec import Struct

MAX_RECORDS_PER_CALL = 1000  # public docs today; the founding document says 100
MAX_CONCURRENCY = 15  # uploads in flight per account, public docs
MAX_TIMEOUT_SECONDS = 3600  # of a call; ours, no run waits longer for a late write
MAX_BODY_BYTES = 4_000_000  # none published; our own budget
MAX_IDENTIFIER_CHARS = 120  # a recorded reply: under 120; SFTP quotes 1024
MAX_COUNTER = 2**53 - 1  # beyond it JSON numbers lose units


class PlatformLimits(Struct, frozen=True):
    """What one account may hold; `platform:` in the project file overrides."""

    key_bytes: int = 120
    value_bytes: int = 512
    custom_keys: int = 256
    list_values: int = 100


WIDEST = PlatformLimits(1024, 65_536, 10_000, 10_000)
"""What a project may set them to at the most."""
