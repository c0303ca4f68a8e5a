"""Looking at an export: what its columns are, as far as their cells tell.

Only what all looked-at cells agree on is taken for sure; the rest is said as a doubt,
and left for somebody to decide who knows the people behind it.
"""

from __future__ import annotations

import re
from pathlib import Path

from ctsync.errors import CtsyncError, UsageError
from ctsync.formats import format_of, readable_words
from ctsync.formats.compression import DAMAGES
from ctsync.formats.survey import Export


def survey_export(path: Path) -> Export:
    """Look at the first rows of an export.

    Raises:
        UsageError: it is no file that rows can come from, or it has no rows.
        CtsyncError: it cannot be read.
    """
    form = format_of(path.name)
    if form is None:
        hint = f"name a file that ends in {readable_words()}"
        raise UsageError(f"{path.name} is no file that rows can come from", hint=hint)
    try:
        found = form.survey(path)
    except DAMAGES as error:
        raise CtsyncError(
            f"{path.name} cannot be read: {type(error).__name__}"
        ) from error
    if not found.rows or not found.columns:
        raise UsageError(f"{path.name} has no rows", hint="export it again")
    return found


# Letters of any script: one that is none of A to Z counts as small.
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")


def words_in(name: str) -> list[str]:
    """Return the words of a column's name: `last_visit`, `LastVisit`, `Last visit`."""
    return [word.lower() for word in _WORD.findall(name)]
