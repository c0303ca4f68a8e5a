"""Rows that SQL decides: just those of which it is sure, and as Python would decide."""

import datetime as dt

import pyarrow as pa
import pytest
from msgspec import field
from msgspec.structs import replace as with_fields
from pyarrow import parquet

from ctsync.engines import built_in, duckdb_decision
from ctsync.errors import UsageError
from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.among.among_profiles import AmongProfiles
from ctsync.plan.among.vanished_rows import VanishedRows
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.plan.selection import Selection, parse_selector
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
catalog:
  Plan: {type: string, enum: [Free, Gold]}
  Points: {type: counter}
  Note: {type: string, sensitive: true}
  Once: {type: string, write: once}
  Locked: {type: string, write: locked}
tables:
  people:
    file: people-*.parquet
    key: {identity: id}
    columns:
      plan: Plan
      name: Name
      email: Email
      phone: Phone
      gender: {attribute: Gender, map: {female: F, male: M, none: null}}
      rank: {attribute: Rank, map: {one: 1, two: 2, half: 0.5}}
      mixed: {attribute: Mixed, map: {one: 1, word: x}}
      words: {attribute: Words, map: {a: A, quote: 'say "hi"', nil: "007 "}}
      odd: {attribute: "a~b/c"}
      note: Note
      strict: {attribute: Strict, blank: error}
      once: Once
      locked: Locked
      points: Points
      score: Score
      vip: Vip
      since: Since
      seen: Seen
      tags: Tags
    invalid: skip
