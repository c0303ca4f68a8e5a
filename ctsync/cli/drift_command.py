"""What `ctsync drift` does: read, compare, show. It writes nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.read_platform import choice_of, survey_known
from ctsync.cli.terminal.output import has_colour, print_document, require_format

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.model.drift import ReadCounts
    from ctsync.observe.survey_reads import ReadSurvey
    from ctsync.render.drift_view import DriftView


class DriftWish(Struct, frozen=True):
    """What the command line asks of `drift`."""

    keys: tuple[str, ...] = ()
    sample: int | None = None
    detailed_exitcode: bool = False
    show_all: bool = False


def show_drift(settings: GlobalOptions, wish: DriftWish) -> int:
    """Read the platform, show what differs from the state, give the exit code."""
    from ctsync.apply.recover import folded_view
    from ctsync.render.drift import DRIFT_FORMATS, render_drift
    from ctsync.render.plan_view import Style

    require_format(settings, *DRIFT_FORMATS)
    session = open_session(settings)
    present = folded_view(session.store())
    choice = choice_of(session, present, wish.keys, wish.sample)
    with ExitStack() as stack:
        survey = survey_known(session, present, choice, stack)
        code = exit_code_of(survey.counts, detailed=wish.detailed_exitcode)
        view = view_of(session, present, survey, code)
        style = Style(
            colour=has_colour(settings),
            everything=wish.show_all,
            exit_code=code,
            verbose=settings.verbose > 0,
        )
        print_document(render_drift(settings.format, view, style))
    return code


def exit_code_of(counts: ReadCounts, *, detailed: bool) -> int:
    """Give 2 for drift where that is asked for, 1 where not all could be read."""
    if detailed and counts.has_drift:
        return 2
    return 1 if counts.failed else 0


def view_of(
    session: ProjectSession, present: CurrentSnapshot, survey: ReadSurvey, code: int
) -> DriftView:
    """Return what renderings see."""
    from ctsync.render.drift_view import DriftView
    from ctsync.render.error_document import failed_reads

    return DriftView(
        account=session.account.shown,
        base=present.base,
        counts=survey.counts,
        drifts=survey.drifts,
        mask=session.mask(present.base.lineage),
        findings=survey.findings,
        exit_code=code,
        environment=session.project.environment,
        project=session.project.name,
        sandbox=session.settings.sandbox,
        error=failed_reads(survey.counts.failed) if code == 1 else None,
    )
