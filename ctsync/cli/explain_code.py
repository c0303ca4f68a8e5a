"""What `ctsync explain CT514` does: say what a diagnostic code means."""

from __future__ import annotations

import re

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.terminal.output import print_document, require_format
from ctsync.errors import UsageError

_CODE = re.compile(r"CT[0-9]{3}")


def code_in(word: str) -> str | None:
    """Return the code that a word is, in letters of any case."""
    upper = word.upper()
    return upper if _CODE.fullmatch(upper) else None


def explain_code(settings: GlobalOptions, name: str) -> int:
    """Print what a code means, and what to do.

    Raises:
        UsageError: there is no such code; names those of the same sort.
    """
    from ctsync.diagnostic_codes import CODES, PAGE
    from ctsync.render.explained_code import code_json, code_text

    require_format(settings, "text", "json")
    code = CODES.get(name)
    if code is None:
        kin = [each for each in sorted(CODES) if each[:3] == name[:3]]
        known = f"like it are {', '.join(kin)}" if kin else f"all codes: {PAGE}"
        hint = f"{known}; a profile of that id is identity={name}"
        raise UsageError(f"there is no diagnostic code {name}", hint=hint)
    show = code_json if settings.format == "json" else code_text
    print_document(show(name, code))
    return 0
