"""What `ctsync explain` does."""

from __future__ import annotations

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.plan_options import planner_for
from ctsync.cli.project_session import open_session, sensitivity
from ctsync.cli.terminal.output import has_colour, print_document, require_format
from ctsync.errors import UsageError
from ctsync.model.profile_key import parse_key


def explain(settings: GlobalOptions, word: str) -> int:
    """Print sources, desired, snapshot, operations and records of one profile."""
    from ctsync.apply.recover import folded_view
    from ctsync.cli.states.profile_history import past_of
    from ctsync.plan.explain import explain_key
    from ctsync.plan.selection import Selection
    from ctsync.render.explain_json import explained_json
    from ctsync.render.explain_text import explained_text
    from ctsync.render.plan_view import Style

    require_format(settings, "text", "json")
    session = open_session(settings)
    present = folded_view(session.store())
    session = session.beside(present.header)
    planner = planner_for(session, present, Selection())
    key = parse_key(word)
    past = past_of(session.store(), key, sensitivity(session))
    explanation = explain_key(planner, key, present.pick([key]), past)
    if explanation is None:
        raise UsageError(
            f"neither the spec nor the state knows {planner.mask.key_text(key)}",
            hint='an objectId is written objectId=VALUE; see "ctsync state list"',
        )
    told = (explanation, planner.mask, planner.findings, sensitivity(session))
    if settings.format == "json":
        print_document([explained_json(*told)])
    else:
        style = Style(colour=has_colour(settings), verbose=settings.verbose > 0)
        print_document(explained_text(*told, style))
    return 0
