"""Law 7 in columns: whether SQL or Python decides a row, a plan has the same bytes."""

import csv
import datetime as dt
import json
from dataclasses import replace
from random import Random

import pyarrow as pa
import pytest
from pyarrow import parquet

from ctsync.diagnostics import Findings
from ctsync.engines import built_in, duckdb_candidates, duckdb_decision, spark_search
from ctsync.errors import SpecError, UsageError
from ctsync.model import flows
from ctsync.model.due_import import DueImport, ImportFile, Waits
from ctsync.model.entry import DueValue, Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.observe.entry_as_declared import entry_as_declared
from ctsync.plan.among import address_groups
from ctsync.plan.document import schedule
from ctsync.plan.document.change_codec import START, change_from_line
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.plan.route_bulk import by_its_size
from ctsync.plan.selection import Selection, parse_selector
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
FILE = ImportFile("late.csv", "late.manifest", (), 1, 1, "0" * 64)
WAITS = Waits((DueImport(FILE, "r", 0.0, 9.0),), frozenset({FILE.name}))
PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1}}
state: state.jsonl
timezone: {timezone}
policy: {{undeclared: {undeclared}}}
channels: {{{channels}}}
catalog:
  Plan: {{type: string, enum: [Free, Gold]}}
  Points: {{type: counter}}
  Note: {{type: string, sensitive: {sensitive}}}
  First: {{type: string, write: {write}}}
  Tags: {{type: list}}
{catalog}tables:
  people:
    file: people-*.{form}
    nulls: ["NULL"]
{where}{dialect}    key: {{identity: id}}
    missing: {missing}
    invalid: {invalid}
    columns:
      plan: Plan
      name: Name
      email: Email
      phone: Phone
      gender: {{attribute: Gender, map: {{female: F, male: M, none: null}}}}
      note: {{attribute: Note, blank: {blank}}}
      first: First
      points: Points
      score: Score
      vip: Vip
      since: {since}
      seen: Seen
      tags: {tags}
      push: MSG-push
{others}"""
# Text says of nothing what it is, so the catalog has to.
CATALOG = """\
  Score: {type: number}
  Vip: {type: boolean}
  Since: {type: date}
  Seen: {type: date}
"""
FORMS = ("parquet", "csv", "jsonl")
OTHERS = """\
  others:
    file: others.parquet
    key: {identity: id}
    columns: {rank: Rank}
    missing: remove
    allow_empty: true
cohorts:
  some: {members: [u3, u5, U7], attributes: {Tier: VIP}, leave: {Tier: Standard}}
profiles:
  - {identity: u4, attributes: {Hat: red}}
  - {identity: zz, attributes: {Hat: blue, Email: ada@example.com}}
