"""What a project says in SQL is judged, and behind that the door is locked as well."""

import re

import pytest

from ctsync.duckdb_connection import open_connection, path_in_sql, refusals
from ctsync.formats import where_filter
from ctsync.sql_text import quoted

REACHES = (
    "SELECT content FROM read_text({secret})",
    "SELECT * FROM read_csv({secret}, header = false)",
    "SELECT * FROM glob({folder} || '/*')",
    "COPY (SELECT 1) TO {beside}",
    "EXPORT DATABASE {beside}",
    "ATTACH {beside} AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET temp_directory = {folder}",
    "RESET lock_configuration",
    "CREATE PERSISTENT SECRET s (TYPE http)",
    "SELECT * FROM a_variable_of_python",
)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "project"
    made.mkdir()
    (made / "secret.txt").write_text("CANARY-SECRET")
    (made / "rows.csv").write_text("id\nu1\n")
    return made


@pytest.mark.parametrize("query", REACHES, ids=lambda query: query[:40])
def test_a_connection_reaches_nothing_but_its_files(folder, query):
    a_variable_of_python = {"x": [1]}  # noqa: F841 - DuckDB would find it by its name
    words = {
        "secret": quoted(str(folder / "secret.txt")),
        "folder": quoted(str(folder)),
        "beside": quoted(str(folder / "new")),
    }
    with (
        open_connection(files=[folder / "rows.csv"]) as connection,
        pytest.raises(refusals()) as caught,
    ):
        connection.execute(query.format(**words)).fetchall()
    assert "CANARY" not in str(caught.value)
    assert sorted(path.name for path in folder.iterdir()) == ["rows.csv", "secret.txt"]


@pytest.mark.parametrize("name", ["rows.csv", "a[1]*?.csv", "it's.csv", "ä b.csv"])
def test_its_files_are_read_however_they_are_called(folder, name):
    path = folder / name
    path.write_text("id\nu1\n")
    with open_connection(files=[path]) as connection:
        query = f"SELECT id FROM read_csv({path_in_sql(path)}, header = true)"
        assert connection.execute(query).fetchall() == [("u1",)]


def test_a_link_to_somewhere_else_leads_nowhere(folder):
    """A link that is put in the place of a file is refused as the file that it is."""
    link = folder / "link.csv"
    link.symlink_to(folder / "secret.txt")
    with (
        open_connection(files=[folder / "rows.csv"]) as connection,
        pytest.raises(refusals()),
    ):
        connection.execute(f"FROM read_text({path_in_sql(link)})").fetchall()


def test_what_does_not_fit_into_memory_still_spills():
    with open_connection(memory_mib=60, threads=1) as connection:
        connection.execute(
            "CREATE TEMP TABLE t AS SELECT i, repeat(md5(i::VARCHAR), 10) AS s "
            "FROM range(300000) r(i)"
        )
        query = "SELECT count(*) FROM (SELECT s FROM t ORDER BY s)"
        assert connection.execute(query).fetchall() == [(300_000,)]


def test_a_condition_that_slips_through_the_filter_reads_no_other_file(
    folder, monkeypatch
):
    """The lock holds by itself: here nothing is judged at all."""
    from ctsync.cli.app import run

    def unjudged(_connection, text):
        names = re.findall(r"\bid\b", text)[:1]
        return where_filter.Expression(re.sub(r"\bid\b", "w1", text), tuple(names))

    monkeypatch.setattr("ctsync.sources.table_rows.checked_condition", unjudged)
    secret = folder / "secret.txt"
    where = f"id <> (SELECT content FROM read_text('{secret}'))"
    (folder / "ctsync.yaml").write_text(
        "version: 1\naccount: {id: A-1, region: in1}\nstate: state.jsonl\n"
        "tables:\n  t: {file: rows.csv, key: {identity: id}, columns: {id: Plan},\n"
        f'      where: "{where}"}}\n'
    )
    monkeypatch.chdir(folder)
    assert run(["plan"]) == 1
