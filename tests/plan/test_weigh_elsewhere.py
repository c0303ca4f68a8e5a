"""What another process weighs comes to the plan that would be written without it."""

import pickle
from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from ctsync.canonical_json import canonical
from ctsync.engines import memory
from ctsync.engines.base import Candidate, Engine
from ctsync.kinds import KINDS
from ctsync.model.change import Change, Origin
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.contribution import Contribution
from ctsync.model.due_import import DueImport, ImportFile, Waits
from ctsync.model.entry import DueValue, Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.model.weighed_run import run_from_text
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.document.change_codec import change_line, settled_line
from ctsync.plan.document.digest import effect_of, effect_of_settled
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.document.schedule import FILES, WAVES, records_of
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.plan.profile.merge_contributions import MergedContributions
from ctsync.plan.profile.planned_profile import PlannedProfile
from ctsync.plan.weigh_elsewhere import WeighedRuns, elsewhere
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
LATE = ImportFile("late.csv", "late.manifest", (), 1, 1, "0" * 64)
WAITS = Waits((DueImport(LATE, "r", 0.0, 9.0),), frozenset({LATE.name}))
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
timezone: Asia/Kolkata
policy: {undeclared: remove, limits: {skip: 100%, vanish: 100%}}
channels: {removals: sftp}
catalog:
  Points: {type: counter}
  Since: {type: date}
  Tags: {type: list}
  Once: {type: string, write: once}
  Locked: {type: string, write: locked}
tables:
  people:
    file: people.csv
    key: {identity: id}
    invalid: skip
    columns:
      name: Name
      email: {attribute: Email, blank: remove}
      points: Points
      since: {attribute: Since, blank: remove}
      tags: {attribute: Tags, split: "|", as: include}
      once: Once
      locked: Locked
  seats:
    file: seats.csv
    key: {identity: id}
    columns: {seat: Seat, phone: Phone}
cohorts:
  some: {members: [u03, u04, u05], attributes: {Tier: VIP}, leave: {Tier: Standard}}
profiles:
  - {identity: u06, attributes: {Hat: red}}
  - {identity: zz, attributes: {Hat: blue}}
