"""What a plan says of a profile beside its operations, and how it names it."""

import pytest

from ctsync.engines.base import Candidate
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.profile.plan_notices import plan_notices
from ctsync.plan.profile.planned_profile import PlannedProfile

MASK = Mask("0" * 32, all_identities=True)
KEY = ProfileKey("identity", "anna")


@pytest.mark.parametrize(
    ("origin", "key", "file"),
    [
        (None, {"identity": MASK.key_text(KEY), "masked": True}, None),
        (Origin("a.yaml", 3), {"identity": "a.yaml:3", "masked": True}, "a.yaml"),
    ],
)
def test_a_note_names_a_profile_by_where_it_stands_or_by_no_more_than_a_digest(
    project_view, origin, key, file
):
    """Of who stands nowhere any more there is no place to name."""
    place = () if origin is None else (Contribution(KEY, origin, b"", dict),)
    built = PlannedProfile(stuck=["Plan"])
    found = plan_notices(Candidate(KEY, place), built, {}, project_view(), MASK)
    (note,) = found
    assert (note.code, note.severity, note.file) == ("CT403", "warning", file)
    assert note.key == key
