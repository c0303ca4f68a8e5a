"""What `ctsync refresh` does: read, show, ask, write what was seen into the state."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from ctsync.canonical_json import canonical, sha256
from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.kept_reading import Question, kept_reads, read_kept
from ctsync.cli.project_session import ProjectSession, open_session
from ctsync.cli.read_platform import Choice, choice_of, new_survey
from ctsync.cli.state_writes import StateRewrite, WriteOptions, rewrite_state
from ctsync.cli.terminal.output import has_colour

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.observe.kept_reads import KeptReads
    from ctsync.observe.survey_reads import ReadSurvey


class RefreshWish(Struct, frozen=True):
    """What the command line asks of `refresh`."""

    keys: tuple[str, ...] = ()
    sample: int | None = None
    anew: bool = False


def refresh_state(
    settings: GlobalOptions, wish: RefreshWish, permission: WriteOptions
) -> int:
    """Read the known profiles and write what was seen; give the exit code."""
    session = open_session(settings)
    with ExitStack() as stack:

        def rewrite(present: CurrentSnapshot) -> StateRewrite:
            choice = choice_of(session, present, wish.keys, wish.sample)
            question = Question(
                _words(choice), keeps=not permission.dry_run, anew=wish.anew
            )
            kept = kept_reads(session, present, question, stack)
            survey = _survey(session, present, choice, kept, stack)
            return _rewrite(session, present, survey, kept)

        return rewrite_state(session, rewrite, permission)


def _words(choice: Choice) -> dict[str, object]:
    keys = sha256(*(canonical([*key]) for key in choice.keys)) if choice.keys else None
    return {"command": "refresh", "keys": keys, "sample": choice.sample}


def _survey(
    session: ProjectSession,
    present: CurrentSnapshot,
    choice: Choice,
    kept: KeptReads,
    stack: ExitStack,
) -> ReadSurvey:
    """Read all that was chosen, then look at it; a sample goes on with the same one."""
    survey, began = new_survey(session, present, stack), time.monotonic()
    counts, chance = survey.counts, str(kept.began)
    counts.chosen, entries = choice.of(present, random.Random(chance))  # noqa: S311
    keys = (entry.key for entry in entries)
    total = counts.chosen
    counts.asked = read_kept(session, present, kept, keys, total, takes_sample=True)
    counts.seconds = time.monotonic() - began
    # The same chance draws the same sample, and readings are of its entries in order.
    _, entries = choice.of(present, random.Random(chance))  # noqa: S311 - a sample
    for entry, each in zip(entries, kept.readings(), strict=True):
        survey.add(entry, each)
    survey.close()
    return survey


def _rewrite(
    session: ProjectSession,
    present: CurrentSnapshot,
    survey: ReadSurvey,
    kept: KeptReads,
) -> StateRewrite:
    from ctsync.cli.drift_command import view_of
    from ctsync.counted import counted
    from ctsync.render.drift import counts_json, render_drift
    from ctsync.render.plan_view import Style

    counts, settings = survey.counts, session.settings
    view = view_of(session, present, survey, 0)
    style = Style(colour=has_colour(settings), verbose=settings.verbose > 0)
    return StateRewrite(
        count=survey.changed,
        words=f"write what was seen of {counted(survey.changed, 'profile')}: "
        f"{counts.drifted:,} drifted, {counts.gone:,} gone, "
        f"{counted(counts.settled, 'uncertain value')} settled",
        edits=survey.edits,
        shown=lambda: render_drift("text", view, style),
        more={"drift": counts.has_drift, **counts_json(view)},
        findings=survey.findings,
        exit_code=3 if counts.failed else 0,
        last=kept.discard,
    )
