"""Law 7 for whoever stands in several places: whoever decides, the same bytes."""

from random import Random

import pyarrow as pa
import pytest
from pyarrow import parquet
from test_decided_rows import (
    CHOSEN,
    COLUMNS,
    PLAIN,
    SHARES,
    TYPES,
    World,
    all_ways,
    certain,
    planned,
    replaced,
    stored,
)

from ctsync.engines import duckdb_candidates, duckdb_decision, spark_search
from ctsync.model import flows
from ctsync.plan.among import address_groups
from ctsync.plan.document.change_codec import START

# Which attributes a second table says beside its own: none, or some of the first.
SHARED = [(), (), ("Name",), ("Name", "Score", "Tags"), ("Plan", "Email", "Points")]
NAMES = {"Name": "name", "Score": "score", "Tags": "tags", "Plan": "plan"} | {
    "Email": "email",
    "Points": "points",
}
MORE = """\
  more:
    file: "*-more.parquet"
    key: {{identity: id}}
    missing: {missing}
    invalid: {invalid}
    allow_empty: true
    columns:
      city: City
      size: {{attribute: Size, blank: {blank}}}
{columns}"""
COHORTS = """\
cohorts:
  chosen:
    members: {{file: {file}.csv, key: {{identity: id}}, allow_empty: true}}
    attributes: {{{given}}}
{leave}"""
GIVEN = [
    *(
        "Tier: VIP",
        "Tier: VIP",
        "Tier: VIP, Plan: Gold",
        "Tier: '[odd]'",
        "Tier: VIP, Vip: true",
    ),
    "Groups: {include: [a]}",
]
LOOSE = "profiles:\n  - {identity: u4, attributes: {Hat: red}}\n"
CITIES, SIZES = ["Ulm", "Bonn", "a\\b", "NULL"], [1, 2, 2**60]


class JoinedWorld(World):
    """People in several tables and in a cohort, whose files mingle now and then."""

    def __init__(self, folder, chance, form="parquet"):
        self.shared = chance.choice(SHARED)
        # Before those of the first table, after them, or about them.
        self.more_files = chance.choice(["ab", "az", "yz"])
        self.member_file = chance.choice(["members", "z-members"])
        self.agrees = chance.random() < 0.8
        self.gives, self.members = chance.choice(GIVEN), []
        self.has_cohort = chance.random() < 0.7
        super().__init__(folder, chance, form)
        self.words["write"] = chance.choice(["free", "free", "free", "once"])
        self.draw_others()
        self.draw_places()

    def draw_others(self):
        chance = self.chance
        columns = "".join(f"      {NAMES[n]}: {n}\n" for n in self.shared)
        said = MORE.format(
            missing=chance.choice(["keep", "remove"]),
            invalid=chance.choice(["skip", "error"]),
            blank=chance.choice(["keep", "keep", "error"]),
            columns=columns,
        )
        leave = chance.choice(["", "    leave: {Tier: Standard}\n"])
        words = {"file": self.member_file, "given": self.gives, "leave": leave}
        cohorts = COHORTS.format(**words) if self.has_cohort else ""
        self.words["others"] = said + cohorts + chance.choice(["", LOOSE])

    def draw_places(self):
        """Who stands in the second table, and who is a member."""
        ids = self.ids()
        self.more = {key: self.other_row(key) for key in ids}
        members = self.chance.sample(ids, self.chance.choice([0, 3, 12]))
        self.members = [key for key in members if not self.agrees or self.may_join(key)]

    def may_join(self, key):
        """Whether a row says what the cohort gives, or nothing of that."""
        row = self.rows.get(key, {})
        return row.get("plan") in {None, "Gold"} and row.get("vip") is not False

    def other_row(self, key):
        odd = self.chance.random() < self.oddness
        row = {
            "city": self.chance.choice(CITIES if odd else CITIES[:2]),
            "size": self.chance.choice(SIZES if odd else SIZES[:2]),
        }
        for name in map(NAMES.get, self.shared):
            said = self.rows.get(key, {}).get(name)
            if said is not None and self.agrees:
                # An exact list has one place, even where two say the same.
                row[name] = None if name == "tags" else said
            else:
                row[name] = self.cell(name)
        return row if self.chance.random() < 0.9 else dict.fromkeys(row)

    def edit(self):
        super().edit()
        if self.agrees or self.chance.random() < 0.3:
            self.draw_places()

    def project(self):
        rows = [{"id": key, **row} for key, row in self.more.items()]
        for name, part in zip(self.more_files, (rows[::2], rows[1::2]), strict=True):
            self.write_more(self.folder / f"{name}-more.parquet", part)
        lines = "".join(f'"{key}"\n' for key in self.members if '"' not in key)
        (self.folder / f"{self.member_file}.csv").write_text(f"id\n{lines}")
        return super().project()

    def write_more(self, path, rows):
        types = {**TYPES, "size": pa.int64()}
        names = ("id", "city", "size", *map(NAMES.get, self.shared))
        columns = {
            name: pa.array([row[name] for row in rows], types.get(name, pa.string()))
            for name in names
        }
        parquet.write_table(pa.table(columns), path)


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """Join rows however few stand in several places."""
    monkeypatch.setattr(duckdb_decision, "JOINED_PAYS", 10**9)


def alike(
    world, entries, monkeypatch, chosen=((), ()), shares=SHARES[:2], sliced=SHARES[:1]
):
    return all_ways(
        world.project(), entries, monkeypatch, chosen, shares, sliced=sliced
    )


