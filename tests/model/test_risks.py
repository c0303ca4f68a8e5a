"""What is risky about a change: opt-ins first, and nothing that is no risk."""

import pytest

from ctsync.model.change import Change
from ctsync.model.change_statistics import TRAITS, risk_of, traits_of
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey

KEY = ProfileKey("identity", "u1")


def deleting(prior, action):
    gone = Operation("Gender", "string", "$delete", 1, prior, "M" if prior else None)
    return Change(KEY, action, (gone,))


@pytest.mark.parametrize(
    ("prior", "action", "is_risk"),
    [
        ("unknown", "create", False),
        ("unknown", "update", True),
        ("known", "update", True),
        ("uncertain", "create", True),
    ],
)
def test_deleting_what_nobody_knows_of_a_new_profile_is_no_loss(prior, action, is_risk):
    change = deleting(prior, action)
    assert change.removes == is_risk
    named = {TRAITS[bit] for bit in range(8) if traits_of(change) >> bit & 1}
    assert ("removals" in named) == is_risk


def test_an_opt_in_is_riskier_than_anything_else():
    operations = (
        Operation("Gender", "string", "$delete", 1, "known", "M"),
        Operation("MSG-email", "boolean", "set", operand=True, prior="known"),
    )
    change = Change(KEY, "update", operations, opt_in=True, locked=("Gender",))
    assert TRAITS[risk_of(traits_of(change))] == "opt-ins"
