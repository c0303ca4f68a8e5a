"""What a plan says of a profile besides its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctsync.canonical_json import fold_name
from ctsync.diagnostic_codes import severity_of
from ctsync.diagnostics import Diagnostic
from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.masking import Mask
from ctsync.plan.findings.value_diagnostics import Place, position_of
from ctsync.plan.profile.merge_contributions import SourcedValue
from ctsync.plan.profile.planned_profile import PlannedProfile
from ctsync.project.project import Project

_NOTES: Mapping[str, tuple[str, str]] = {
    "CT401": (
        "{attribute} is locked, and the snapshot holds another value",
        "put the known value back, or change write: in the catalog if this is meant",
    ),
    "CT403": (
        "{attribute} left the spec, and the upload API cannot remove it",
        "it is released, and stays there; channels: {removals: sftp} has it deleted",
    ),
    "CT404": (
        "{attribute} was written once and is not sent again",
        "nothing to do; the declared value differs from the one written",
    ),
}


def plan_notices(
    candidate: Candidate,
    built: PlannedProfile,
    places: Mapping[str, SourcedValue],
    project_view: Project,
    mask: Mask,
) -> Iterator[Diagnostic]:
    """Yield notes on locked, unremovable and once-written attributes."""
    said = (("CT401", built.locked), ("CT403", built.stuck), ("CT404", built.held))
    for code, attributes in said:
        for attribute in attributes:
            place = place_of(candidate, places.get(fold_name(attribute)))
            yield _note(code, attribute, place, project_view, mask)


def place_of(candidate: Candidate, found: SourcedValue | None) -> Place:
    """Return the best place to name for an attribute of a candidate."""
    if found is not None:
        return found.place._replace(key=candidate.key)
    if candidate.contributions:
        first = candidate.contributions[0]
        return Place(first.origin, first.path, candidate.key)
    return Place(Origin(""), (), candidate.key)


def _note(
    code: str, attribute: str, place: Place, project_view: Project, mask: Mask
) -> Diagnostic:
    message, hint = _NOTES[code]
    file = place.origin.file or None
    line, column = position_of(project_view, place) if file else (None, None)
    return Diagnostic(
        severity_of(code),
        code,
        message.format(attribute=attribute),
        hint,
        file=file,
        line=line,
        column=column,
        row=place.origin.row,
        key=place.key and mask.key_at(place.key, place.origin if file else None),
        attribute=attribute,
    )
