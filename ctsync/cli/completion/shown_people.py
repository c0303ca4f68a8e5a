"""Whether identities may be offered on a command line at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ctsync.canonical_json import parse
from ctsync.project.spoken_names import SpokenNames

SANDBOX_STATE = ".ctsync/sandbox/state.jsonl"

_ANYBODY = ("identity",)
_MOST_BYTES = 1 << 20


def hides_everybody(names: SpokenNames, *, is_sandboxed: bool = False) -> bool:
    """Return whether the catalog hides identities, or the state may remember that.

    A state is asked only where that is one look at a file; of any other nobody knows,
    and then people are hidden. So they are while a journal is there: the run that it
    tells of may have marked them.
    """
    state = SANDBOX_STATE if is_sandboxed else names.state or ""
    if "identity" in names.marks or not _is_file(state):
        return True
    file = names.root / state
    if Path(f"{file}.journal").exists():
        return True
    return file.exists() and "identity" in _marks_in(file)


def _is_file(state: str) -> bool:
    return state.endswith(".jsonl") and "${" not in state and "://" not in state


def _marks_in(file: Path) -> Sequence[str]:
    """Return what the first line of a state calls sensitive; all if it says nothing."""
    try:
        with file.open("rb") as opened:
            header = parse(opened.readline(_MOST_BYTES))
    except (OSError, ValueError):
        return _ANYBODY
    return header.get("marks", ()) if isinstance(header, dict) else _ANYBODY
