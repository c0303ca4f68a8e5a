"""Projects whose profiles stand in a table, and their states."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import exporting
from contest import planning
from stopwatch import Unexpected, run
from tables import Setting, built, python

_PROJECT = """\
version: 1
name: bench
specs: [table.yaml]
account: {{id: BENCH-1, region: in1{endpoint}}}
upload: {{records_per_call: 1000, concurrency: 15}}
state: state/
catalog:
  Plan: {{type: string, enum: [Free, Silver, Gold, Platinum]}}
  Renewal Date: {{type: date}}
  Interests: {{type: list}}
  Score: {{type: number}}
policy: {{limits: {{create: 1000000000, update: 100%}}}}
"""
_TABLE = """\
  {name}:
    file: {file}
    key: {{identity: customer_id}}
    columns: {{{columns}}}
"""
_COLUMNS = {
    "name": "Name",
    "email": "Email",
    "phone": "Phone",
    "address": "Address",
    "plan": "Plan",
    "renews": "Renewal Date",
    "interests": "Interests",
    "score": "Score",
}
_FILLING = Path(__file__).with_name("filling.py")
_ROW_BYTES = {"whole": 900, "lean": 350, "changed": 900}  # of all files, at most
_TEXT = {
    "renews": '{attribute: Renewal Date, format: "%Y-%m-%d"}',
    "interests": '{attribute: Interests, split: ";"}',
}


def exports(setting: Setting, count: int, form: str, shape: str = "whole") -> Path:
    """Give a folder with two exports of so many rows, made once.

    They are there as Parquet too, for the state.
    """
    folder = setting.data / f"{shape}-{form}-{count}-{exporting.VERSION}"
    forms = dict.fromkeys(("parquet", form))

    def write(folder: Path) -> None:
        run(python(exporting.__file__, str(folder), str(count), shape, *forms))

    if not folder.exists():
        setting.require_room(count * _ROW_BYTES[shape])
    return built(folder, write)


def write_listing(
    folder: Path,
    export: Path,
    shape: str = "whole",
    *,
    endpoint: str | None = None,
    words: Mapping[str, str] = MappingProxyType({}),
    beside: Path | None = None,
) -> Path:
    """Write a project over one export, and give its folder.

    `words` say what becomes of columns where that is not as usual. The second half of
    the columns stand in a table of their own, where there is an export `beside`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address = f", endpoint: '{endpoint}'" if endpoint else ""
    (folder / "ctsync.yaml").write_text(_PROJECT.format(endpoint=address))
    every = {**_COLUMNS, **(_TEXT if export.suffix == ".csv" else {}), **words}
    names = exporting.SHAPES[shape].columns
    half = len(names) if beside is None else len(names) // 2
    parts = [("customers", export, names[:half]), ("habits", beside, names[half:])]
    tables = [
        _TABLE.format(
            name=name,
            file=os.path.relpath(file, folder),
            columns=", ".join(f"{column}: {every[column]}" for column in columns),
        )
        for name, file, columns in parts
        if file is not None
    ]
    (folder / "table.yaml").write_text("".join(("tables:\n", *tables)))
    return folder


def known_listing(
    setting: Setting, count: int, form: str, shape: str = "whole"
) -> tuple[Path, Path]:
    """Give a project whose state knows the first export, and whose table is the second.

    The folder of the exports comes with it. The state is made once; again where an
    earlier version of ctsync would find other changes.
    """
    files = exports(setting, count, form, shape)

    def fill(folder: Path) -> None:
        write_listing(folder, files / f"before.{form}", shape)
        run(python(str(_FILLING), str(folder)))

    folder = files.with_name(f"{files.name}-known")
    was_there = folder.exists()
    built(folder, fill)
    write_listing(folder, files / f"after.{form}", shape)
    changed = exporting.SHAPES[shape].changed(count)
    if was_there and not _is_of_use(folder, changed, setting.limit_seconds):
        shutil.rmtree(folder)
        return known_listing(setting, count, form, shape)
    return folder, files


def _is_of_use(folder: Path, changed: int, limit_seconds: float) -> bool:
    """Say whether a plan finds the changes, in the time that it may take."""
    try:
        run(replace(planning(folder, changed), limit_seconds=limit_seconds))
    except Unexpected:
        return False
    return True
