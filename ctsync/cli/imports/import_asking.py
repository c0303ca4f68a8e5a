"""Whom `ctsync import api` reads, and reading them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.canonical_json import canonical
from ctsync.cli.imports.import_wish import Chosen, ImportWish
from ctsync.cli.kept_reading import (
    Question,
    kept_reads,
    read_kept,
    read_kept_pages,
)
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import UsageError
from ctsync.model.profile_key import ProfileKey

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.observe.kept_reads import KeptReads
    from ctsync.observe.read_profiles import Reader

Keys = Callable[[], Iterator[ProfileKey]]
"""Gives keys, sorted; may be called again."""


class Asking(Struct, frozen=True):
    """One import from the platform. `declared` gives the keys that the spec names."""

    session: ProjectSession
    present: CurrentSnapshot
    wish: ImportWish
    chosen: Chosen
    declared: Keys
    keeps: bool

    def read(self, stack: ExitStack) -> tuple[KeptReads, int]:
        """Read whoever is meant; give what was read, and how many requests it took.

        Raises:
            UsageError: nobody is meant.
            TransportError: the platform cannot be read.
            Interrupted: a signal asked to end.
        """
        return self._of_keys(stack) if self.wish.event is None else self._pages(stack)

    def _of_keys(self, stack: ExitStack) -> tuple[KeptReads, int]:
        keys = self._keys()
        digest, total = hashlib.sha256(), 0
        for total, key in enumerate(keys(), 1):  # noqa: B007 - used after it
            # What was read before answers the same question only if it is of the same
            # people.
            digest.update(canonical([*key]))
        if not total:
            raise self._nobody()
        kept = self._kept({"keys": digest.hexdigest()}, stack)
        asked = (self.session, self.present, kept, keys(), total)
        return kept, read_kept(*asked, takes_sample=False)

    def _nobody(self) -> UsageError:
        if self.chosen.selectors:
            return UsageError("no profile matches --target, so whom to read?")
        return UsageError(
            "the spec names nobody, so whom to read?",
            hint="give KEYs, --keys FILE, or --event NAME --since DAY --until DAY",
        )

    def _keys(self) -> Keys:
        given = self.wish.given_keys(self.session.settings.directory)
        every: Keys = (lambda: iter(given)) if given else self.declared
        return lambda: filter(self.chosen.wants_key, every())

    def _pages(self, stack: ExitStack) -> tuple[KeptReads, int]:
        from ctsync.observe.read_pages import read_pages

        pages = self.wish.pages()
        days = {"since": pages.since, "until": pages.until}
        kept = self._kept({"event": pages.event, **days}, stack)

        def read(reader: Reader) -> Iterator[int]:
            for page in read_pages(reader, pages, kept.cursor):
                kept.note_page(page.readings, page.cursor)
                yield len(page.readings)

        return kept, read_kept_pages(self.session, self.present, kept, read)

    def _kept(self, words: dict[str, object], stack: ExitStack) -> KeptReads:
        asked = {"command": "import", **words}
        question = Question(asked, keeps=self.keeps, anew=self.wish.anew)
        return kept_reads(self.session, self.present, question, stack)
