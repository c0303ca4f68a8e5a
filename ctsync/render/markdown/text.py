"""Text that a Markdown page shows and does not act on: code, fences, folds, cuts.

GitHub and GitLab turn `@name`, `#123` and commit ids into links that notify, and do so
after escapes and entities are resolved. They leave code alone, so whatever is not our
own wording stands in a code span or in a fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from ctsync.render.text_width import ELLIPSIS, escape

MOST_BYTES_OF_CODE = 120
SHOW_ALL = "`ctsync show FILE --all`"

_TICKS = re.compile(r"`+")
# GitHub's parser, cmark-gfm, takes no more than 80 backticks for a code span.
_TOO_MANY_TICKS = re.compile(r"(`{40})`+")


def size(text: str) -> int:
    """Count the bytes of a text."""
    return len(text) if text.isascii() else len(text.encode())


def cut_bytes(text: str, most: int) -> str:
    """Return the text, or as many whole characters as fit before an ellipsis."""
    if size(text) <= most:
        return text
    kept = text.encode()[: most - size(ELLIPSIS)]
    return kept.decode(errors="ignore") + ELLIPSIS


def code(text: str, most: int = MOST_BYTES_OF_CODE) -> str:
    """Return any text as a code span; of a long row of backticks, the first 40."""
    shown = cut_bytes(escape(text), most) or "(empty)"
    shown = _TOO_MANY_TICKS.sub(rf"\1{ELLIPSIS}", shown)
    ticks = "`" * (_longest_ticks(shown) + 1)
    # One space at both ends is taken away again, by CommonMark's rule for code spans.
    is_bare = not shown.startswith(("`", " ")) and not shown.endswith(("`", " "))
    space = "" if is_bare or not shown.strip(" ") else " "
    return f"{ticks}{space}{shown}{space}{ticks}"


def cell(text: str) -> str:
    """Return any text as a code span in a table, where a pipe would end the cell."""
    return code(text).replace("|", "\\|")


def table(rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are Markdown already: a name, then numbers."""
    head, *body = (tuple(row) for row in rows)
    rule = ("---", *("---:" for _ in head[1:]))
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))


def fenced(text: str, language: str) -> str:
    """Return lines of code between fences that no line of them can close."""
    fence = "`" * fence_length(text)
    return f"{fence}{language}\n{text}{fence}\n"


def fence_length(text: str) -> int:
    """Count the backticks of a fence around a text: more than stand in it."""
    return max(3, _longest_ticks(text) + 1)


def folded(summary: str, body: str) -> str:
    """Return what opens at a click. `summary` is our own wording."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n</details>\n"


def comment_word(text: str) -> str:
    """Return a text as one word that cannot end an HTML comment; nothing is `-`."""
    if text == "-":
        return "%2D"
    encoded = quote(escape(text), safe=":").replace("--", "-%2D")
    return encoded[:MOST_BYTES_OF_CODE] or "-"


def _longest_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