@pytest.mark.parametrize(
    ("form", "seed"),
    [*(("parquet", n) for n in range(6)), ("csv", 8), ("jsonl", 10)],
)
def test_the_plan_is_the_same_whoever_joins_rows(form, seed, tmp_path, monkeypatch):
    chance = Random(seed)
    monkeypatch.setattr(
        duckdb_candidates, "_RANGE_DECIDED", chance.choice([25, 16_384])
    )
    monkeypatch.setattr(address_groups, "REMEMBERED", chance.choice([3, 200_000]))
    monkeypatch.setattr(flows, "MOST_WAYS", chance.choice([4, 200]))
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", 65_536 if seed % 3 else 9)
    world = JoinedWorld(tmp_path, chance, form)
    expected, _ = alike(world, (), monkeypatch, shares=SHARES[:1])
    entries = ()
    if isinstance(expected, bytes):
        entries = stored(world, world.project(), ())
    world.edit()
    alike(world, entries, monkeypatch)
    part = chance.choice(CHOSEN), SHARES[:1]
    alike(world, entries, monkeypatch, *part, sliced=SHARES[: seed % 2])


def clean_world(folder, monkeypatch, seed=1):
    """Fifty people in one table, thirty of them in another, ten in a cohort."""
    world = JoinedWorld(folder, Random(seed))
    world.words |= {**PLAIN, "timezone": "UTC"}
    world.shared, world.has_cohort, world.gives = ("Name",), True, "Tier: VIP"
    monkeypatch.setattr(World, "known", lambda _, entry: certain(entry))
    world.draw_others()
    world.words["others"] = world.words["others"].removesuffix(LOOSE)
    clean = {name: values[0] for name, values in COLUMNS.items()}
    world.rows = {f"u{n}": {**clean} for n in range(50)}
    more = {"city": "Ulm", "size": 1, "name": clean["name"]}
    world.more = {f"u{n}": {**more} for n in range(20, 60)}
    world.members = [f"u{n}" for n in range(25, 35)]
    return world


def test_rows_of_several_tables_and_a_cohort_are_decided_in_columns(
    tmp_path, monkeypatch
):
    world = clean_world(tmp_path, monkeypatch)
    expected, decided = alike(world, (), monkeypatch)
    assert (decided, expected.count(START)) == (60, 60)
    monkeypatch.setattr(world.chance, "random", lambda: 0.0)
    entries = stored(world, world.project(), ())
    for row in world.more.values():
        row["city"] = "Bonn"
    expected, decided = alike(world, entries, monkeypatch)
    assert (decided, expected.count(START)) == (60, 40)


@pytest.mark.parametrize("keys", [65_536, 7])
def test_executors_decide_the_rows_of_several_tables_too(tmp_path, monkeypatch, keys):
    """In every range, whichever of the tables has rows there."""
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", keys)
    world = clean_world(tmp_path, monkeypatch)
    world.rows = {key: row for key, row in world.rows.items() if key >= "u20"}
    project = world.project()
    expected, _ = planned(project, (), "memory")
    everybody = world.rows.keys() | world.more.keys() | {*world.members}
    assert planned(project, (), "spark") == (expected, len(everybody))


def test_executors_join_nothing_where_it_does_not_pay(tmp_path, monkeypatch):
    monkeypatch.setattr(duckdb_decision, "JOINED_PAYS", 0)
    project = clean_world(tmp_path, monkeypatch).project()
    expected, _ = planned(project, (), "memory")
    found, decided = planned(project, (), "spark")
    assert found == expected
    assert 0 < decided < 60


def test_what_several_places_say_otherwise_is_for_python(tmp_path, monkeypatch):
    world = clean_world(tmp_path, monkeypatch)
    for key in ("u20", "u30", "u40"):
        world.more[key]["name"] = "Eve"
    (message, found, _), _ = alike(world, (), monkeypatch)
    assert message == "the project has 3 errors"
    assert [each.code for each in found if each.code == "CT309"] == ["CT309"] * 3


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ((("attribute=C*",), ()), 40),
        ((("attribute=Tier", "identity=u3?"), ()), 5),
        (((), ("attribute=[!T]*", "table=mo*")), 20),
        ((("cohort=chosen",), ("file=no",)), None),
    ],
)
def test_what_is_chosen_of_joined_rows_is_decided_in_columns(
    chosen, count, tmp_path, monkeypatch
):
    world = clean_world(tmp_path, monkeypatch)
    expected, decided = alike(world, (), monkeypatch, chosen, sliced=())
    if count is None:
        assert expected == ("nothing matches file=no", None)
    else:
        assert (decided, expected.count(START)) == (60, count)


def test_what_no_place_says_any_more_is_for_python(tmp_path, monkeypatch):
    """Held is what a table said that lists the profile no more, and had it removed."""
    world = clean_world(tmp_path, monkeypatch)
    others = world.words["others"].replace("missing: keep", "missing: remove")
    world.words |= {"others": others}
    monkeypatch.setattr(world.chance, "random", lambda: 0.0)
    entries = stored(world, world.project(), ())
    known = tuple(replaced(each, cohorts=("table=people",)) for each in entries)
    world.more = {key: row for key, row in world.more.items() if key >= "u50"}
    world.members = ["u55"]
    world.rows = {key: {**row, "plan": "Gold"} for key, row in world.rows.items()}
    _, decided = alike(world, known, monkeypatch, shares=SHARES[:1])
    assert decided == 20
