"""What `ctsync state rename` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.errors import UsageError
from ctsync.model.profile_key import ProfileKey, parse_key

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.model.entry import Entry
    from ctsync.model.masking import Mask
    from ctsync.state.entry_edits import Edit


def rename_entry(
    settings: GlobalOptions, before: str, after: str, permission: WriteOptions
) -> int:
    """Let what is known of one profile stand under another key, after asking."""
    session = open_session(settings)
    keys = parse_key(before), parse_key(after)

    def rewrite(present: CurrentSnapshot) -> StateRewrite:
        mask = session.beside(present.header).mask(present.base.lineage)
        entry = _entry_to_move(present, keys, mask)
        shown = [mask.key_text(key) for key in keys]
        return StateRewrite(
            count=1,
            words=f"rename profile {shown[0]} to {shown[1]}",
            edits=lambda: _edits(entry, keys[1]),
            ends_plans=True,
        )

    return rewrite_state(session, rewrite, permission)


def _entry_to_move(
    present: CurrentSnapshot, keys: tuple[ProfileKey, ProfileKey], mask: Mask
) -> Entry:
    before, after = keys
    if before == after or not after.id:
        raise UsageError("OLD and NEW are to be two keys")
    known = {entry.key: entry for entry in present.pick(sorted(keys))}
    if before not in known:
        raise UsageError(
            f"the state does not know {mask.key_text(before)}",
            hint='see "ctsync state list"; an objectId is written objectId=VALUE',
        )
    if after in known:
        raise UsageError(
            f"the state knows {mask.key_text(after)} already",
            hint='one of the two has to go first: "ctsync state forget KEY"',
        )
    return known[before]


def _edits(entry: Entry, after: ProfileKey) -> Iterator[tuple[ProfileKey, Edit]]:
    from ctsync.state.entry_edits import put_instead

    # The fingerprint is of the former key, and so is what is in a file.
    known = {name: replace(k, due=None) for name, k in entry.attributes.items()}
    moved = replace(entry, key=after, fingerprint=None, attributes=known)
    yield from sorted(
        [(entry.key, put_instead(None)), (after, put_instead(moved))],
        key=lambda edit: edit[0],
    )
