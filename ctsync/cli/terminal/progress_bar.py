"""One line that shows how far something has come: words, a bar, words.

The bar is drawn by rich, which takes longer to load than a small plan: this is loaded
where a bar is really drawn, which is on a terminal, after a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from ctsync.cli.terminal.streams import Stream
from ctsync.render.text_width import columns_of, cut

if TYPE_CHECKING:
    from typing import IO

    from ctsync.cli.terminal.progress import Stand

_NARROWEST_BAR = 10
_GAP = 2

# What is left out first where there is no room for all: whether the line has a bar,
# the noun of what is counted, and the rate.
_FORMS = (
    (True, True, True),
    (True, False, True),
    (True, False, False),
    (False, False, True),
    (False, False, False),
)


def bar_line(
    stand: Stand, seconds: float, columns: int, out: Stream, *, colour: bool
) -> str:
    """Return the line in at most so many columns, `seconds` after the beginning."""
    for has_bar, has_noun, has_rate in _FORMS:
        left = stand.counts(with_noun=has_noun) + stand.notes
        right = "  ".join(_tail(stand, seconds, has_rate=has_rate))
        taken = columns_of(left) + columns_of(right) + _GAP
        room = columns - taken - _GAP
        if not has_bar and taken <= columns:
            return f"{left}  {right}".rstrip()
        if has_bar and room >= _NARROWEST_BAR:
            return f"{left}  {_bar(stand, room, out, colour=colour)}  {right}".rstrip()
    return cut(stand.counts(with_noun=False) + stand.notes, columns)


def _tail(stand: Stand, seconds: float, *, has_rate: bool) -> Iterator[str]:
    if stand.total:
        yield f"{100 * stand.done // stand.total:>3}%"
    pace = [*stand.pace(seconds)]
    words = pace if has_rate else pace[1:]
    if words:
        yield ", ".join(words)


def _bar(stand: Stand, columns: int, out: Stream, *, colour: bool) -> str:
    """Return a bar of exactly so many columns."""
    from rich.console import Console
    from rich.progress_bar import ProgressBar

    console = Console(
        file=cast("IO[str]", out),  # it says which characters can be shown
        width=columns,
        color_system="standard" if colour else None,
        no_color=not colour,
        force_terminal=True,
        legacy_windows=False,
        _environ={},
    )
    bar = ProgressBar(
        total=stand.total or 1,
        completed=stand.done,
        style="dim",
        complete_style="green",
        finished_style="green",
    )
    with console.capture() as drawn:
        console.print(bar, end="")
    # Without colours nothing stands where it has not come yet.
    return drawn.get().ljust(columns)
