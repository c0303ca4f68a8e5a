"""What `ctsync refresh` does: read, show, ask, write what was seen into the state."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.output import has_colour
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.read_platform import choice_of, survey_known
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.model.drift import ReadCounts
    from ctsync.observe.survey_reads import ReadSurvey


def refresh_state(
    settings: GlobalOptions,
    words: tuple[str, ...],
    sample: int | None,
    permission: WriteOptions,
) -> int:
    """Read the known profiles and write what was seen; give the exit code."""
    session = open_session(settings)
    with ExitStack() as stack:

        def rewrite(present: CurrentSnapshot) -> StateRewrite:
            choice = choice_of(session, present, words, sample)
            survey = survey_known(session, present, choice, stack, keeps=True)
            return _rewrite(session, present, survey)

        return rewrite_state(session, rewrite, permission)


def _rewrite(
    session: ProjectSession, present: CurrentSnapshot, survey: ReadSurvey
) -> StateRewrite:
    from ctsync.cli.drift_command import view_of
    from ctsync.render.drift import counts_json, render_drift
    from ctsync.render.plan_view import Style
    from ctsync.render.summary_text import counted

    counts, settings = survey.counts, session.settings
    view = view_of(session, present, survey, 0)
    style = Style(colour=has_colour(settings), verbose=settings.verbose > 0)
    return StateRewrite(
        count=survey.changed,
        words=f"write what was seen of {counted(survey.changed, 'profile')}: "
        f"{counts.drifted} drifted, {counts.gone} gone, "
        f"{counted(counts.settled, 'uncertain value')} settled",
        edits=survey.edits,
        shown=lambda: render_drift("text", view, style),
        more={"drift": counts.has_drift, **counts_json(view)},
        findings=survey.findings,
        exit_code=_exit_code(counts),
    )


def _exit_code(counts: ReadCounts) -> int:
    if counts.signal_number is not None:
        return 128 + counts.signal_number
    return 3 if counts.failed else 0
