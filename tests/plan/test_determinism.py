"""Same inputs, same bytes."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import ctsync

SCRIPT = """
import sys, tempfile

sys.path.insert(0, sys.argv[1])
import conftest as ground
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.profile_key import ProfileKey
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner

project = ground.FakeGround(undeclared="remove", limits={"opt_in": "99"})
for number in range(20):
    words = {
        "Tags": {"include": list("fedcba"), "exclude": ["x", "y", "z"]},
        "Plan": "Gold", "MSG-email": True, "Name": None,
    }
    project.says(f"u{number}", words)
    project.says(f"u{number}", {"Tags": {"include": ["g"]}}, file="b.yaml")
project.cohort("vip", ["u1", "u2"], {"Tier": "VIP"})
known = {
    "tags": KnownValue(
        "Tags", "list", owned=True, present=("b", "q", "x"), ours=("q",)
    ),
    "team": KnownValue("Team", "list", owned=True, present=("m", "n", "o")),
    "name": KnownValue("Name", "string", "Jack"),
}
keys = [ProfileKey("identity", f"u{n}") for n in range(9)]
entries = [Entry(key, known, ("gone", "vip")) for key in keys]
entries.sort(key=lambda entry: entry.key)
head = PlanHead(ground.ACCOUNT, ground.BASE)
with tempfile.TemporaryFile() as file:
    plan = make_plan(Planner(project, project, Mask("0")), head, entries, file)
    file.seek(0)
    sys.stdout.buffer.write(file.read())
"""


def planned_under(seed: int) -> bytes:
    root = Path(ctsync.__file__).parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    return subprocess.run(
        command, capture_output=True, check=True, env=environment
    ).stdout


def test_the_hash_seed_changes_no_byte():
    plans = {planned_under(seed) for seed in (0, 1, 42)}
    assert len(plans) == 1
    assert b'"change"' in plans.pop()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_contributions_changes_no_byte(project_view, plan, entry, seed):
    project = project_view(limits={"opt_in": "99"})
    for number in range(12):
        key = f"u{number}"
        project.says(key, {"Plan": "Gold", "Tags": {"include": ["b"]}}, file="a.yaml")
        project.says(key, {"Plan": "Gold", "Tags": {"include": ["a"]}}, file="b.yaml")
        project.says(key, {"MSG-email": True}, file="c.csv", line=None, row=number)
    known = [entry(f"u{n}", attributes={"Plan": "Free"}) for n in range(4)]
    first = plan(project, *known).bytes()
    random.Random(seed).shuffle(project.places)
    assert plan(project, *known).bytes() == first


def test_the_order_of_attributes_in_a_place_changes_no_byte(project_view, plan):
    words = {"Plan": "Gold", "Tags": ["b", "a"], "Team": "x", "plain": 1}
    backwards = dict(reversed(words.items()))
    backwards["Tags"] = ["a", "b", "a"]
    first = plan(project_view().says("u1", words))
    second = plan(project_view().says("u1", backwards))
    assert first.changes[0].operations == second.changes[0].operations
    assert first.digest == second.digest


def test_planning_twice_gives_the_same_bytes(project_view, plan):
    def made():
        return plan(project_view().says("u1", {"Plan": "Gold"})).bytes()

    assert made() == made()