"""
# Targets and what is excluded; one of them meets nobody.
CHOSEN = [
    *((("identity=u1*",), ()), (("action=create", "table=people"), ("identity=u?",))),
    *((("file=people-a.*",), ()), (("cohort=*people",), ()), (("objectId=*",), ())),
    *(((), ("action=update",)), ((), ("table=p*",)), ((), ("file=*-b*", "cohort=x"))),
    (("attribute=S*", "identity=u*"), ("attribute=Score",)),
    *(((), ("attribute=[!P]*",)), (("attribute=score",), ()), (("attribute=C*",), ())),
]
# Of these the second fails on ids that are no letter and digits.
WHERE = [
    "    where: name IS NULL OR length(name) < 9\n",
    "    where: CAST(id[2:] AS INTEGER) < 40\n",
]
SHARES = ("false", "hash(id) % 3 = 0", "true")  # whom Python has to decide, in SQL
# In a range of few rows among many entries, Spark has fewer decided in columns.
ENGINES = ("duckdb", "spark")
REMOVALS, BULK = "removals: sftp", "bulk: {over: 9, by: sftp}"
# Which of them are sliced, too: of the whole plan, and of a chosen part of it.
DRAWN = [(SHARES[:1], ()), (SHARES[1:2], ()), ((), SHARES), ((), ())]
at = dt.datetime.fromisoformat
IDS = [
    *(f"u{n}" for n in range(24)), "U7", "U8", "a@b.c", "A@B.C", "1e5", "1.5", "nan",
    "é", "u 9", " u9", "x_y-z", "007", "WR8-9K6", "$x", 'q"q', "n.a",
]  # fmt: skip
# The first two of each are clean.
COLUMNS = {
    "plan": ["Free", "Gold", "gold"],
    "name": ["Ada Lovelace", "Jürgen", "東京", "O'Neill", 'say "hi"', "NULL", "a\nb"],
    "email": ["ada@example.com", "bob@example.com", "eve@example.com", "no address"],
    "phone": ["+14155551234", "+14155551235", "0171"],
    "gender": ["female", "male", "none", "odd", "other"],
    "note": ["x", "y z", "a\\b", "tab\t", " padded ", "007", "[a]", "e\u0301", "$5"],
    "first": ["one", "two"],
    "points": [5, 12, 0, 2**60, -1],
    "score": [0.5, 5.0, 1e22, 0.1 + 0.2, -0.0, 1e-7, 100.25],
    "vip": [True, False],
    "since": [dt.date(2024, 2, 29), dt.date(1969, 12, 31), dt.date(2024, 3, 31)],
    "seen": [at("2024-01-01"), at("2024-07-01T02:30"), at("2024-03-31T02:30:00.5")],
    "push": [True, False],
    "tags": [["b", "a"], ["a"], ["a", "A"], [], ["é"], ["007"], ["c", "b", "a"]],
}  # fmt: skip
TYPES = {"points": pa.int64(), "score": pa.float64(), "vip": pa.bool_()} | {
    "push": pa.bool_(),
    "since": pa.date32(),
    "seen": pa.timestamp("us"),
    "tags": pa.list_(pa.string()),
}
# What a table says of plain rows; without channels nothing can be removed.
PLAIN = {"write": "free", "others": "", "channels": "", "blank": "keep", "where": ""}
CLEAN = 0.85  # of cells, so that whole rows are clean, too


class World:
    """People in files of a form, and what is known of them, drawn by chance."""

    def __init__(self, folder, chance, form="parquet"):
        self.folder, self.chance, self.form = folder, chance, form
        self.words = {
            "timezone": chance.choice(["UTC", "UTC", "Europe/Berlin"]),
            "undeclared": chance.choice(["keep", "remove"]),
            "sensitive": chance.choice(["true", "false"]),
            "write": chance.choice(["free", "free", "once", "locked"]),
            "missing": chance.choice(["keep", "remove"]),
            "invalid": chance.choice(["skip", "skip", "error"]),
            "blank": chance.choice(["keep", "keep", "error"]),
            "others": chance.choice(["", OTHERS]),
            "channels": chance.choice(["", REMOVALS, BULK, f"{REMOVALS}, {BULK}"]),
            "form": form,
            "catalog": "",
            "where": chance.choice(["", "", *WHERE]),
            "dialect": "",
            "since": "Since",
            "tags": "Tags",
        }
        self.draw_words_of_text()
        if REMOVALS in self.words["channels"]:
            self.words["blank"] = chance.choice(["keep", "remove"])
        self.oddness = 0.0
        self.rows = {key: self.row() for key in self.ids()}

    def draw_words_of_text(self):
        """What a table over text says of its cells, and how its files are written."""
        if self.form == "parquet":
            return
        self.words["catalog"] = CATALOG
        form = self.chance.choice(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"])
        self.day = self.chance.choice([None, None, form])
        if self.day:
            self.words["since"] = f'{{attribute: Since, format: "{self.day}"}}'
        if self.form == "csv":
            self.decimal = self.chance.choice([".", ","])
            words = f'separator: ";", decimal: "{self.decimal}"'
            self.words["dialect"] = f"    csv: {{{words}}}\n"
            self.words["tags"] = '{attribute: Tags, split: "|"}'
        self.style = {
            "csv": {
                "quoting": self.chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
                "lineterminator": self.chance.choice(["\n", "\r\n"]),
            },
            "jsonl": {
                "ensure_ascii": self.chance.choice([True, False]),
                "separators": self.chance.choice([None, (",", ":")]),
            },
        }[self.form]

    def ids(self):
        plain = IDS[:24] if self.oddness == 0 else IDS
        return self.chance.sample(plain, len(plain) - 6)

    def row(self):
        return {name: self.cell(name) for name in COLUMNS}

    def cell(self, name):
        draw = self.chance.random()
        if draw < self.oddness:
            return self.chance.choice([*COLUMNS[name], None])
        return self.chance.choice(COLUMNS[name][:2]) if draw < CLEAN else None

    def edit(self):
        self.oddness = self.chance.choice([0.0, 0.02, 0.2])
        for key in [*self.rows]:
            draw = self.chance.random()
            if draw < 0.1:
                del self.rows[key]
            elif draw < 0.7:
                name = self.chance.choice([*COLUMNS])
                self.rows[key] = {**self.rows[key], name: self.cell(name)}
        self.rows |= {key: self.row() for key in self.ids()[:3]}

    def project(self):
        words = dict(self.words)
        (self.folder / "ctsync.yaml").write_text(PROJECT.format(**words))
        rows = [{"id": key, **row} for key, row in self.rows.items()]
        for name, part in (("a", rows[::2]), ("b", rows[1::2])):
            self.write(self.folder / f"people-{name}.{self.form}", part)
        ranks = pa.table({"id": ["u1", "u2", "U7"], "rank": ["x", "y", "z"]})
        parquet.write_table(ranks, self.folder / "others.parquet")
        return sound(load_project(self.folder))

    def write(self, path, rows):
        if self.form == "parquet":
            write(path, rows)
        elif self.form == "csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, delimiter=";", **self.style)
                writer.writerow(["id", *COLUMNS])
                names = ("id", *COLUMNS)
                writer.writerows([self.text(n, row[n]) for n in names] for row in rows)
                if self.chance.random() < self.oddness:
                    writer.writerow(["u99", "one", "cell"])  # invalid: skip takes it
        else:
            path.write_text("".join(map(self.line, rows)), encoding="utf-8")

    def text(self, name, value):
        """A cell of CSV."""
        if isinstance(value, list):
            return "|".join(value)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float):
            return repr(value).replace(".", self.decimal)
        return self.moment(name, value) if isinstance(value, dt.date) else value

    def moment(self, name, value):
        if name == "since" and self.day:
            return value.strftime(self.day)
        return value.isoformat()

    def line(self, row):
        """A line of JSON, now and then as no one should write it."""
        blank = self.chance.choice([False, True])
        said = {
            name: self.moment(name, value) if isinstance(value, dt.date) else value
            for name, value in row.items()
            if blank or value is not None
        }
        line = json.dumps(said, **self.style)
        if self.chance.random() < self.oddness:
            ends = [
                *(',"plan":"Gold"}', ', "n\\u0061me": "Eve"}', ',"score": 1E2}', ",}"),
                *(',"x":{"score": 7.50}}', ',"x":NaN}', ',"x":inf}'),
            ]
            line = line[:-1] + self.chance.choice(ends)
        return line + "\n"

    def known(self, entry):
        """What is known of a profile, more often than not what was planned."""
        attributes, fields = dict(certain(entry).attributes), {}
        draw = self.chance.random()
        if draw < 0.1 and attributes:
            name = self.chance.choice([*attributes])
            doubts = [{"certain": False, "since": "r"}, {"value": None}]
            doubts += [{"owned": False}, {"due": due(attributes[name])}]
            doubt = self.chance.choice(doubts)
            attributes[name] = replaced(attributes[name], **doubt)
        elif draw < 0.15:
            attributes["hat"] = KnownValue("Hat", "string", "red", owned=True)
        elif draw < 0.25:
            kept = (*entry.cohorts, "table=gone")
            fields = self.chance.choice(
                [
                    *({"gone": True}, {"once": ("first",)}, {"cohorts": ()}),
                    *({"cohorts": kept}, {"fingerprint": None}),
                ]
            )
        elif draw < 0.3:
            attributes.pop(next(iter(attributes), ""), None)
        return replaced(entry, attributes=attributes, **fields)


def sound(project):
    """The project, with which nothing is wrong: no plan is made of another."""
    errors = [each for each in project.findings if each.severity == "error"]
    assert errors == []
    return project


def due(known):
    """What a file brings for a value, of which the platform has not told yet."""
    sent = Operation(known.name, known.kind, "set", "x", "known", None, "x")
    return DueValue(FILE.name, sent)


def certain(entry):
    """What is known after an apply; after an import, counters are not certain."""
    known = {n: replaced(v, certain=True) for n, v in entry.attributes.items()}
    return replaced(entry, attributes=known)


def replaced(value, /, **fields):
    from msgspec.structs import replace as with_fields

    return with_fields(value, **fields)


def write(path, rows):
    columns = {
        name: pa.array([row[name] for row in rows], TYPES.get(name, pa.string()))
        for name in ("id", *COLUMNS)
    }
    parquet.write_table(pa.table(columns), path)


def planned(project, entries, engine, selection=None):
    """The bytes of a plan or what is said in its stead, and how many were decided."""
    project = replace(project, findings=Findings(project.findings))
    planner = Planner(
        project,
        ProjectSources(project),
        Mask("0"),
        selection or Selection(),
        findings=project.findings,
        engine=built_in()[engine],
        waits=WAITS,
    )
    file = scratch_file()
    try:
        made = make_plan(planner, HEAD, entries, file)
        with by_its_size(made, project.channels, scratch_file) as plan:
            plan._file.seek(0)
            return plan._file.read(), planner.decided
    except SpecError as error:
        return (str(error), list(error.findings), error.findings.totals), 0
    except UsageError as error:
        return (str(error), error.hint), 0


def all_ways(
    project,
    entries,
    monkeypatch,
    chosen=((), ()),
    shares=SHARES,
    engines=ENGINES,
    sliced=SHARES[:1],
):
    """Plan in memory and in columns, with more and more rows forced through Python.

    Counted is what the first of the engines decides. Spark, which takes several times
    as long, is asked of the shares that are `sliced`.
    """
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", 0)
    expected, _ = planned(project, entries, "memory", selected(*chosen))
    counts = []
    for forced in shares:
        monkeypatch.setattr(duckdb_decision, "FORCED", forced)
        for engine in engines:
            if engine == "spark" and forced not in sliced:
                continue
            found, decided = planned(project, entries, engine, selected(*chosen))
            assert found == expected, (engine, forced)
            counts.append(decided)
    assert shares is not SHARES or counts[-1] == 0
    return expected, counts[0]


def selected(targets, excludes):
    """A selection of its own for each plan: it remembers what it met."""
    return Selection(map(parse_selector, targets), map(parse_selector, excludes))


@pytest.mark.parametrize(
    ("form", "seed"),
    [*(("parquet", n) for n in range(6)), *(("csv", n) for n in range(4))]
    + [("jsonl", n) for n in range(4)],
)
def test_the_plan_is_the_same_whoever_decides(form, seed, tmp_path, monkeypatch):
    chance = Random(seed)
    monkeypatch.setattr(duckdb_candidates, "_RANGE_DECIDED", chance.choice([9, 16_384]))
    monkeypatch.setattr(spark_search, "EVERY", 1)
    monkeypatch.setattr(spark_search, "RANGE_KEYS", 65_536 if seed % 4 else 9)
    monkeypatch.setattr(address_groups, "REMEMBERED", chance.choice([3, 200_000]))
    monkeypatch.setattr(flows, "MOST_WAYS", chance.choice([4, 200]))
    if chance.random() < 0.3:  # as if a database gave rows in any order
        monkeypatch.setattr(duckdb_candidates, "ascends", lambda _: False)
    world = World(tmp_path, chance, form)
    entries = ()
    for _ in range(3):
        project = world.project()
        shares, sliced = SHARES[: chance.choice([2, 3])], chance.choice(DRAWN)
        expected, _ = all_ways(
            project, entries, monkeypatch, shares=shares, sliced=sliced[0]
        )
        part = chance.choice(CHOSEN), SHARES[1:2]
        all_ways(project, entries, monkeypatch, *part, sliced=sliced[1])
        if isinstance(expected, bytes):
            entries = stored(world, project, entries)
        world.edit()


def stored(world, project, entries):
    """The entries after most of what is planned, as a store gives them."""
    planner = Planner(project, ProjectSources(project), Mask("0"))
    known = {entry.key: entry for entry in entries}
    with make_plan(planner, HEAD, entries, scratch_file()) as plan:
        for change in plan.changes():
            if world.chance.random() < 0.9:
                before = known.get(change.key, Entry(change.key))
                known[change.key] = world.known(entry_as_declared(before, change))
    ordered = (known[key] for key in sorted(known))
    return tuple(entry_from_line(entry_line(entry)) for entry in ordered)


@pytest.mark.parametrize("form", FORMS)
def test_clean_rows_are_decided_in_columns(form, tmp_path, monkeypatch, caplog):
    """All that are new, and all that changed; a law says nothing if none is."""
    # Rows of a range are decided in pieces, and come in some.
    monkeypatch.setattr(duckdb_candidates, "BATCH", 5)
    monkeypatch.setattr(duckdb_candidates, "_ROWS_TOGETHER", 3)
    world = World(tmp_path, Random(1), form)
    world.words |= {**PLAIN, "timezone": "Europe/Berlin"}
    clean = {name: values[0] for name, values in COLUMNS.items()}
    world.rows = {f"u{n}": {**clean} for n in range(50)}
    caplog.set_level("INFO", "ctsync")
    expected, decided = all_ways(world.project(), (), monkeypatch)
    assert decided == 50
    assert "50 profiles were decided in columns, 0 one by one" in caplog.messages
    world.chance = Random(2)
    monkeypatch.setattr(World, "known", lambda _, entry: certain(entry))
    monkeypatch.setattr(world.chance, "random", lambda: 0.0)
    entries = stored(world, world.project(), ())
    moved = {"score": 7.25, "points": 12, "plan": "Gold", "vip": False}
    world.rows = {key: {**row, **moved} for key, row in world.rows.items()}
    expected, decided = all_ways(world.project(), entries, monkeypatch)
    assert decided == 50
    lines = [each for each in expected.splitlines(keepends=True) if START in each]
    changes = map(change_from_line, lines)
    operators = {op.operator for each in changes for op in each.operations}
    assert operators == {"set", "$incr"}


def test_blank_cells_of_what_a_file_still_brings_are_for_python(tmp_path, monkeypatch):
    """Nothing is settled then: whoever waits is looked at again."""
    world = World(tmp_path, Random(1))
    world.words |= PLAIN
    clean = {name: values[0] for name, values in COLUMNS.items()}
    world.rows = {f"u{n}": {**clean} for n in range(50)}
    monkeypatch.setattr(World, "known", lambda _, entry: certain(entry))
    monkeypatch.setattr(world.chance, "random", lambda: 0.0)
    first, *others = stored(world, world.project(), ())
    late = replaced(first.attributes["name"], due=due(first.attributes["name"]))
    first = replaced(first, attributes={**first.attributes, "name": late})
    blank = {"name": None, "plan": "Gold"}
    world.rows = {key: {**row, **blank} for key, row in world.rows.items()}
    _, decided = all_ways(world.project(), (first, *others), monkeypatch)
    assert decided == 49


def test_calls_are_counted_by_the_bytes_that_travel(tmp_path, monkeypatch):
    """Groups of subscriptions travel together, and not by the names of attributes."""
    text = PROJECT.replace("vip: Vip", "vip: subscriptions.email.Offers")
    text = text.replace("push: MSG-push", "push: subscriptions.email.News")
    monkeypatch.setitem(globals(), "PROJECT", text)
    world, sizes = World(tmp_path, Random(1)), []
    world.words |= PLAIN
    clean, world.rows = {name: values[0] for name, values in COLUMNS.items()}, {}
    flags = [(vip, push) for vip in (True, False, None) for push in (True, False, None)]
    for n, (vip, push) in enumerate(flags):
        world.rows[f"u{n}"] = {**clean, "vip": vip, "push": push}
    flush = schedule.CallCounter.flush

    def see(calls):
        sizes.extend([calls._size] if calls._folded else [])
        flush(calls)

    monkeypatch.setattr(schedule.CallCounter, "flush", see)
    _, decided = all_ways(world.project(), (), monkeypatch, shares=SHARES[:1])
    assert (decided, sizes) == (9, sizes[:1] * (1 + len(ENGINES)))


@pytest.mark.parametrize("form", FORMS)
def test_rows_beside_a_bad_one_are_decided_in_columns(form, tmp_path, monkeypatch):
    world = World(tmp_path, Random(1), form)
    world.words |= {**PLAIN, "where": WHERE[1], "invalid": "skip"}
    clean = {name: values[0] for name, values in COLUMNS.items()}
    world.rows = dict.fromkeys(("a@b.c", *(f"u{n}" for n in range(50))), clean)
    project = world.project()
    if form == "csv":
        with (tmp_path / "people-a.csv").open("a", newline="") as file:
            file.write(f"u-5;one;cell{world.style['lineterminator']}")
    expected, decided = all_ways(project, (), monkeypatch)
    assert (decided, expected.count(START)) == (40, 40)
    assert b'"CT617"' in expected or form != "csv"


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ((("identity=u1*",), ()), 11),
        ((("action=create",), ("file=*-b.*",)), 25),
        ((("table=people",), ()), 50),
        ((("attribute=S*",), ("identity=u1*", "attribute=Seen")), 39),
        (((), ("table=people",)), 0),
    ],
)
def test_chosen_rows_are_decided_in_columns(chosen, count, tmp_path, monkeypatch):
    world = World(tmp_path, Random(1))
    world.words |= {**PLAIN, "timezone": "UTC"}
    clean = {name: values[0] for name, values in COLUMNS.items()}
    world.rows = {f"u{n}": clean for n in range(50)}
    expected, decided = all_ways(world.project(), (), monkeypatch, chosen)
    assert (decided, expected.count(START)) == (50, count)
