"""The table that a look at an export comes to: for `init --from` and `import`."""

from __future__ import annotations

import os
import re
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from ctsync.errors import UsageError

if TYPE_CHECKING:
    from ctsync.formats.survey import Export
    from ctsync.project import Project
    from ctsync.sources.table_draft import Draft


def drafted_table(
    path: Path,
    spec: Path,
    project: Project | None,
    key: tuple[str, str] | None = None,
    export: Export | None = None,
) -> Draft:
    """Return the draft of a table, as it stands in a spec, that reads an export.

    What the project declares already keeps its spelling and its type. `key` is the id
    type and its column, where they are known.

    Raises:
        UsageError: the file is no export, or has no such column as `key` says.
    """
    from ctsync.sources.export_survey import survey_export
    from ctsync.sources.table_draft import draft_table

    found = survey_export(path) if export is None else export
    if key is not None and key[1] not in {column.name for column in found.columns}:
        hint = f"it has {len(found.columns)} others; letter case counts"
        raise UsageError(f'{path.name} has no column "{key[1]}"', hint=hint)
    name = table_name(spec, () if project is None else project.tables)
    file = Path(os.path.relpath(path, spec.parent)).as_posix()
    if project is None:
        return draft_table(found, name, file, key=key)
    limits, rules = project.frame.limits, project.catalog
    return draft_table(found, name, file, key=key, rule_of=rules.get, limits=limits)


def table_name(spec: Path, taken: Container[str]) -> str:
    """Return a name for the table of a spec that no other table has."""
    bare = re.sub("[^A-Za-z0-9]+", "_", spec.stem).strip("_") or "export"
    name, number = bare, 2
    while name in taken:
        name, number = f"{bare}_{number}", number + 1
    return name
