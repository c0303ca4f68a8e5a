"""What `ctsync explain` does."""

from __future__ import annotations

from ctsync.cli.options import Settings
from ctsync.cli.output import has_colour, require_format, write
from ctsync.cli.planning import weigher_for
from ctsync.cli.session import open_session, sensitivity
from ctsync.errors import UsageError
from ctsync.model.key import parse_key


def explain(settings: Settings, word: str) -> int:
    """Print sources, desired, snapshot, operations and records of one profile."""
    from ctsync.apply.recover import folded_view
    from ctsync.plan.explain import explain_key
    from ctsync.plan.select import Selection
    from ctsync.render.explained import explained_json, explained_text
    from ctsync.render.view import Style

    require_format(settings, "text", "json")
    session = open_session(settings)
    present = folded_view(session.store())
    weigher = weigher_for(session, present, Selection())
    key = parse_key(word)
    explanation = explain_key(weigher, key, present.pick([key]))
    if explanation is None:
        raise UsageError(
            "neither the spec nor the state knows this profile",
            hint='an objectId is written objectId=VALUE; see "ctsync state list"',
        )
    told = (explanation, weigher.mask, weigher.findings, sensitivity(session))
    if settings.format == "json":
        write([explained_json(*told)])
    else:
        style = Style(colour=has_colour(settings), verbose=settings.verbose > 0)
        write(explained_text(*told, style))
    return 0
