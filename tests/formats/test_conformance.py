"""What every format of data files promises, over the registry of formats.

A format of another package is under it as soon as it is installed, with a bench (see
conftest.py).
"""

import random

import pytest

from ctsync.engines import built_in
from ctsync.errors import CtsyncError, SpecError
from ctsync.formats import ending_of, endings, format_of
from ctsync.formats.base import FileFormat
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.snapshot import Account, Base
from ctsync.observe.exports.export_rows import ExportFile
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sources.export_survey import survey_export
from ctsync.sources.project_sources import ProjectSources

HEAD = PlanHead(Account("TEST-1", "in1"), Base("0" * 32, 3, "d" * 64))
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1}
state: state.jsonl
tables:
  t:
    file: "rows*"
    key: {identity: id}
    columns: {city: City, plan: Plan}
"""
NAMES = ("id", "city", "plan")
ROWS = [
    ("u1", "Pune", "Gold"),
    ("u2", "São Paulo", None),
    ("u3", None, "Free"),
    ("u4", " padded ", "0123"),
    ("u5", "null", "1e5"),
    ("u6", "it's", "'"),
    ("u7", "😀", "x" * 400),
]
SAID = {
    row[0]: {n.title(): c for n, c in zip(NAMES[1:], row[1:], strict=True) if c}
    for row in ROWS
}


class Folder:
    """A project whose one table has files of one format."""

    def __init__(self, root, suffix):
        self.root, self.suffix = root, suffix

    def put(self, data, *, part="", extra="", project=PROJECT):
        (self.root / "ctsync.yaml").write_text(project + extra)
        (self.root / f"rows{part}{self.suffix}").write_bytes(data)

    def sources(self):
        project = load_project(self.root)
        assert not project.findings.count("error"), list(project.findings)
        return ProjectSources(project)

    def contributions(self):
        return list(self.sources().contributions())

    def words(self):
        """Give what each row says, by its key."""
        return {
            c.key.id: {name: cell.text for name, cell in dict(c.read()).items()}
            for c in self.contributions()
        }

    def refusal(self):
        """Give the codes with which reading ends, and all that is said."""
        with pytest.raises(SpecError) as caught:
            self.contributions()
        found = caught.value.findings
        return {f.code for f in found}, "\n".join(f.as_text() for f in found)

    def plan(self, engine):
        project = load_project(self.root)
        planner = Planner(
            project,
            ProjectSources(project),
            Mask("0"),
            findings=project.findings,
            engine=built_in()[engine],
        )
        file = scratch_file()
        with make_plan(planner, HEAD, (), file) as plan:
            file.seek(0)
            return plan.foot.summary["profiles"]["create"], file.read()


@pytest.fixture
def folder(tmp_path, suffix):
    return Folder(tmp_path, suffix)


def test_a_format_derives_from_the_base_and_names_its_suffixes(form, suffix):
    assert isinstance(form, FileFormat)
    assert suffix.startswith(".")
    assert suffix in form.suffixes
    assert format_of(f"export/rows{suffix}") is form


def test_only_text_may_be_packed(form, suffix):
    packed = {each for each in endings() if each.startswith(f"{suffix}.")}
    assert packed == ({f"{suffix}.gz", f"{suffix}.zst"} if form.is_text else set())


def test_cells_come_back_as_they_stand_in_the_order_of_their_rows(folder, write):
    folder.put(write(NAMES, ROWS))
    assert folder.words() == SAID
    found = folder.contributions()
    assert [c.origin.row for c in found] == [*range(1, len(ROWS) + 1)]
    assert [c.origin.file for c in found] == [f"rows{folder.suffix}"] * len(ROWS)


def test_every_engine_makes_the_same_plan_byte_for_byte(folder, write):
    for part in range(3):
        folder.put(write(NAMES, ROWS[part::3]), part=part)
    counted, text = folder.plan("memory")
    assert counted == len(ROWS)
    assert all(folder.plan(engine) == (counted, text) for engine in built_in())


def test_a_row_has_one_digest_wherever_it_stands(folder, write):
    folder.put(write(NAMES, ROWS))
    whole = {c.key: c.digest for c in folder.contributions()}
    (folder.root / f"rows{folder.suffix}").unlink()
    for part in range(2):
        folder.put(write(NAMES, ROWS[part::2]), part=part)
    assert {c.key: c.digest for c in folder.contributions()} == whole


def test_rows_that_differ_have_digests_that_differ(folder, write):
    """Of one key, that is; the key is in the digest as well."""
    digests = set()
    for row in [("u1", "a", "b"), ("u1", "ab", None), ("u1", None, "ab")]:
        folder.put(write(NAMES, [row]))
        digests |= {each.digest for each in folder.contributions()}
    assert len(digests) == 3


def test_the_order_of_columns_and_those_nobody_wants_do_not_count(folder, write):
    folder.put(write(NAMES, ROWS))
    before = {c.key: c.digest for c in folder.contributions()}
    rows = [("n", plan, city, key) for key, city, plan in ROWS]
    folder.put(write(("note", "plan", "city", "id"), rows))
    assert {c.key: c.digest for c in folder.contributions()} == before


def test_expressions_look_at_columns(folder, write):
    folder.put(
        write(NAMES, ROWS),
        extra='    where: "city LIKE \'%P%\'"\n    compute: {Tag: "upper(city)"}\n',
    )
    assert folder.words() == {
        key: {**SAID[key], "Tag": SAID[key]["City"].upper()} for key in ("u1", "u2")
    }


def test_a_file_without_the_column_of_the_key_is_refused(folder, write):
    folder.put(write(("key", "city", "plan"), ROWS))
    codes, said = folder.refusal()
    assert codes == {"CT615"}
    assert f"rows{folder.suffix}" in said


def test_many_rows_keep_their_order(folder, write):
    rows = [(f"u{n}", f"a{n}", "b" * (n % 9)) for n in range(25_000)]
    folder.put(write(NAMES, rows))
    assert [c.key.id for c in folder.contributions()] == [row[0] for row in rows]


def test_an_empty_file_is_no_table(folder, write):
    folder.put(b"")
    codes, _ = folder.refusal()
    assert codes <= {"CT612", "CT616", "CT618"}


SECRET = "canary-9f3b"


@pytest.mark.parametrize("seed", range(10))
def test_damage_is_refused_in_words_and_quotes_no_cell(folder, write, seed):
    """Cut off, with bytes changed or put in: read, or refused as other files are."""
    chance = random.Random(seed)
    rows = [(f"u{n}", f"{SECRET}-{n}", SECRET) for n in range(50)]
    data = bytearray(write(NAMES, rows))
    for _ in range(chance.randrange(1, 6)):
        match chance.randrange(3):
            case 0:
                del data[chance.randrange(len(data)) :]
                data += b"x"
            case 1:
                data[chance.randrange(len(data))] = chance.randrange(256)
            case _:
                place = chance.randrange(len(data))
                data[place:place] = chance.randbytes(chance.randrange(1, 9))
    folder.put(bytes(data))
    try:
        folder.contributions()
    except CtsyncError as error:
        found = error.findings if isinstance(error, SpecError) else ()
        said = [error.message, error.hint or "", *(f.as_text() for f in found)]
        assert SECRET not in "\n".join(said)


def test_a_first_look_finds_columns_and_cells(folder, write):
    folder.put(write(NAMES, ROWS))
    export = survey_export(folder.root / f"rows{folder.suffix}")
    assert [column.name for column in export.columns] == [*NAMES]
    assert export.rows == len(ROWS)
    assert {*export.columns[1].words} == {row[1] for row in ROWS} - {None, "null"}


def test_an_import_sees_every_row_by_its_key(folder, write):
    names = ("identity", *NAMES[1:])
    folder.put(write(names, ROWS))
    path = folder.root / f"rows{folder.suffix}"
    found = {}
    for batch in ExportFile(path).batches(lambda _: None, whole=True):
        rows = range(len(batch))
        found |= {batch.key(at).id: batch.row(at)["city"] for at in rows}
    assert {key: city or None for key, city in found.items()} == {
        row[0]: row[1] for row in ROWS
    }


def test_a_name_is_read_by_its_longest_end():
    assert ending_of("a.csv.gz") == ".csv.gz"
    assert ending_of("rows.csv (2)") == ".csv"
    assert ending_of("a.csv.zip") is None
