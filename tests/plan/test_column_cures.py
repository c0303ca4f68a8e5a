"""Whatever a finding advises is YAML for its own table, and cures it there."""

import csv
import io
import json

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from ctsync.engines import built_in
from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.render.text_width import escape
from ctsync.sources.project_sources import ProjectSources

HEAD = {
    "version": 1,
    "account": {"id": "A1", "region": "in1"},
    "state": "state.jsonl",
}


def as_csv(rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def as_jsonl(rows):
    names, *rows = rows
    lines = (json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def as_parquet(rows):
    names, *rows = rows
    columns = zip(*rows, strict=True)
    sink = io.BytesIO()
    table = {name: [*cells] for name, cells in zip(names, columns, strict=True)}
    parquet.write_table(pa.table(table), sink)
    return sink.getvalue()


FORMS = {"csv": as_csv, "jsonl": as_jsonl, "parquet": as_parquet}


class Bench:
    """One table with one column, planned by both engines."""

    def __init__(self, folder, form, cells, rule, *, name="a", ids=None, attribute="A"):
        self.folder = folder
        ids = [f"u{n}" for n in range(len(cells))] if ids is None else ids
        rows = [("id", name), *zip(ids, cells, strict=True)]
        (folder / f"x.{form}").write_bytes(FORMS[form](rows))
        self.catalog = {attribute: rule} if rule else {}
        self.column = {"attribute": attribute}
        self.name = name
        self.table = {"file": f"x.{form}", "key": {"identity": "id"}}

    def findings(self):
        columns = {"columns": {self.name: self.column}} if self.column else {}
        tables = {"t": self.table | columns}
        project = HEAD | {"catalog": self.catalog, "tables": tables}
        (self.folder / "ctsync.yaml").write_text(json.dumps(project))
        told = []
        for engine in built_in().values():
            project = load_project(self.folder)
            sources = ProjectSources(project)
            planner = Planner(
                project, sources, Mask("0"), findings=project.findings, engine=engine
            )
            try:
                for _ in planner.plan_profiles(()):
                    pass
            except SpecError as error:
                planner.findings.absorb(error.findings)
            told.append(planner.findings.sorted())
        assert told[0] == told[1]
        return told[0]

    def hint(self):
        found = self.findings()
        (summed,) = [finding for finding in found if finding.rows is not None]
        assert escape(summed.hint) == summed.hint  # as it is shown, it is pasted
        return summed.hint

    def paste(self, hint):
        """Paste what is told, as somebody would who takes the first of two ways."""
        for part in hint.split(" or ")[0].split(" and "):
            text, _, more = part.partition(", with ")
            if more == "type: list in the catalog":
                self.catalog[self.column["attribute"]] = {"type": "list"}
            for option, value in yaml.safe_load(text).items():
                if option in {"map", "format", "split"}:
                    self.column[option] = value
                else:
                    self.table[option] = value
                if option == "compute" and "key" not in value:
                    self.column = None


OF_TEXT = [
    ("boolean", ["True", "False"] * 4),
    ("boolean", ["yes", "NULL", "no", "nan"] * 4),
    ("number", ["1,5", "2,25", "1.000,5", "7,1"]),
    ("counter", ["1,0", "2,0", "3,0", "4,0"]),
    ("number", ["NULL"] * 4),
    ("date", ["31/03/2027", "01/04/2027"] * 2),
    ("date", ["31.03.27"] * 4),
    ("date", ["20270331"] * 4),
    ("date", ["2027-03-31 08:30:00+00"] * 4),
    ("date", ["1806481800"] * 4),
    ("date", ["1806481800000"] * 4),
    ("date", ["2027-03-31 08:30:00.5"] * 4),
    ("date", ["2027-03-31T14:00:00.000+05:30"] * 4),
    ("list", ["x;y", "z", "x;z", "y"]),
    ("list", ['["x","y"]', "[]", '["z"]', '["x"]']),
    ("string", ['["x","y"]', '["z"]', '["x"]', '["y"]']),
]
OF_NUMBERS = [
    ("number", ["1.5", "2.5"] * 4),
    ("boolean", [1, 0] * 4),
    ("string", [1, 2] * 4),
    ("date", [1806481800] * 4),
    ("date", [1806481800000] * 4),
    ("date", [20270331] * 4),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "cells"), OF_TEXT)
def test_what_is_advised_for_a_column_cures_it(tmp_path, form, kind, cells):
    bench = Bench(tmp_path, form, cells, {"type": kind})
    bench.paste(bench.hint())
    assert bench.findings() == ()


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize(("kind", "cells"), OF_NUMBERS)
def test_what_is_advised_for_numbers_cures_them(tmp_path, form, kind, cells):
    bench = Bench(tmp_path, form, cells, {"type": kind})
    bench.paste(bench.hint())
    assert bench.findings() == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "cells",
    [
        ["98765 43210", "98765-43211", "098765 43212", "9876543213"],
        [
            "+91 98765 43210",
            "+91 98765 43211",
            "+91 98765-43212",
            "+49 (170) 1234567",
            "+44 20 7946 0958",
        ],
    ],
)
def test_what_is_advised_for_phone_numbers_cures_them(tmp_path, form, cells):
    bench = Bench(tmp_path, form, cells, None, attribute="Phone")
    bench.paste(bench.hint())
    assert bench.findings() == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "ids", [[f"{n}.0" for n in range(5)], [f"é{n}\u200b" for n in range(5)]]
)
def test_what_is_advised_for_ids_cures_them(tmp_path, form, ids):
    bench = Bench(tmp_path, form, ["x"] * 5, None, ids=ids)
    bench.paste(bench.hint())
    bench.table["key"] = {"identity": "id"}
    assert bench.findings() == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("number", "1,5"),
        ("date", "31/03/2027"),
        ("date", "1806481800"),
        ("list", "x;y"),
    ],
)
def test_one_row_has_the_same_cure_as_many(tmp_path, form, kind, cell):
    bench = Bench(tmp_path, form, [cell], {"type": kind})
    (one,) = bench.findings()
    assert cell not in one.message
    bench.paste(one.hint)
    assert bench.findings() == ()


@pytest.mark.parametrize("name", ["order", "Größe in cm", 'the "old" one', "A"])
def test_a_cure_names_a_column_as_sql_does(tmp_path, name):
    bench = Bench(tmp_path, "csv", ["1806481800"] * 4, {"type": "date"}, name=name)
    bench.paste(bench.hint())
    assert bench.findings() == ()


@pytest.mark.parametrize("form", FORMS)
def test_words_for_nothing_are_named_as_nulls(tmp_path, form):
    cells = ["NULL", "None", "\\N", "nan", "x"]
    bench = Bench(tmp_path, form, cells, None)
    bench.paste(bench.hint())
    assert bench.findings() == ()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_number_that_loses_digits_is_rounded(tmp_path, form):
    cells = ["1.12345678901234567", "2.5"] * 4
    bench = Bench(tmp_path, form, cells, {"type": "number"})
    if form == "parquet":
        bench.column, bench.table["compute"] = None, {"A": "a::DECIMAL(38, 18)"}
        assert [finding.code for finding in bench.findings()] == ["CT633"] * 5
    else:
        bench.paste(bench.hint())
        assert bench.findings() == ()