"""
COLUMNS = "id,name,email,points,since,tags,once,locked"
NEW = [
    "u01,Ada,ada@example.com,5,2024-02-29,a|b,x,y",
    "u02,Bob,bob@example.com,,,,,",
    "u03,Cid,ada@example.com,12,,a,,",
    "u04,Dan,,3,2024-03-31,,,",
    "u05,$x,no address,,,,,",
    "u06,Eve,,,,,,",
    "u07,,,,,,,",
    "U02,Twin,,,,,,",
    "u08,Fay,,7,,b|c,x,y",
    "u09,,,,,d,,",
    "u11,null,,,,,,",
    "v01,Old,old@example.com,,,,,",
]
MOVED = [
    "u01,Ada Lovelace,,9,2024-02-29,b,z,y",
    "u02,Bob,bob@example.com,,,,,",
    "u03,,eve@example.com,2,,a|z,,",
    "u04,Dan,,3,2024-03-31,,,",
    "u07,Gil,,,,,,",
    "U02,Twin,,,,,,",
    "u08,Fay,,7,,c,x,n",
    "u09,Hal,ada@example.com,,,e,,",
    "u10,Ida,,1,,,,",
    "u11,null,,8,,,,",
    "v02,New,old@example.com,,,,,",
]
SEATS = ["u01,1,+14155551234", "u02,2,", "u03,3,+14155551234", "u10,4,"]


def write(folder, people, seats, members="u03, u04, u05"):
    text = PROJECT.replace("u03, u04, u05", members)
    (folder / "ctsync.yaml").write_text(text)
    (folder / "people.csv").write_text("\n".join([COLUMNS, *people, ""]))
    (folder / "seats.csv").write_text("\n".join(["id,seat,phone", *seats, ""]))
    return load_project(folder)


class Elsewhere:
    """Finds candidates as memory does, and weighs what another process may."""

    def __init__(self):
        self.taken, self.left, self.runs = [], [], []

    def find(self, search, tally, decider):
        del decider
        weigher = pickle.loads(pickle.dumps(search.weigher()))
        runs, some = weigher.open(), []
        for candidate in memory.find_candidates(search, tally):
            if runs.take(candidate):
                some.append(candidate)
                continue
            if some:
                yield self.closed(runs, some)
                some = []
            self.left.append(candidate)
            yield candidate
        if some:
            yield self.closed(runs, some)

    def closed(self, runs, some):
        self.taken += some
        run = run_from_text(runs.close().as_text())
        self.runs.append((run, some))
        return run


def planned(project, entries, engine, waits=WAITS):
    project = replace(project, findings=type(project.findings)())
    sources = ProjectSources(project)
    planner = Planner(
        project,
        sources,
        Mask("0"),
        findings=project.findings,
        engine=engine,
        waits=waits,
    )
    with make_plan(planner, HEAD, entries, scratch_file()) as plan:
        plan._file.seek(0)
        return plan._file.read(), tuple(plan.changes()), planner


def both_ways(project, entries=()):
    """Plan in memory and with what weighs elsewhere, and see that both agree."""
    expected, changes, _ = planned(project, entries, memory.ENGINE)
    other = Elsewhere()
    engine = Engine("elsewhere", memory.find_candidates, other.find)
    found, _, planner = planned(project, entries, engine)
    assert found.split(b"\n") == expected.split(b"\n")
    assert planner.one_by_one == len(other.taken) + len(other.left)
    return changes, other


def known_from(changes):
    """Entries as the changes of a plan leave them, once all is certain."""
    for change in changes:
        entry = entry_as_declared(Entry(change.key), change)
        known = {n: with_fields(v, certain=True) for n, v in entry.attributes.items()}
        owned = {n: with_fields(v, owned=True) for n, v in known.items()}
        yield entry_from_line(entry_line(with_fields(entry, attributes=owned)))


def ids(candidates):
    return [each.key.id for each in candidates]


def test_people_who_are_as_most_are_are_weighed_elsewhere(tmp_path):
    project = write(tmp_path, NEW, SEATS)
    _, other = both_ways(project)
    assert ids(other.left) == ["u05", "u11"]
    assert len(other.taken) == 12


def test_whoever_has_something_to_be_told_is_left_and_the_plan_is_the_same(tmp_path):
    changes, _ = both_ways(write(tmp_path, NEW, SEATS))
    entries = [*known_from(changes)]
    by_id = {each.key.id: each for each in entries}
    u04 = by_id["u04"]
    coming = Operation("Name", "string", "set", "x", "known", None, "x")
    name = with_fields(u04.attributes["name"], due=DueValue(LATE.name, coming))
    by_id["u04"] = with_fields(u04, attributes={**u04.attributes, "name": name})
    by_id["u09"] = with_fields(by_id["u09"], gone=True)
    more = KnownValue("More", "list", owned=True, ours=("q",), complete=True)
    u02 = by_id["u02"]
    by_id["u02"] = with_fields(
        u02, attributes={**u02.attributes, "more": more}, fingerprint=None
    )
    entries = sorted(by_id.values(), key=lambda each: each.key)
    project = write(tmp_path, MOVED, SEATS[1:], members="u03")
    _, other = both_ways(project, entries)
    assert {*ids(other.left)} >= {"u01", "u04", "u05", "u08"}
    assert {*ids(other.taken)} >= {"u02", "u03", "u07", "u09", "u11", "v02"}
    for run, some in other.runs:
        said = said_of(project, some)
        assert {name: getattr(run, name) for name in said} == said


def said_of(project, candidates):
    """What a run says of candidates, from what a planner makes of each."""
    planner = Planner(project, ProjectSources(project), Mask("0"), waits=WAITS)
    lines, effects, in_files, still = [], [], [0, 0], 0
    sizes, statistics = tuple([] for _ in WAVES), ChangeStatistics()
    for candidate in candidates:
        *_, built = planner.plan_one(candidate)
        records = [] if built.change is None else [*records_of(built.change)]
        if built.change is not None:
            lines.append(change_line(built.change))
            effects.append(effect_of(built.change))
            statistics.add(built.change)
        else:
            still += candidate.is_known
        if built.settled is not None:
            lines.append(settled_line(candidate.key, built.settled))
            effects.append(effect_of_settled(candidate.key, built.settled))
        bytes_of = {wave: len(canonical(each.as_wire())) for wave, each in records}
        for wave, listed in zip(WAVES, sizes, strict=True):
            listed.append(bytes_of.get(wave))
        for wave, record in records:
            if wave == FILES:
                in_files = [in_files[0] + 1, in_files[1] + len(record.operations)]
    return {
        "lines": b"".join(lines).decode(),
        "effects": b"".join(effects).decode(),
        "sizes": sizes,
        "in_files": tuple(in_files),
        "operations": [(*name, n) for name, n in statistics.operations.items()],
        "traits": dict(statistics.traits),
        "still": still,
    }


@pytest.mark.parametrize(
    ("words", "leave", "is_alike"),
    [
        ({}, "Standard", True),
        ({"timezone": "Asia/Nowhere"}, "Standard", False),
        ({"kinds": frozenset({*KINDS, "list-more"})}, "Standard", False),
        ({}, '" odd "', False),
    ],
)
def test_where_it_would_not_be_the_same_nothing_is_weighed(
    tmp_path, words, leave, is_alike
):
    write(tmp_path, NEW, SEATS)
    path = tmp_path / "ctsync.yaml"
    path.write_text(path.read_text().replace("Tier: Standard", f"Tier: {leave}"))
    weigher = with_fields(elsewhere(load_project(tmp_path), WAITS), **words)
    assert (weigher.open() is not None) == is_alike


class Odd:
    """Weighs to a change that no plan may have."""

    def weigh(self, candidate):
        gold = Operation("Plan", "string", "set", "Gold", "unknown", None, "Gold")
        change = Change(candidate.key, "create", (gold, gold))
        return MergedContributions(), PlannedProfile(change)


def test_a_change_that_cannot_be_sent_as_it_stands_is_refused():
    key = ProfileKey("identity", "u1")
    place = Contribution(key, Origin("a.csv", row=1, table="t"), b"", dict)
    with pytest.raises(ValueError, match="not a change"):
        WeighedRuns(Odd()).take(Candidate(key, (place,)))
