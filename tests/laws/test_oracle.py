"""DeepDiff as the oracle: what a plan touches is what differs, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import fold_name
from ctsync.engines.base import Candidate
from ctsync.kinds import KINDS
from ctsync.model.attribute import Attribute
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.profile.diff_profile import build_change
from ctsync.plan.profile.planned_profile import DesiredProfile

law = settings(deadline=None, max_examples=30)
NAMES = {f"Attribute {name}": name for name in sorted(KINDS)}


def complete(target):
    """Make a part of a list a whole one, and a removal a value that is not there."""
    return target.kind != "list" or target.exact is not None


def normal_form(target):
    return target.value if target.kind != "list" else list(target.exact)


def known_of(name, target):
    if target.kind == "list":
        return KnownValue(name, "list", present=target.exact, complete=True, owned=True)
    return KnownValue(name, target.kind, target.value, owned=True)


@law
@given(data=st.data())
def test_the_attributes_touched_are_those_that_deepdiff_reports(lab, data):
    from deepdiff import DeepDiff

    sides = []
    for _ in range(2):
        drawn = {
            name: data.draw(lab.targets_for(KINDS[kind]).filter(complete))
            for name, kind in NAMES.items()
        }
        sides.append({n: lab.replace(t, attribute=n) for n, t in drawn.items()})
    before, after = sides
    entry = Entry(
        ProfileKey("identity", "u1"),
        {fold_name(name): known_of(name, target) for name, target in before.items()},
    )
    built = build_change(
        Candidate(entry.key, (), entry, "f" * 32),
        DesiredProfile({fold_name(name): target for name, target in after.items()}),
        lab.FRAME,
        Attribute,
    )
    operations = built.change.operations if built.change is not None else ()
    oracle = DeepDiff(
        {name: normal_form(target) for name, target in before.items()},
        {name: normal_form(target) for name, target in after.items()},
        ignore_order=True,
    )
    assert {op.attribute for op in operations} == set(oracle.affected_root_keys)
    assert not built.faults
