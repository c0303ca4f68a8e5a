"""Making a plan from the command line's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctsync.cli.due_imports import waits_of
from ctsync.cli.project_session import ProjectSession
from ctsync.errors import UsageError
from ctsync.model.policy import LIMITS, REVEAL

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.cli.plan_refresh import Refresh
    from ctsync.model.plan import PlanHead
    from ctsync.plan.document.plan_file import SavedPlan
    from ctsync.plan.planner import Planner
    from ctsync.plan.selection import Selection


_ACCEPTED = (*LIMITS, REVEAL)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the command line asks of a plan."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    engine: str | None = None
    revert: str | None = None
    accepted: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "accepted", parse_accepts(self.accepts))


def parse_accepts(words: Iterable[str]) -> dict[str, int]:
    """Read `--accept K=N` options.

    Raises:
        UsageError: no such limit, or no number.
    """
    accepted: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if name not in _ACCEPTED or not (number.isascii() and number.isdigit()):
            raise UsageError(
                f"--accept {word} names no limit and its number",
                hint=f"write LIMIT=N as in --accept update=412; LIMIT is one of "
                f"{', '.join(_ACCEPTED)}",
            )
        accepted[name] = int(number)
    return accepted


def plan_now(
    session: ProjectSession,
    present: CurrentSnapshot,
    wish: PlanOptions,
    refresh: Refresh | None = None,
) -> SavedPlan:
    """Make the plan of a project against what is known now, or was just read.

    Raises:
        SpecError: the project has errors.
        StateError: the state is another account's.
        UsageError: a selector or an option means nothing.
        CtsyncError: there is no room for the plan.
    """
    from ctsync.plan.document.plan_file import room_for_plan, scratch_file
    from ctsync.plan.make_plan import make_plan
    from ctsync.plan.route_bulk import by_its_size

    planner = planner_for(session, present, selection_of(wish), wish.engine)
    head = _head(session, present, wish)
    columns = present.columns
    if refresh is not None:
        present, columns = refresh.view(present), None
        planner.engine = refresh.unsettling(planner.engine)
        head = replace(head, refreshed=refresh.counts)
    with room_for_plan():
        if wish.revert is not None:
            plan = _revert_now(session, present, planner, head, wish.revert)
        else:
            entries = present.entries()
            plan = make_plan(planner, head, entries, scratch_file(), columns)
        return by_its_size(plan, session.project.channels, scratch_file)


def _revert_now(
    session: ProjectSession,
    present: CurrentSnapshot,
    planner: Planner,
    head: PlanHead,
    word: str,
) -> SavedPlan:
    """Make the plan that undoes a run.

    Raises:
        UsageError: there is no such run of this state.
    """
    from msgspec.structs import replace

    from ctsync.cli.states.state_history import changes_in, find_run, run_of
    from ctsync.plan.document.plan_file import scratch_file
    from ctsync.plan.make_revert import RevertSource, make_revert

    record = find_run(session.store(), word)
    run = run_of(record)
    if run.lineage != present.base.lineage:
        raise UsageError(
            f"run {run.run} was of another state than this one",
            hint='see "ctsync state history"',
        )
    source = RevertSource(changes_in(record), present)
    return make_revert(planner, replace(head, revert=run.run), source, scratch_file())


def planner_for(
    session: ProjectSession,
    present: CurrentSnapshot,
    selection: Selection,
    engine: str | None = None,
) -> Planner:
    """Return the weigher of a project, with what loading it has found.

    Without the name of an engine it is chosen by size.

    Raises:
        StateError: the state is another account's.
    """
    from ctsync.engines import choose_engine
    from ctsync.plan.planner import Planner
    from ctsync.state import check_account

    location = session.store().location
    check_account(present.header, session.account, location=location)
    session = session.beside(present.header)
    mask = session.mask(present.base.lineage)
    chosen = choose_engine(
        engine,
        entries=present.header.entries if present.header is not None else 0,
        has_columns=present.columns is not None,
        has_rows=any(True for _ in session.sources.row_sources()),
    )
    project = session.project
    return Planner(
        project,
        session.sources,
        mask,
        selection,
        project.findings,
        engine=chosen,
        waits=waits_of(present.header),
    )


def selection_of(wish: PlanOptions) -> Selection:
    """Return the selection that `--target` and `--exclude` ask for."""
    from ctsync.plan.selection import Selection, parse_selector

    return Selection(
        [parse_selector(word) for word in wish.targets],
        [parse_selector(word) for word in wish.excludes],
    )


def _head(
    session: ProjectSession, present: CurrentSnapshot, wish: PlanOptions
) -> PlanHead:
    from ctsync.model.plan import PlanHead

    project = session.beside(present.header).project
    return PlanHead(
        account=session.account,
        base=present.base,
        environment=project.environment,
        project=_project_name(session),
        first_run=present.header is None,
        targets=wish.targets,
        excludes=wish.excludes,
        accepted=wish.accepted,
        passcode_variable=session.passcode_variable,
        notify_host=session.notify_host,
        import_door=session.import_door,
        records_per_call=project.upload.records_per_call,
        hides_identities=project.sensitive_identities,
        timezone=project.timezone,
        sandbox=session.settings.sandbox,
        inputs=project.inputs,
        talks_to=session.talks_to,
        talked_to=present.header.talks_to if present.header is not None else {},
        unmarked=tuple(sorted(project.remembered - session.project.marks)),
    )


def _project_name(session: ProjectSession) -> str:
    """Return the name by which a pipeline finds its comment again.

    In the sandbox every account is the same, so there the project file's words tell.
    """
    project, words = session.project, session.project.account_words
    if project.name is None and session.settings.sandbox and words is not None:
        return f"{session.account.shown.id}-{words.id.text}"
    return project.name or session.account.shown.id


def is_plan_file(path: Path | None, folder: Path) -> bool:
    """Return whether a path names a saved plan rather than a project."""
    if path is None or path.suffix in {".yaml", ".yml"}:
        return False
    return not (folder / path).is_dir()
