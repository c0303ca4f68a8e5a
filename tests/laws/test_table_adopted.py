"""Law: what a table says is taken in the same, whether SQL or Python decides rows."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from test_decided_rows import replaced, sound, stored
from test_joined_rows import JoinedWorld, clean_world

from ctsync.diagnostics import Findings
from ctsync.engines import built_in, duckdb_candidates, duckdb_decision
from ctsync.errors import SpecError
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.entry_text import text_of
from ctsync.model.masking import Mask
from ctsync.observe.adopted_table import AdoptedTable
from ctsync.observe.import_spec import SpecImport
from ctsync.observe.table_part import TablePart
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.entries.plain_entry import Taking
from ctsync.plan.planner import Planner
from ctsync.sources.project_sources import ProjectSources
from ctsync.state.entry_edits import changed_entry, changed_texts


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    """Decide and join rows however few there are."""
    monkeypatch.setattr(duckdb_decision, "LEAST_DECIDED", 0)
    monkeypatch.setattr(duckdb_decision, "JOINED_PAYS", 10**9)


def adopted(project, table, entries, engine):
    """What the state is afterwards, with what was counted and found on the way."""
    project = replace(project, findings=Findings(project.findings))
    sources, found = ProjectSources(project), built_in()[engine]
    planner = Planner(
        project, sources, Mask("0"), findings=project.findings, engine=found
    )
    with scratch_file() as file:
        adoption = SpecImport(file, Taking.READ)
        part = TablePart(table, project.tables[table].attributes)
        adopted = AdoptedTable(adoption, part, lambda: entries)
        for planned in planner.plan_rows(entries):
            if isinstance(planned, DecidedRows):
                adopted.add(planned)
            else:
                candidate, built = planned
                adopted.add_one(candidate, built.change, built.whole_lists)
        try:
            planner.refuse_errors()
        except SpecError as error:
            return (str(error), list(error.findings), error.findings.totals), Counter()
        texts = [*map(text_of, changed_texts(entries, adoption.edits()))]
        assert texts == [*map(text_of, changed_entry(entries, adoption.edits()))]
        counts = (adopted.read, adoption.profiles, adoption.attributes)
        return (texts, counts, list(planner.findings)), planner.decided


def both_ways(world, entries, table="people"):
    """Take a table in either way; give what came of it, and how many were decided."""
    project = sound(world.project())
    told, _ = adopted(project, table, entries, "memory")
    found, decided = adopted(project, table, entries, "duckdb")
    assert found == told
    return told, decided


@pytest.mark.parametrize(
    ("form", "seed"),
    [*(("parquet", n) for n in range(5)), ("csv", 5), ("jsonl", 6), ("jsonl", 7)],
)
def test_a_table_is_taken_in_the_same_whoever_decides(
    form, seed, tmp_path, monkeypatch
):
    chance = Random(seed)
    monkeypatch.setattr(duckdb_candidates, "_RANGE_DECIDED", chance.choice([9, 16_384]))
    world = JoinedWorld(tmp_path, chance, form)
    told, _ = both_ways(world, ())
    is_sound = isinstance(told[0], list)
    entries = stored(world, world.project(), ()) if is_sound else ()
    world.edit()
    for table in ("people", "more"):
        both_ways(world, entries, table)


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """Fifty in one table, thirty of them in another, ten in a cohort."""
    world = clean_world(tmp_path, monkeypatch)
    monkeypatch.setattr(world.chance, "random", lambda: 0.0)
    return world


@pytest.mark.parametrize(("table", "attributes"), [("people", 700), ("more", 120)])
def test_of_new_profiles_what_a_table_says_is_taken_in(clean, table, attributes):
    """Names are said by both tables."""
    (texts, counts, _), decided = both_ways(clean, (), table)
    count = {"people": 50, "more": 40}[table]
    assert (decided, counts) == (60, (count, count, attributes))
    settled = sum(text.fingerprint is not None for text in texts)
    assert settled == {"people": 20, "more": 10}[table]
    assert all(not any(b in t.line for b in UNSAID[table]) for t in texts)


def test_where_nobody_else_speaks_rows_are_taken_in_as_they_were_decided(
    clean, monkeypatch
):
    """In ranges of keys, of which the first ones stand in no other table."""
    monkeypatch.setattr(duckdb_candidates, "_RANGE_DECIDED", 9)
    adds = noted_adds(monkeypatch)
    (_, counts, _), decided = both_ways(clean, (), "people")
    assert (decided, counts) == (60, (50, 50, 700))
    assert adds


def noted_adds(monkeypatch):
    """The rows that are taken in at once from now on."""
    noted, add_decided = [], SpecImport.add_decided

    def adds(adoption, decided):
        noted.append(len(decided))
        add_decided(adoption, decided)

    monkeypatch.setattr(SpecImport, "add_decided", adds)
    return noted


def test_of_a_new_member_with_an_empty_row_nothing_is_known(clean):
    """What its cohort gives it is for a plan to send."""
    clean.more["u60"] = dict.fromkeys(clean.more["u20"])
    clean.members.append("u60")
    (texts, counts, _), decided = both_ways(clean, (), "more")
    assert (decided, counts) == (61, (41, 41, 120))
    assert (texts[-1].names, texts[-1].fingerprint) == ([], None)
    assert texts[-1].key.id == "u60"


UNSAID = {"people": (b"City", b"Tier"), "more": (b"Plan", b"Tier")}


def test_of_known_profiles_what_a_table_says_is_taken_in(clean):
    """Of whom it says nothing new, what others want makes no change but to unsettle."""
    entries = stored(clean, clean.project(), ())
    assert not any(each.fingerprint for each in entries if each.key.id < "u50")
    known = [
        replaced(each, fingerprint="0" * 32 if number % 2 else None)
        for number, each in enumerate(entries)
    ]
    for number, row in enumerate(clean.more.values()):
        row["city"] = "Bonn"
        clean.rows[f"u{number}"]["plan"] = "Gold"
    (texts, counts, _), decided = both_ways(clean, known)
    assert decided == 60
    assert counts == (50, 45, 40)  # u40 to u49 want another city alone
    settled = sum(text.fingerprint is not None for text in texts)
    assert settled == 25  # those of one table, and five that it does not name
    assert not any(b"Bonn" in text.line for text in texts)
