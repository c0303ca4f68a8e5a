"""What `ctsync state list`, `show` and `copy` do."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctsync.cli.options import Settings
from ctsync.cli.output import require_format, write
from ctsync.cli.session import open_session, sensitivity
from ctsync.errors import UsageError
from ctsync.model.entry import Entry
from ctsync.model.key import ID_TYPES, parse_key

if TYPE_CHECKING:
    from ctsync.apply.recover import Present
    from ctsync.model.mask import Mask
    from ctsync.plan.select import Selector

_KINDS = (*ID_TYPES, "attribute", "cohort")


def list_entries(settings: Settings, targets: tuple[str, ...]) -> int:
    """List the profiles that the state knows."""
    from ctsync.apply.recover import folded_view
    from ctsync.render.known import entries_json, entries_text

    require_format(settings, "text", "json")
    session = open_session(settings)
    present = folded_view(session.store())
    mask = session.mask(present.base.lineage)
    selectors = _selectors(present, targets, mask)
    entries = (e for e in present.entries() if _is_chosen(e, selectors))
    render = entries_json if settings.format == "json" else entries_text
    write(render(present.header, entries, mask))
    return 0


def show_entry(settings: Settings, word: str) -> int:
    """Show what the state knows of one profile."""
    from ctsync.apply.recover import folded_view
    from ctsync.render.known import entry_json, entry_text

    require_format(settings, "text", "json")
    session = open_session(settings)
    present = folded_view(session.store())
    entry = find_entry(present, word)
    if entry is None:
        raise UsageError(
            "the state does not know this profile",
            hint='see "ctsync state list"; an objectId is written objectId=VALUE',
        )
    render = entry_json if settings.format == "json" else entry_text
    mask = session.mask(present.base.lineage)
    write(render(entry, mask, sensitivity(session)))
    return 0


def find_entry(present: Present, word: str) -> Entry | None:
    """Give the entry of a key, if there is one."""
    return next(present.pick([parse_key(word)]), None)


def _selectors(present: Present, words: tuple[str, ...], mask: Mask) -> list[Selector]:
    """Read selectors; refuse those that a state cannot know or does not hold."""
    from ctsync.plan.select import Selection, parse_selector

    selectors = [parse_selector(word) for word in words]
    for selector in selectors:
        if selector.kind not in _KINDS:
            raise UsageError(
                f"the state knows nothing of {selector}",
                hint="select by identity, FBID, GPID, objectId, attribute or cohort",
            )
    selection = Selection(selectors)
    for entry in present.entries() if selectors else ():
        selection.meet_profile(entry.key, entry)
    selection.check(mask)
    return selectors


def _is_chosen(entry: Entry, selectors: list[Selector]) -> bool:
    kinds = {selector.kind for selector in selectors}
    return all(
        any(_matches(entry, s) for s in selectors if s.kind == kind) for kind in kinds
    )


def _matches(entry: Entry, selector: Selector) -> bool:
    return any(fnmatchcase(name, selector.glob) for name in _names(entry, selector))


def _names(entry: Entry, selector: Selector) -> Iterator[str]:
    if selector.kind == "attribute":
        yield from (known.name for known in entry.attributes.values())
    elif selector.kind == "cohort":
        yield from entry.cohorts
    elif entry.key.type == selector.kind:
        yield entry.key.id
