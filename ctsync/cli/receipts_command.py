"""What `ctsync receipts` does: read reports, show, ask, settle the state by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.diagnostics import Diagnostic, Findings

if TYPE_CHECKING:
    from ctsync.apply.import_reports import NamedRows
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.apply.settle_imports import Settlement
    from ctsync.model.due_import import DueImport
    from ctsync.model.entry import Entry, KnownValue
    from ctsync.model.masking import Mask
    from ctsync.model.profile_key import ProfileKey
    from ctsync.model.snapshot import Header
    from ctsync.state.entry_edits import Edit

LISTED = 100


class ReceiptsWish(Struct, frozen=True):
    """What the command line asks of `receipts`."""

    place: Path
    all_others_accepted: bool = False


def settle_receipts(
    settings: GlobalOptions, wish: ReceiptsWish, permission: WriteOptions
) -> int:
    """Settle what was sent in files by what the platform tells; give the exit code."""
    from ctsync.apply.import_reports import NamedRows

    session = open_session(settings)
    with ExitStack() as stack:
        named = stack.enter_context(closing(NamedRows()))
        settle = partial(_rewrite, session, wish, named)
        return rewrite_state(session, settle, permission, looks_first=True)


def _rewrite(
    session: ProjectSession,
    wish: ReceiptsWish,
    named: NamedRows,
    present: CurrentSnapshot,
) -> StateRewrite:
    """Return what reports make of the state; they are read, and judged as a whole."""
    from ctsync.apply.import_reports import read_reports
    from ctsync.apply.settle_imports import ImportSettler, Settlement
    from ctsync.channels import CHANNELS
    from ctsync.channels.base import ChannelSettings
    from ctsync.render.diagnostics_text import findings_text
    from ctsync.state import check_account

    location = session.store().location
    check_account(present.header, session.account, location=location)
    imports = () if present.header is None else present.header.imports
    place = session.settings.directory / wish.place
    read_reports(place, imports, named)
    accepted = _accepted(place, wish, named, present)
    channel = CHANNELS["sftp"](ChannelSettings(session.project.timezone))
    rejected = _Rejected(session.beside(present.header).mask(present.base.lineage))
    settler = ImportSettler(imports, named, channel, accepted, rejected.add)
    found = Settlement()
    for _ in settler.edits(present, found):
        pass
    again = ImportSettler(imports, named, channel, accepted)
    unheard = {
        name: found.acknowledged[name] for name in accepted - named.counts.keys()
    }
    findings = Findings(_unheard(name, unheard[name]) for name in sorted(unheard))

    def edits() -> Iterator[tuple[ProfileKey, Edit]]:
        return again.edits(present, Settlement())

    names = sorted({*named.counts, *accepted})
    is_news = bool(named.reports or accepted)
    return StateRewrite(
        count=found.profiles,
        words=_words(found, sum(unheard.values())),
        edits=edits,
        shown=lambda: findings_text(findings),
        findings=findings,
        head=partial(_with_told, named, accepted, found) if is_news else None,
        more={
            "files": [_file_json(name, named, found) for name in names],
            "rejected": rejected.listed,
        },
        exit_code=_exit_code(found, names),
    )


def _accepted(
    place: Path, wish: ReceiptsWish, named: NamedRows, present: CurrentSnapshot
) -> frozenset[str]:
    """Return of which files all is acknowledged that no report names.

    That is said of those that reports are of; of a folder, of every file that was put.
    """
    if not wish.all_others_accepted or present.header is None:
        return frozenset()
    if not place.is_dir():
        return frozenset(named.counts)
    put = (d.file.name for d in present.header.imports if d.standing == "put")
    return frozenset((*named.counts, *put))


def _with_told(
    named: NamedRows, accepted: frozenset[str], found: Settlement, header: Header
) -> Header:
    """Return the header once reports were read: nobody waits for what is settled."""
    over = {n for n in {*accepted, *named.refused} if not found.due[n]}

    def after(due: DueImport) -> DueImport:
        name = due.file.name
        reports = {*due.reports, *named.reports.get(name, ())}
        standing = "told" if name in over else due.standing
        return replace(due, reports=tuple(sorted(reports)), standing=standing)

    return replace(header, imports=tuple(map(after, header.imports)))


def _words(found: Settlement, unheard: int) -> str:
    from ctsync.counted import counted

    values = found.acknowledged.total() + found.rejected.total()
    by_silence = f" ({unheard:,} of them though no report came)" if unheard else ""
    return (
        f"settle {counted(values, 'value')} of {counted(found.profiles, 'profile')}: "
        f"{found.acknowledged.total():,} acknowledged{by_silence}, "
        f"{found.rejected.total():,} rejected, {found.due.total():,} still due"
    )


def _unheard(name: str, values: int) -> Diagnostic:
    """Return the warning that silence is taken for consent."""
    from ctsync.counted import counted

    return Diagnostic(
        "warning",
        "CT824",
        f"no report is of {name}: what it sends ({counted(values, 'value')}) is taken "
        "for acknowledged, though the import may fail, or be still to come",
        'see on the dashboard that it was imported, or let "ctsync refresh" look',
    )


def _file_json(name: str, named: NamedRows, found: Settlement) -> dict[str, Any]:
    return {
        "file": name,
        "rows": named.counts.get(name, 0),
        "read_before": name in named.before,
        "settled_before": found.before[name],
        "acknowledged": found.acknowledged[name],
        "rejected": found.rejected[name],
        "due": found.due[name],
    }


def _exit_code(found: Settlement, names: list[str]) -> int:
    is_open = any(found.rejected[name] or found.due[name] for name in names)
    return 3 if is_open else 0


class _Rejected:
    """The first of the values that were rejected, as the document lists them."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self.listed: list[dict[str, Any]] = []

    def add(self, entry: Entry, known: KnownValue) -> None:
        """Take in a value."""
        if len(self.listed) < LISTED:
            key = self._mask.key_json(entry.key)
            self.listed.append({"key": key, "attribute": known.name})
