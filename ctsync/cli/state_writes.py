"""Commands that write the state and send nothing: show, ask, replace."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from ctsync import __version__
from ctsync.cli.high_water import (
    check_high_water,
    keep_high_water,
    read_high_water,
)
from ctsync.cli.imports.write_spec_files import SpecFiles
from ctsync.cli.project_session import ProjectSession
from ctsync.cli.run_identity import run_identity
from ctsync.cli.terminal.confirm import SEE_FIRST, ask_for_yes, require_someone
from ctsync.cli.terminal.output import print_document, require_format, write_after
from ctsync.diagnostics import Findings

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.model.profile_key import ProfileKey
    from ctsync.model.snapshot import Header, Unanswered
    from ctsync.state import Store
    from ctsync.state.entry_edits import Edit


class WriteOptions(Struct, frozen=True):
    """What the command line says of asking and writing."""

    auto_approve: bool = False
    dry_run: bool = False

    @property
    def asks(self) -> bool:
        """Whether a person has to say yes."""
        return not (self.auto_approve or self.dry_run)


WriteBeside: TypeAlias = "Callable[[SpecFiles], None]"


class StateRewrite(Struct, frozen=True):
    """A new version of the state's entries. `words` say what it does.

    `edits` come sorted by key; `is_whole` says that they are written over the state as
    it was read, though the store would refuse to read it. `ends_plans` says that no
    plan may go on over it: one that was left open would bring back what was forgotten.
    `shown` is printed before a person is asked, `more` and `findings` stand in the
    document, and `exit_code` is that of a command that could not do all. `beside`
    writes files, once it is approved, that take their places with the state; `last` is
    done after that. `head` gives what else the header says then. `unheard_seconds` are
    given where nobody knows any more what was sent until now: so long it may still be
    written, and whoever sends next waits.
    """

    count: int
    words: str
    edits: Callable[[], Iterable[tuple[ProfileKey, Edit]]]
    ends_plans: bool = False
    is_whole: bool = False
    shown: Callable[[], Iterator[str]] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    exit_code: int = 0
    beside: WriteBeside | None = None
    unheard_seconds: float | None = None
    head: Callable[[Header], Header] | None = None
    last: Callable[[], None] | None = None

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        has_more = self.unheard_seconds is not None or self.head is not None
        return bool(self.count) or has_more


def rewrite_state(
    session: ProjectSession,
    make: Callable[[CurrentSnapshot], StateRewrite],
    permission: WriteOptions,
    *,
    read: Callable[[Store], CurrentSnapshot] | None = None,
    looks_first: bool = False,
) -> int:
    """Show what would be written, ask, write it, and say so.

    `read` gives what is known now where the usual way would refuse it. Whether anybody
    is there to answer is seen before all else; where it costs little to make what would
    be written, `looks_first` makes that before, so that its faults are told first.

    Raises:
        StateError, StateLocked: the state cannot be used.
        NotApproved: the person at the prompt did not say yes.
    """
    require_format(session.settings, "text", "json")
    if permission.asks and not looks_first:
        require_someone(SEE_FIRST)
    store = session.store()
    with ExitStack() as stack:
        if not permission.dry_run:
            stack.enter_context(store.lock(run_identity()))
        present = (read or _reader(session, permission))(store)
        new = make(present)
        if not new.is_whole and present.header is not None:
            check_high_water(session, present.header)
        if new.shown is not None and session.settings.format == "text":
            print_document(new.shown())
        if new.writes and permission.asks:
            require_someone(SEE_FIRST)
            ask_for_yes(f"State {store.location}: {new.words}?")
        header = present.header
        if not permission.dry_run:
            header = _carry_out(session, store, present, new)
        written = new.writes and not permission.dry_run
        _report(session, new, header, written=written)
    return new.exit_code


def _carry_out(
    session: ProjectSession, store: Store, present: CurrentSnapshot, new: StateRewrite
) -> Header | None:
    """Write the state if there is something to write, and the files beside it."""
    header = present.header
    with ExitStack() as stack:
        files = SpecFiles(stack)
        if new.beside is not None:
            new.beside(files)
        if new.writes:
            header = _write(store, _next(session, present, new), new, present)
        if new.is_whole:
            store.discard_journal()  # what it added is in what was written
        files.put_in_place()
    # Only now: a mark of what is not written would refuse the state that still stands.
    if new.writes and header is not None:
        keep_high_water(session, header)
    if new.last is not None:
        new.last()
    return header


def _write(
    store: Store, header: Header, new: StateRewrite, present: CurrentSnapshot
) -> Header:
    from ctsync.state.entry_edits import changed_entry

    if new.is_whole:
        return store.replace(header, changed_entry(present.entries(), new.edits()))
    return store.amend(header, new.edits())


def _reader(
    session: ProjectSession, permission: WriteOptions
) -> Callable[[Store], CurrentSnapshot]:
    from ctsync.apply.recover import folded_view, recover

    if permission.dry_run:
        return folded_view
    return partial(recover, history_runs=session.project.history_runs)


def _next(
    session: ProjectSession, present: CurrentSnapshot, new: StateRewrite
) -> Header:
    """Return the header of the next version; without a state, draw its lineage."""
    from ctsync.model.snapshot import Header
    from ctsync.state import check_account

    before = present.header
    check_account(before, session.account, location=session.store().location)
    if before is None:
        before = Header(str(uuid.uuid4()), 0, session.account)
    last_plan = None if new.ends_plans else before.last_plan
    serial = before.serial
    if new.is_whole:
        # What was restored and is doubted goes on after what it went back behind.
        mark = read_high_water(session)
        serial = max(serial, 0 if mark is None else mark.serial)
    after = replace(
        before,
        serial=serial + 1,
        last_plan=last_plan,
        tool_version=__version__,
        unanswered=_unanswered(before, new),
    )
    return after if new.head is None else new.head(after)


def _unanswered(before: Header, new: StateRewrite) -> Unanswered | None:
    """Return until when what was sent before may still be written."""
    if new.unheard_seconds is None:
        return before.unanswered
    from ctsync.cli.clock import machine_clock
    from ctsync.model.snapshot import Unanswered

    clock, known = machine_clock(), before.unanswered
    seconds = max(new.unheard_seconds, 0.0 if known is None else known.timeout_seconds)
    return Unanswered(clock.boot, clock.began, seconds)


def _report(
    session: ProjectSession, new: StateRewrite, header: Header | None, *, written: bool
) -> None:
    serial = 0 if header is None else header.serial
    if session.settings.format == "json":
        from ctsync.render.safe_json import document_text

        write_after([document_text(_document(session, new, serial, written))])
    elif written:
        write_after([f"Done: {new.words}. The state is at serial {serial}.\n"])
    else:
        what = f"Would {new.words}." if new.writes else "Nothing to write."
        write_after([f"{what} The state is at serial {serial}.\n"])


def _document(
    session: ProjectSession,
    new: StateRewrite,
    serial: int,
    written: bool,  # noqa: FBT001
) -> dict[str, Any]:
    from ctsync.render.error_document import document

    name = session.settings.command.replace(" ", ".")
    return document(
        f"ctsync.{name}/1",
        new.exit_code,
        findings=new.findings,
        written=written,
        profiles=new.count,
        serial=serial,
        **new.more,
    )
