"""What a selector of part of a plan may choose by."""

from __future__ import annotations

from ctsync.model.profile_key import ID_TYPES

SELECTOR_KINDS = (*ID_TYPES, "attribute", "cohort", "table", "file", "action")
