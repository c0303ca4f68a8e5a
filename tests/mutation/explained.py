"""Mutants that no test has to notice, each with the reason: `explained.tsv`.

A line is the module under `ctsync`, the function, its statement, the wrong, and why,
with tabs between; the first four are what `run.py` says of a survivor.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

EXPLAINED = Path(__file__).with_name("explained.tsv")


def explained() -> Mapping[str, str]:
    """Give for each explained mutant why it is, by what `run.py` says of it.

    Raises:
        ValueError: a line has another shape, or a mutant is explained twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(EXPLAINED.read_text().splitlines(), start=1):
        *named, why = line.split("\t")
        name = "\t".join(named)
        if len(named) != 4 or not why.strip() or name in found:
            raise ValueError(f"{EXPLAINED.name} line {number} says no mutant: {line}")
        found[name] = why
    return found
