"""Whatever a project holds and however it is edited: with a cache it says the same."""

import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.errors import CtsyncError
from ctsync.model.entry import Entry, entry_line
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.model.stored_entries import StoredEntries
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources
from ctsync.yaml import cache

HEAD = PlanHead(Account("A1", "in1"), Base("0" * 32, 3, "d" * 64))
BASE = """\
version: 1
account: {id: A1, region: in1}
state: state.jsonl
specs: [one.yaml, two.yaml]
"""
SOUND = {
    "names": ["Plan", "Tier", "x-note", "Email", "Likes"],
    "values": ["gold", "'1'", "silver", '"\\u00e9"'],
    "ids": ["u1", "u2", "u3", "é", "'0123'", "Z9"],
    "more": ["", ", x-why: [1]"],
}
FAULTY = {
    "names": ["plan", "M%SG", "TIER", *SOUND["names"]],
    "values": ["1", "true", "yes", "null", "~", "[a, b]", "{include: [c]}", "*one"],
    "ids": ["U2", '" u3"', "''", "~", "[a]", *SOUND["ids"]],
    "more": ["", ", odd: 1"],
}
KINDS = st.sampled_from(["identity", "identity", "identity", "objectId", "FBID"])
GROUPS = st.sampled_from(["", ", subscriptions: {email: {News: true}}"])


@st.composite
def entries(draw, words):
    names, values = st.sampled_from(words["names"]), st.sampled_from(words["values"])
    said = draw(st.dictionaries(names, values, max_size=3))
    attributes = ", ".join(f"{name}: {value}" for name, value in said.items())
    merge = draw(st.sampled_from(["", "<<: *all, "]))
    group, more = draw(GROUPS), draw(st.sampled_from(words["more"]))
    kind, text = draw(KINDS), draw(st.sampled_from(words["ids"]))
    if kind == "objectId" and words is SOUND:
        text = "abc"
    return f"- {{{kind}: {text}, attributes: {{{merge}{attributes}}}{group}{more}}}\n"


@st.composite
def files(draw, words, cohort):
    head = "x-all: &all {Plan: gold}\nx-one: &one [a]\n"
    listed = "".join(draw(st.lists(entries(words), max_size=4)))
    shape = draw(st.sampled_from(["profiles:\n{}", "x-p: &p\n{}profiles: *p\n"]))
    profiles = shape.format(listed) if listed else ""
    members = draw(st.lists(st.sampled_from(words["ids"]), max_size=2, unique=True))
    listing = f"cohorts: {{{cohort}: {{members: [{', '.join(members)}]}}}}\n"
    return head + profiles + draw(st.sampled_from(["", listing]))


@st.composite
def projects(draw):
    """Give the files of a project: its own, and two of specs."""
    words = draw(st.sampled_from([SOUND, FAULTY]))
    own = draw(st.sampled_from(["", "catalog: {Plan: {type: string}}\n"]))
    mine = draw(st.sampled_from(["", "profiles: [{identity: u1}]\n"]))
    theirs = draw(st.sampled_from(["", "profiles: [{identity: u7}], "]))
    staging = f"environments: {{staging: {{{theirs}timezone: UTC}}}}\n"
    return {
        "ctsync.yaml": BASE + own + mine + staging,
        "one.yaml": draw(files(words, "one")),
        "two.yaml": draw(files(words, "two")),
    }


def write(folder, project):
    for name, text in project.items():
        (folder / name).write_text(text)


def told(folder, environment, entries):
    """Give all that a plan of the project says, or why there is none."""
    project = load_project(folder, environment=environment)
    planner = Planner(
        project, ProjectSources(project), Mask("0" * 32), findings=project.findings
    )
    lines = iter([entry_line(entry) for entry in entries])
    with scratch_file() as file:
        try:
            plan = make_plan(planner, HEAD, StoredEntries(lines), file)
        except CtsyncError as error:
            found = [finding.as_json() for finding in project.findings]
            return str(error), found, project.findings.totals, project.inputs
        plan._file.seek(0)
        return plan._file.read(), project.inputs


def as_desired(folder, environment):
    """Give entries that are as a sound project desires, one of two."""
    found = {}
    project = load_project(folder, environment=environment)
    for contribution in ProjectSources(project).contributions():
        found.setdefault(contribution.key, []).append(contribution.digest.hex())
    return [
        Entry(key, fingerprint=marks[0])
        for number, (key, marks) in enumerate(sorted(found.items()))
        if number % 2 == 0 and key.id
    ]


@settings(max_examples=60)
@given(st.lists(projects(), min_size=1, max_size=3), st.sampled_from([None, "staging"]))
def test_a_plan_is_the_same_with_and_without_a_cache(versions, environment):
    folder = Path(tempfile.mkdtemp())
    try:
        for project in versions:
            write(folder, project)
            with patch.object(cache, "LEAST_BYTES", 10**9):
                shutil.rmtree(folder / ".ctsync", ignore_errors=True)
                known = as_desired(folder, environment)
                without = told(folder, environment, known)
            assert not (folder / ".ctsync").exists()
            with patch.object(cache, "LEAST_BYTES", 0):
                for _ in range(3):
                    assert told(folder, environment, known) == without
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("environment", [None, "staging"])
def test_edits_are_seen_through_what_was_kept(tmp_path, environment):
    with patch.object(cache, "LEAST_BYTES", 0):
        seen = []
        for name in ("a", "b", "a"):
            text = f"profiles: [{{identity: {name}}}]\n"
            write(tmp_path, {"one.yaml": text, "two.yaml": "catalog: {}\n"})
            environments = "environments: {staging: {timezone: UTC}}\n"
            write(tmp_path, {"ctsync.yaml": BASE + environments})
            seen.append(told(tmp_path, environment, []))
    assert seen[0] == seen[2] != seen[1]
