"""Whom a row can name, and what a cell can hold."""

from __future__ import annotations

import re

from ctsync.model.fault import Fault
from ctsync.model.profile_key import ProfileKey

KEY_COLUMN = "identity"
"""The column that says whose row it is; both doors know no other (public docs)."""

MAX_IDENTITY_CHARS = 1023  # "under 1024 characters", public docs on SFTP

# Controls, line and paragraph separators, and halves of surrogate pairs.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def key_fault(key: ProfileKey) -> Fault | None:
    """Return why no row can name a profile; None where one can."""
    if key.type != KEY_COLUMN:
        return Fault(
            "CT803",
            f"a profile with {key.type} cannot stand in a file, which knows "
            f"{KEY_COLUMN} alone",
            f'leave it to the upload API: plan with --exclude "{key.type}=*"',
        )
    if not names_a_row(key.id):
        return Fault(
            "CT804",
            f"the identity has over {MAX_IDENTITY_CHARS} characters, or one that no "
            "cell can hold",
            "correct it, or leave the profile to the upload API",
        )
    return None


def names_a_row(identity: str) -> bool:
    """Return whether a row can be of the profile with an identity."""
    return len(identity) <= MAX_IDENTITY_CHARS and fits_in_a_cell(identity)


def fits_in_a_cell(text: str) -> bool:
    """Return whether every reader of CSV takes text for one cell of one row."""
    # Nearly all text is printable, and nothing that is breaks a row.
    return text.isprintable() or _BREAKS.search(text) is None
