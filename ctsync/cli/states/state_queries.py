"""What `ctsync state list` and `show` do."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctsync.cli.due_imports import waits_of
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session, sensitivity
from ctsync.cli.terminal.output import print_document, require_format
from ctsync.errors import UsageError
from ctsync.model.entry import Entry, cohorts_in
from ctsync.model.profile_key import ID_TYPES, parse_key
from ctsync.model.snapshot import Header

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.model.masking import Mask
    from ctsync.plan.selection import Selector

_KINDS = (*ID_TYPES, "attribute", "cohort")


def list_entries(
    settings: GlobalOptions, targets: tuple[str, ...], *, undeclared: bool = False
) -> int:
    """List the profiles that the state knows, or those of them that no place names.

    Raises:
        SpecError: which they are is not known, since the project has errors.
    """
    from ctsync.apply.recover import folded_view
    from ctsync.render.state_entries import LISTINGS

    require_format(settings, *LISTINGS)
    session = open_session(settings)
    present = folded_view(session.store())
    session = session.beside(present.header)
    mask = session.mask(present.base.lineage)
    selectors = _selectors(present, targets, mask)
    found = _undeclared(session, present) if undeclared else present.entries()
    entries = (entry for entry in found if _is_chosen(entry, selectors))
    print_document(
        LISTINGS[settings.format](_shown(session, present.header), entries, mask)
    )
    return 0


def _shown(session: ProjectSession, header: Header | None) -> Header | None:
    """Return a header without what variables have given."""
    words = session.project.account_words
    if header is None or words is None or session.settings.sandbox:
        return header
    return replace(header, account=words.shown_of(header.account).shown)


def _undeclared(session: ProjectSession, present: CurrentSnapshot) -> Iterator[Entry]:
    """Return the entries that no place names, once the whole project is judged.

    A file that cannot be read would name nobody.
    """
    for _ in _unnamed(session, present):
        pass
    return _unnamed(session, present)


def _unnamed(session: ProjectSession, present: CurrentSnapshot) -> Iterator[Entry]:
    from ctsync.cli.plan_options import planner_for
    from ctsync.plan.selection import Selection

    planner = planner_for(session, present, Selection())
    planner.sees_undeclared = True
    for candidate, _ in planner.plan_profiles(present.entries(), present.columns):
        entry = candidate.entry
        if entry is not None and not (entry.gone or candidate.contributions):
            yield entry
    planner.refuse_errors()


def show_entry(settings: GlobalOptions, word: str) -> int:
    """Show what the state knows of one profile."""
    from ctsync.apply.recover import folded_view
    from ctsync.render.state_entries import entry_json, entry_text

    require_format(settings, "text", "json")
    session = open_session(settings)
    present = folded_view(session.store())
    session = session.beside(present.header)
    entry = find_entry(present, word)
    mask = session.mask(present.base.lineage)
    if entry is None:
        raise UsageError(
            f"the state does not know {mask.key_text(parse_key(word))}",
            hint='see "ctsync state list"; an objectId is written objectId=VALUE',
        )
    render = entry_json if settings.format == "json" else entry_text
    waits = waits_of(present.header)
    print_document(render(entry, mask, sensitivity(session), waits))
    return 0


def find_entry(present: CurrentSnapshot, word: str) -> Entry | None:
    """Return the entry of a key, if there is one."""
    return next(present.pick([parse_key(word)]), None)


def _selectors(
    present: CurrentSnapshot, words: tuple[str, ...], mask: Mask
) -> list[Selector]:
    """Read selectors; refuse those that a state cannot know or does not hold."""
    from ctsync.plan.selection import Selection, parse_selector

    selectors = [parse_selector(word) for word in words]
    for selector in selectors:
        if selector.kind not in _KINDS:
            raise UsageError(
                f"the state knows nothing of {selector}",
                hint="select by identity, FBID, GPID, objectId, attribute or cohort",
            )
    selection = Selection(selectors)
    for entry in present.entries() if selectors else ():
        selection.profile_seen(entry.key, entry)
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
        yield from cohorts_in(entry.cohorts)
    elif entry.key.type == selector.kind:
        yield entry.key.id
