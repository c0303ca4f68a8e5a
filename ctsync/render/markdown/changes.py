"""The changes in a comment: what is risky first, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from ctsync.model.change import Change
from ctsync.model.change_statistics import TRAITS, risk_of
from ctsync.model.masking import Mask
from ctsync.render.change_lines import RELEASED
from ctsync.render.markdown.text import (
    SHOW_ALL,
    cut_bytes,
    fence_length,
    fenced,
    folded,
    size,
)
from ctsync.render.operation_rows import OperationRow, operation_rows
from ctsync.render.plan_view import PlanView
from ctsync.render.text_width import columns_of, cut_name, escape, pad
from ctsync.render.value_text import key_words, origin_words

MOST_BYTES = 60_000
MOST_BYTES_OF_CHANGE = 4_000
MOST_BYTES_OF_TEXT = 200

TITLES = {
    "opt-ins": "Profiles opted in to messages",
    "locked": "Locked values that block the plan",
    "removals": "Profiles that lose a value",
    "creations": "Profiles new to this state",
    "counters": "Counters moved",
    "uncertain": "Values assigned because the state is not sure of them",
    "rest": "Other changes",
    "releases": "Attributes released (nothing is sent)",
}

_MARKS = {"+": "+", "-": "-", "~": "!", "$add": "+", "$remove": "-"}
_WIDEST_NAME = 48
_SPARE = 64  # for counts whose digits are not known before the cut


class Section(Struct):
    """The changes of one risk, of which a page full is kept.

    Changes come by key, so those kept are the first.
    """

    title: str
    total: int
    blocks: list[str] = field(default_factory=list)
    bytes_kept: int = 0

    @property
    def has_room(self) -> bool:
        """Whether a page has room for one more."""
        return self.bytes_kept < MOST_BYTES

    def keep(self, change: Change, mask: Mask) -> None:
        """Keep a change in words."""
        self.blocks.append(diff_block(change, mask))
        self.bytes_kept += size(self.blocks[-1])

    @property
    def need(self) -> int:
        """How many bytes the section takes where nothing kept is left out."""
        return self._frame + self.bytes_kept

    def fitting(self, room: int) -> list[str]:
        """The first changes that fit into so many bytes, with all around them."""
        room -= self._frame
        shown = []
        for block in self.blocks:
            room -= size(block)
            if room < 0:
                break
            shown.append(block)
        return shown

    def text(self, shown: Sequence[str]) -> str:
        """Return the section with these of its changes."""
        left = self.total - len(shown)
        body = fenced("".join(shown), "diff") if shown else ""
        if left:
            more = (
                f"… and {left:,} more" if shown else f"{left:,} are too long for here"
            )
            body += f"\n{more}; {SHOW_ALL} shows them.\n"
        return folded(f"{self.title}: {self.total:,}", body)

    @property
    def _frame(self) -> int:
        fences = 2 * max(map(fence_length, self.blocks), default=3) + len("diff\n\n")
        return size(self.text(())) + fences + _SPARE


def sort_changes(view: PlanView) -> tuple[Section, ...]:
    """Return the changes by risk; one with several stands under the greatest."""
    counts = zip(TRAITS, view.foot.survey.by_risk(), strict=True)
    sections = [Section(TITLES[name], count) for name, count in counts]
    for line in view.lines():
        section = sections[risk_of(line.traits)]
        if section.has_room:
            section.keep(line.change(), view.mask)
    return tuple(section for section in sections if section.total)


def share_room(needs: Sequence[int], room: int) -> list[int]:
    """Return everyone an equal part of the room, and what is spare to the first."""
    fair = room // max(len(needs), 1)
    shares = [min(need, fair) for need in needs]
    spare = room - sum(shares)
    for number, need in enumerate(needs):
        more = min(need - shares[number], spare)
        shares[number] += more
        spare -= more
    return shares


def diff_block(change: Change, mask: Mask) -> str:
    """Return a change as lines of a diff: `+` new, `-` gone, `!` changed, `#` remarks.

    Where it is too long, what is risky is kept first.
    """
    lines = [*_lines(change, mask)]
    if sum(size(text) for _, text in lines) > MOST_BYTES_OF_CHANGE:
        lines.sort(key=lambda line: not line[0])
    return _heading(change, mask) + "".join(_bounded([text for _, text in lines]))


def _bounded(lines: Sequence[str]) -> Iterator[str]:
    room = MOST_BYTES_OF_CHANGE
    for number, line in enumerate(lines):
        room -= size(line)
        if room < 0:
            yield f"# … and {len(lines) - number:,} more of this profile\n"
            return
        yield line


def _heading(change: Change, mask: Mask) -> str:
    key = cut_bytes(key_words(change.key, mask, change.origins), MOST_BYTES_OF_TEXT)
    place = cut_bytes(origin_words(change, mask), MOST_BYTES_OF_TEXT)
    return f"@@ {change.action} {key} @@ {place}".rstrip() + "\n"


def _lines(change: Change, mask: Mask) -> Iterator[tuple[bool, str]]:
    """Yield the lines of every row together, and whether the row is risky."""
    rows = [*operation_rows(change, mask)]
    released = [_name(escape(name)) for name in change.released]
    names = [_name(row.attribute) for row in rows]
    width = max(map(columns_of, (*names, *released)), default=0)
    operators = max((len(row.operator) for row in rows), default=0)
    for name, row in zip(names, rows, strict=True):
        start = f"{_mark(row)} {pad(name, width)}  {row.operator:<{operators}}"
        lines = [f"{start}  {_sides(row)}\n"]
        indent = " " * (width + 2 + operators)
        lines += [f"# {indent}  {_cut(note)}\n" for note in row.notes]
        yield _is_risky(row), "".join(lines)
    for name in released:
        yield False, f"# {pad(name, width)}  {RELEASED}\n"


def _name(escaped: str) -> str:
    return cut_name(_cut(escaped), _WIDEST_NAME)


def _sides(row: OperationRow) -> str:
    return " -> ".join(map(_cut, row.sides))


def _cut(text: str) -> str:
    return cut_bytes(text, MOST_BYTES_OF_TEXT)


def _mark(row: OperationRow) -> str:
    return _MARKS.get(row.operation.operator) or _MARKS[row.symbol]


def _is_risky(row: OperationRow) -> bool:
    operation = row.operation
    is_command = operation.kind == "subscription"
    return _mark(row) == "-" or operation.is_delta or is_command