policy: {limits: {skip: 100%}}
"""
PLAIN = {
    "plan": "Free",
    "name": "Ada",
    "email": None,
    "phone": None,
    "gender": "female",
    "rank": "one",
    "mixed": None,
    "words": "a",
    "odd": "x",
    "note": "y",
    "strict": "z",
    "once": None,
    "locked": None,
    "points": 5,
    "score": 0.5,
    "vip": True,
    "since": dt.date(2024, 2, 29),
    "seen": dt.datetime(2024, 1, 1, 2, 3, 4),  # noqa: DTZ001 - the column has no zone
    "tags": ["b", "a"],
}
TYPES = {
    "points": pa.int64(),
    "score": pa.float64(),
    "vip": pa.bool_(),
    "since": pa.date32(),
    "seen": pa.timestamp("us"),
    "tags": pa.list_(pa.string()),
}
NONE = dict.fromkeys(PLAIN) | {"strict": "z"}
# What a new profile's row has that is not plain, and whether SQL is sure of it.
NEW = {
    "u01": ({}, True),
    "u02": (NONE, True),
    "u03": ({"email": "ada@example.com", "phone": "+14155551234"}, True),
    "u04": ({"email": "eve@example.com"}, True),
    "u05": ({"email": "eve@example.com"}, True),
    "u06": ({"phone": "0171"}, False),
    "u07": ({"plan": "gold"}, False),
    "u08": ({"gender": "none"}, False),
    "u10": ({"gender": "other"}, False),
    "u11": ({"rank": "two"}, True),
    "u12": ({"rank": "half"}, False),
    "u13": ({"mixed": "one"}, False),
    "u14": ({"mixed": "word"}, False),
    "u15": ({"words": "quote"}, False),
    "u16": ({"words": "nil"}, False),
    "u17": ({"once": "x"}, False),
    "u18": ({"locked": "x"}, False),
    "u19": ({"strict": None}, False),
    "u20": ({"note": None, "odd": None, "tags": None}, True),
    "u21": ({"odd": "50 %", "name": "O'Neill"}, True),
    "u28": ({"odd": 'say "hi"'}, False),
    "u22": ({"points": -1}, True),
    "u23": ({"tags": []}, False),
    "u24": ({"note": " padded "}, False),
    "u25": ({"points": None, "score": None}, True),
    "u26": ({"email": "twin@example.com"}, True),
    "U27": ({"email": "twin@example.com", "plan": "gold"}, False),
    "u27": ({}, True),
    "a@b.c": ({}, True),
    "A.B": ({}, True),
    "007": ({}, True),
    "1e5": ({}, True),
    "1.5": ({}, False),
    "-5": ({}, True),
    "5-": ({}, True),
    "x_y": ({}, True),
    "1_000": ({}, True),
    "nan": ({}, False),
    "NaN": ({}, False),
    "none": ({}, False),
    "Undefined": ({}, False),
    "u 9": ({}, False),
    "é": ({}, False),
    "$x": ({}, False),
    'q"q': ({}, False),
    "n.a": ({}, True),
    "ee": ({}, True),
    "EE": ({}, True),
    "": ({}, None),
}
# The same for profiles that are known: what the row has now.
MOVED = {
    "u01": {},
    "u02": PLAIN,
    "u03": {"email": "bob@example.com", "phone": "+14155551235"},
    "u04": {"plan": "Gold", "name": "Eve"},
    "u05": {"points": 12},
    "u11": {"points": 3},
    "u20": {"points": 5, "note": "y", "odd": "x", "tags": ["c"]},
    "u21": {"odd": "x", "name": "Ada"},
    "u22": {"points": 7},
    "u25": {"points": 7, "score": 100.25},
    "u26": {"tags": ["c", "b", "a"], "vip": False},
    "u27": {"since": dt.date(1969, 12, 31)},
    "A.B": {"seen": None, "since": None, "score": None},
    "007": {"gender": "male", "rank": "two"},
    "x_y": {"note": "z"},
    "1_000": {"odd": "y", "score": 5.0},
    "a@b.c": {"points": 2**60},
    "new1": {"email": "eve@example.com"},
}
UNSURE = {"a@b.c", "u26"}  # more digits than are certain, and a list that is known


def known(name, value, **more):
    return KnownValue(name, "string", value, owned=True, **more)


def without(entry, name):
    kept = {k: each for k, each in entry.attributes.items() if k != name}
    return with_fields(entry, attributes=kept)


def given(entry, value):
    folded = value.name.lower()
    return with_fields(entry, attributes={**entry.attributes, folded: value})


# What is known of a profile that is not as plain, and whether SQL is still sure.
KNOWN = {
    "k01": (lambda e: e, True),
    "k02": (lambda e: with_fields(e, fingerprint=None), True),
    "k03": (lambda e: with_fields(e, cohorts=()), False),
    "k04": (lambda e: with_fields(e, cohorts=(*e.cohorts, "table=gone")), False),
    "k05": (lambda e: with_fields(e, once=("once",)), False),
    "k06": (lambda e: with_fields(e, gone=True), False),
    "k07": (lambda e: given(e, known("Hat", "red")), False),
    "k08": (lambda e: given(e, known("Plan", None)), False),
    "k09": (
        lambda e: given(e, known("Plan", "Free", certain=False, since="r")),
        False,
    ),
    "k10": (lambda e: without(e, "plan"), True),
    "k11": (lambda e: without(without(e, "points"), "tags"), True),
    "k12": (lambda e: given(e, KnownValue("Plan", "number", 5, owned=True)), None),
    "k13": (lambda e: given(e, known("PLAN", "Free")), None),
    "k14": (lambda e: given(e, KnownValue("Plan", "string", "Free")), True),
}


@pytest.fixture
def people(tmp_path, monkeypatch):
    """A table over two files, planned by an engine against entries."""
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", 0)
    (tmp_path / "ctsync.yaml").write_text(PROJECT)
    return People(tmp_path)


class Seen(VanishedRows):
    """Notes who was decided in columns."""

    decided: list[str] = field(default_factory=list)

    def decided_seen(self, decided):
        self.decided.extend(decided.ids())
        super().decided_seen(decided)


class People:
    def __init__(self, folder):
        self.folder = folder

    def write(self, rows):
        own = [{"id": identity, **PLAIN, **cells} for identity, cells in rows.items()]
        for name, part in (("a", own[::2]), ("b", own[1::2])):
            columns = {
                each: pa.array(
                    [row[each] for row in part], TYPES.get(each, pa.string())
                )
                for each in ("id", *PLAIN)
            }
            parquet.write_table(
                pa.table(columns), self.folder / f"people-{name}.parquet"
            )

    def planner(self, engine, **more):
        project = load_project(self.folder)
        return Planner(
            project,
            ProjectSources(project),
            Mask("0"),
            findings=project.findings,
            engine=built_in()[engine],
            **more,
        )

    def planned(self, engine, entries=(), targets=()):
        """Give the bytes of a plan, its changes, and whom SQL decided."""
        seen, selection = Seen(), Selection(map(parse_selector, targets))
        among = AmongProfiles(vanished=seen)
        planner = self.planner(engine, among=among, selection=selection)
        with make_plan(planner, HEAD, entries, scratch_file()) as plan:
            plan._file.seek(0)
            data = plan._file.read()
            assert planner.decided == len(seen.decided)
            return data, tuple(plan.changes()), {*seen.decided}

    def codes(self, known, targets):
        """Give how often each finding is told by a plan that memory makes."""
        selection = Selection(map(parse_selector, targets))
        planner = self.planner("memory", selection=selection)
        with make_plan(planner, HEAD, stored(known), scratch_file()) as plan:
            return plan.foot.diagnostic_totals

    def both_ways(self, known=(), targets=()):
        """Give the changes, on which both agree, and whom SQL decided."""
        entries = stored(known)
        expected, *_ = self.planned("memory", entries, targets)
        found, changes, decided = self.planned("duckdb", entries, targets)
        assert found.split(b"\n") == expected.split(b"\n")
        return changes, decided

    def entries(self, rows):
        """Give what is known once rows were applied."""
        self.write(rows)
        return {
            change.key.id: certain(entry_as_declared(Entry(change.key), change))
            for change in self.planned("memory")[1]
        }


def certain(entry):
    """What is known after an apply; after an import, counters are not certain."""
    values = {n: with_fields(v, certain=True) for n, v in entry.attributes.items()}
    return with_fields(entry, attributes=values)


def stored(entries):
    """Give entries as a store does."""
    ordered = sorted(entries, key=lambda each: each.key)
    return tuple(entry_from_line(entry_line(entry)) for entry in ordered)


def sure_in(table):
    return {identity for identity, (_, is_sure) in table.items() if is_sure}


def test_new_profiles_are_decided_where_nothing_is_odd_about_them(people):
    people.write({identity: cells for identity, (cells, _) in NEW.items()})
    changes, decided = people.both_ways()
    assert decided == sure_in(NEW)
    assert {change.action for change in changes} == {"create"}


def test_what_moves_a_known_profile_is_decided_whatever_operators_it_takes(people):
    before = people.entries({n: NEW[n][0] for n in MOVED if n in NEW})
    people.write({n: NEW.get(n, ({},))[0] | cells for n, cells in MOVED.items()})
    changes, decided = people.both_ways(before.values())
    operators = {op.operator for each in changes for op in each.operations}
    assert operators == {"set", "$incr", "$decr", "$add"}
    assert decided == MOVED.keys() - UNSURE


def test_entries_are_taken_where_they_hold_certain_values_of_the_table_alone(people):
    before = people.entries({key: {} for key in KNOWN})
    known = [change_of(before[n]) for n, (change_of, _) in KNOWN.items()]
    people.write({key: {"plan": "Gold"} for key in KNOWN})
    _, decided = people.both_ways(known)
    assert decided == sure_in(KNOWN)


@pytest.mark.parametrize(
    "targets", [("attribute=P*",), ("identity=u0*",), ("attribute=Na*", "table=people")]
)
def test_of_a_chosen_part_the_same_is_decided(people, targets):
    before = people.entries({n: NEW[n][0] for n in MOVED if n in NEW})
    people.write({n: NEW.get(n, ({},))[0] | cells for n, cells in MOVED.items()})
    changes, decided = people.both_ways(before.values(), targets)
    assert changes
    assert decided == MOVED.keys() - UNSURE


def test_whoever_asks_for_profiles_one_by_one_gets_all_of_them(people):
    people.write({"u01": {}, "u02": {"plan": "Gold"}})
    planner = people.planner("duckdb")
    found = [candidate.key.id for candidate, _ in planner.plan_profiles(())]
    assert found == ["u01", "u02"]
    assert (planner.decided, planner.one_by_one) == (0, 2)


def test_who_shares_an_address_or_takes_that_of_who_left_is_told_of_a_part_too(people):
    """Whatever part is chosen, and whoever decides: here the address is none of it."""
    before = people.entries({"u01": {"email": "ada@example.com"}})
    new = {"email": "ada@example.com"}
    people.write({"u02": new, "u03": new, "u04": {}})
    _, decided = people.both_ways(before.values(), ("attribute=Plan",))
    assert decided == {"u02", "u03", "u04"}
    codes = people.codes(before.values(), ("attribute=Plan",))
    assert (codes["CT632"], codes["CT409"]) == (1, 1)


@pytest.mark.parametrize("target", ["attribute=Name", "attribute=Sc*"])
def test_a_name_that_only_decided_rows_have_is_met(people, target):
    people.write({"u01": {}, "u02": {"name": "Eve"}})
    _, decided = people.both_ways((), (target,))
    assert decided == {"u01", "u02"}


def test_a_name_that_no_decided_row_has_is_told(people):
    people.write({"u01": {"note": None}, "u02": {"note": None}})
    for engine in ("memory", "duckdb"):
        with pytest.raises(UsageError, match="nothing matches attribute=Note"):
            people.planned(engine, (), ("attribute=Note",))
