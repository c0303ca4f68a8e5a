"""What the command line asks of `ctsync import api` and `ctsync import FILE`."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.errors import UsageError
from ctsync.model.profile_key import ID_TYPES, ProfileKey, parse_key

if TYPE_CHECKING:
    from ctsync.observe.read_pages import EventPages
    from ctsync.plan.selection import Selector

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ImportWish(Struct, frozen=True):
    """What the command line asks of an import."""

    source: str
    keys: tuple[str, ...] = ()
    keys_file: Path | None = None
    key_column: str | None = None
    event: str | None = None
    since: str | None = None
    until: str | None = None
    targets: tuple[str, ...] = ()
    write_spec: Path | None = None
    anew: bool = False

    @property
    def is_api(self) -> bool:
        """Whether the platform is asked, and no file is read."""
        return self.source == "api"

    @property
    def place(self) -> str:
        """Where it is read from, for a sentence."""
        return "the platform" if self.is_api else self.source

    def pages(self) -> EventPages:
        """Return whose pages are read.

        Raises:
            UsageError: a day is none.
        """
        from ctsync.observe.read_pages import EventPages

        return EventPages(self.event or "", _day(self.since), _day(self.until))

    def given_keys(self, folder: Path) -> list[ProfileKey]:
        """Return the keys that were given, sorted; there may be none.

        Raises:
            UsageError: the file of keys cannot be read.
        """
        words = list(self.keys)
        if self.keys_file is not None:
            words = _lines(folder / self.keys_file)
        return sorted({parse_key(word) for word in words})


def check_wish(wish: ImportWish, folder: Path) -> None:
    """Refuse what makes no sense, by itself or together, before anything is asked.

    Raises:
        UsageError: with what to give instead.
    """
    _check_together(wish, folder)
    chosen_by(wish.targets)
    if wish.event is not None:
        wish.pages()
    if not wish.is_api:
        _check_file(wish, folder)


def _check_file(wish: ImportWish, folder: Path) -> None:
    from ctsync.formats import readable_words
    from ctsync.observe.exports.export_keys import parse_key_column

    parse_key_column(wish.key_column)
    if not (folder / wish.source).is_file():
        raise UsageError(
            f"there is no file {wish.source}",
            hint=f"import takes spec, api, or a file in {readable_words()}",
        )


def _check_together(wish: ImportWish, folder: Path) -> None:
    ways = (bool(wish.keys), wish.keys_file is not None, wish.event is not None)
    if sum(ways) > 1:
        raise UsageError("give keys, --keys or --event, not several of them")
    if not wish.is_api and any(ways):
        raise UsageError("keys and --event go with import api; a file says whose it is")
    if not wish.is_api and wish.anew:
        raise UsageError("--anew goes with import api; a file is always read whole")
    if wish.is_api and wish.key_column is not None:
        raise UsageError("--key names a column of a file; import api has none")
    if wish.event is not None and not (wish.since and wish.until):
        raise UsageError(
            "--event needs the days", hint="give --since and --until, as 2026-11-01"
        )
    if wish.write_spec is not None and (folder / wish.write_spec).exists():
        raise UsageError(
            f"{wish.write_spec} is there already, and is not overwritten",
            hint="name another file with --write-spec",
        )


class Chosen(Struct, frozen=True):
    """What of all that can be read `--target` means."""

    selectors: tuple[Selector, ...]

    def wants_key(self, key: ProfileKey) -> bool:
        """Return whether a profile is meant."""
        by_key = self._of(*ID_TYPES)
        return not by_key or any(
            each.kind == key.type and each.matches((key.id,)) for each in by_key
        )

    @property
    def chooses_keys(self) -> bool:
        """Whether only some profiles are meant."""
        return bool(self._of(*ID_TYPES))

    def attribute_test(self) -> Callable[[str], bool]:
        """Return what says of a folded name whether the attribute is meant."""
        globs = [fold_name(each.glob) for each in self._of("attribute")]
        return lambda name: not globs or any(fnmatchcase(name, glob) for glob in globs)

    def _of(self, *kinds: str) -> list[Selector]:
        return [each for each in self.selectors if each.kind in kinds]


def chosen_by(words: tuple[str, ...]) -> Chosen:
    """Read `--target`.

    Raises:
        UsageError: a selector of a kind that reading knows nothing of.
    """
    from ctsync.plan.selection import parse_selector

    selectors = tuple(parse_selector(word) for word in words)
    for selector in selectors:
        if selector.kind not in {*ID_TYPES, "attribute"}:
            raise UsageError(
                f"a read knows nothing of {selector}",
                hint=f"select by attribute, {', '.join(ID_TYPES)}",
            )
    return Chosen(selectors)


def _lines(path: Path) -> list[str]:
    try:
        # Spreadsheets begin with a mark of byte order, which is no part of a key.
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read as a list of keys",
            hint="it is UTF-8 text with one KEY a line",
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _day(text: str | None) -> int:
    from datetime import date

    words = text or ""
    try:
        day = date.fromisoformat(words if _DAY.fullmatch(words) else "")
    except ValueError as error:
        raise UsageError(f"{text} is no day", hint="write it as 2026-11-01") from error
    return int(f"{day:%Y%m%d}")
