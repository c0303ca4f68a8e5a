"""What the language has and this version cannot do."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.codes.code import Code

CODES: Mapping[str, Code] = {
    "CT901": Code(
        "not yet",
        "The language has this, but this version cannot do it yet.",
        "Write the profiles in YAML.",
    ),
}
