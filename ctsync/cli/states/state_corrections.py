"""What `ctsync state forget` and `ctsync state doubt` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.errors import UsageError
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ProfileKey, parse_key

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.state.entry_edits import Edit as StateEdit

Edit = Callable[[Entry], Entry | None]


class DoubtOptions(Struct, frozen=True):
    """What `state doubt` is asked to mark."""

    keys: tuple[str, ...] = ()
    attribute: str | None = None
    plan: Path | None = None
    everything: bool = False


def forget_entries(
    settings: GlobalOptions,
    words: tuple[str, ...],
    attribute: str | None,
    permission: WriteOptions,
) -> int:
    """Drop profiles, or one attribute, from the state."""
    from ctsync.state.entry_edits import forget_attribute

    _require_one(bool(words), attribute is not None)
    keys = {parse_key(word) for word in words}

    def edit(entry: Entry) -> Entry | None:
        if attribute is not None:
            return forget_attribute(entry, fold_name(attribute))
        return None if entry.key in keys else entry

    what = f"attribute {attribute} of" if attribute is not None else ""
    verb = f"forget {what}".strip()
    return _edit(settings, edit, keys, verb, permission, ends_plans=True)


def doubt_entries(
    settings: GlobalOptions, doubted: DoubtOptions, permission: WriteOptions
) -> int:
    """Mark values uncertain."""
    from ctsync.state.entry_edits import doubt_entry

    given = (doubted.keys, doubted.attribute, doubted.plan, doubted.everything)
    _require_one(*map(bool, given))
    keys = {parse_key(word) for word in doubted.keys}
    touched = _touched(settings, doubted.plan)
    attribute = doubted.attribute and {fold_name(doubted.attribute)}

    def edit(entry: Entry) -> Entry | None:
        if doubted.everything or entry.key in keys:
            return doubt_entry(entry)
        if attribute:
            return doubt_entry(entry, attribute)
        return doubt_entry(entry, touched.get(entry.key, frozenset()))

    return _edit(
        settings,
        edit,
        keys,
        "doubt values of",
        permission,
        accepts_edits=doubted.everything,
    )


def _require_one(*given: bool) -> None:
    if sum(given) != 1:
        raise UsageError(
            "say what is meant: keys, or one of the options, not several",
            hint="a KEY is an identity, or objectId=VALUE; --help names the options",
        )


def _touched(
    settings: GlobalOptions, path: Path | None
) -> dict[ProfileKey, frozenset[str]]:
    if path is None:
        return {}
    from ctsync.plan.document.plan_file import open_plan

    with open_plan(settings.directory / path) as plan:
        return {
            change.key: frozenset(fold_name(op.attribute) for op in change.operations)
            for change in plan.changes()
        }


def _edit(
    settings: GlobalOptions,
    edit: Edit,
    keys: set[ProfileKey],
    verb: str,
    permission: WriteOptions,
    *,
    accepts_edits: bool = False,
    ends_plans: bool = False,
) -> int:
    from ctsync.apply.recover import edited_view
    from ctsync.counted import counted

    session = open_session(settings)

    def rewrite(present: CurrentSnapshot) -> StateRewrite:
        _require_known(session, keys, present)
        count = sum(1 for _ in _edits(present, keys, edit))
        return StateRewrite(
            count=count,
            words=f"{verb} {counted(count, 'profile')}",
            edits=lambda: _edits(present, keys, edit),
            ends_plans=ends_plans,
            is_whole=accepts_edits,
            unheard_seconds=_unheard(session, present) if accepts_edits else None,
        )

    read = edited_view if accepts_edits else None
    return rewrite_state(session, rewrite, permission, read=read)


def _unheard(session: ProjectSession, present: CurrentSnapshot) -> float | None:
    """Return how long calls may still be written of which nobody kept a journal.

    Whoever doubts everything may have moved a journal away, and what it told of.
    """
    return None if present.header is None else session.project.upload.timeout_seconds


def _edits(
    present: CurrentSnapshot, keys: set[ProfileKey], edit: Edit
) -> Iterator[tuple[ProfileKey, StateEdit]]:
    """Yield an edit for each entry that `edit` would change."""
    from ctsync.state.entry_edits import put_instead

    found = present.pick(sorted(keys)) if keys else present.entries()
    for entry in found:
        after = edit(entry)
        if after is not entry:
            yield entry.key, put_instead(after)


def _require_known(
    session: ProjectSession, keys: set[ProfileKey], present: CurrentSnapshot
) -> None:
    missing = keys.difference(entry.key for entry in present.pick(sorted(keys)))
    if missing:
        mask = session.beside(present.header).mask(present.base.lineage)
        raise UsageError(
            f"the state does not know {', '.join(map(mask.key_text, sorted(missing)))}",
            hint='see "ctsync state list"; an objectId is written objectId=VALUE',
        )
