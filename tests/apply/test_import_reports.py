"""Which reports there are, of which file each is, and what it says."""

import csv
import json
from contextlib import closing

import pytest

from ctsync.apply import import_reports
from ctsync.apply.import_reports import NamedRows, read_reports
from ctsync.channels.base import Column
from ctsync.channels.failure_file import columns_of
from ctsync.errors import CtsyncError
from ctsync.model.due_import import DueImport, ImportFile

COLUMNS = (Column("City", "set", "string"),)
# The name of one begins with that of the other.
SHORT, LONG = (
    DueImport(ImportFile(f"{stem}.csv", f"{stem}.m", COLUMNS, 9, 900, "0"), "r", 0, 9)
    for stem in ("ctsync-1", "ctsync-1-2")
)
DUE = (SHORT, LONG)


@pytest.fixture
def named():
    with closing(NamedRows()) as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    (made := tmp_path / "reports").mkdir()
    return made


def failed(path, *identities, of=SHORT):
    """Write a failure file of a row for each."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([*columns_of(of.file), "why"])
        lines.writerows([each, "Oslo", "$set", "no"] for each in identities)
    return path


def body(path, **said):
    path.write_text(json.dumps(said))
    return path


def row(identity):
    return (identity, "Oslo", "$set")


def refused(place, named, due=DUE):
    with pytest.raises(CtsyncError) as error:
        read_reports(place, due, named)
    return error.value


def test_rows_come_by_identity_and_file_from_all_reports(folder, named):
    failed(folder / "ctsync-1-failed.csv", "b", "a", "b")
    failed(folder / "ctsync-1-again.csv", "a")
    failed(folder / "ctsync-1-2-failed.csv", "b", of=LONG)
    read_reports(folder, DUE, named)
    assert named.counts == {"ctsync-1.csv": 4, "ctsync-1-2.csv": 1}
    assert [*named.by_identity()] == [
        ("a", {"ctsync-1.csv": [row("a"), row("a")]}),
        ("b", {"ctsync-1.csv": [row("b"), row("b")], "ctsync-1-2.csv": [row("b")]}),
    ]
    assert {name: len(found) for name, found in named.reports.items()} == {
        "ctsync-1.csv": 2,
        "ctsync-1-2.csv": 1,
    }
    assert (named.refused, named.before) == (set(), set())


def test_a_report_without_rows_is_one_all_the_same(folder, named):
    read_reports(failed(folder / "ctsync-1-failed.csv"), DUE, named)
    assert (named.counts, [*named.by_identity()]) == ({"ctsync-1.csv": 0}, [])
    assert [*named.reports] == ["ctsync-1.csv"]


def test_a_report_that_was_read_before_is_not_read_again(folder, named):
    path = failed(folder / "ctsync-1-failed.csv", "a")
    read_reports(path, DUE, named)
    ((_, digests),) = named.reports.items()
    read = DueImport(SHORT.file, "r", 0, 9, reports=tuple(digests))
    with closing(NamedRows()) as again:
        read_reports(path, [read], again)
        assert (again.counts, again.before) == ({"ctsync-1.csv": 0}, {"ctsync-1.csv"})
        assert (again.reports, [*again.by_identity()]) == ({}, [])


def test_of_a_folder_what_is_named_after_no_file_is_left_alone(folder, named):
    failed(folder / "another.csv", "a")
    (folder / "ctsync-1-failed.txt").write_text("not a report")
    body(folder / "another.json", fileName="another.csv", status="fail", error="x")
    read_reports(folder, DUE, named)
    assert (named.counts, named.reports) == ({}, {})
    assert refused(folder / "another.csv", named).code == "CT821"
    assert refused(folder / "another.json", named).code == "CT821"


@pytest.mark.parametrize("place", ["nowhere", "nowhere/ctsync-1-failed.csv"])
def test_what_is_not_there_is_no_report(folder, named, place):
    found = refused(folder / place, named)
    assert (found.code, "No such file" in found.message) == ("CT822", True)


def test_a_folder_among_reports_is_none(folder, named):
    (folder / "ctsync-1-failed.csv").mkdir()
    found = refused(folder, named)
    assert (found.code, "no regular file" in found.message) == ("CT822", True)


def test_a_folder_that_is_called_like_a_report_is_looked_into(tmp_path, named):
    (folder := tmp_path / "ctsync-1.csv").mkdir()
    failed(folder / "ctsync-1-failed.csv", "a")
    read_reports(folder, DUE, named)
    assert named.counts == {"ctsync-1.csv": 1}


@pytest.mark.parametrize("name", ["ctsync-1-body.json", "any.json"])
@pytest.mark.parametrize(
    ("more", "is_refused"),
    [
        ({"status": "fail", "error": "no data file"}, True),
        ({"status": "fail", "error": ""}, True),
        ({"status": "fail", "error": None}, False),
        ({"status": "fail"}, False),
        ({"status": "partial", "error": "some"}, False),
        ({}, False),
    ],
)
def test_a_webhook_says_whether_nothing_was_taken(
    folder, named, name, more, is_refused
):
    read_reports(body(folder / name, fileName="ctsync-1.csv", **more), DUE, named)
    assert named.refused == ({"ctsync-1.csv"} if is_refused else set())
    assert named.counts == {"ctsync-1.csv": 0}
    assert [*named.reports] == ["ctsync-1.csv"]


def test_a_webhook_speaks_of_the_file_that_it_is_named_after(folder, named):
    found = refused(body(folder / "ctsync-1.json", fileName="ctsync-1-2.csv"), named)
    assert (found.code, "does not speak of" in found.message) == ("CT822", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "no body of a webhook"),
        ('"ctsync-1.csv"', "no body of a webhook"),
        ("{", "not JSON"),
        ("", "not JSON"),
    ],
)
def test_what_no_webhook_was_sent_is_refused(folder, named, text, words):
    (folder / "any.json").write_text(text)
    found = refused(folder / "any.json", named)
    assert (found.code, words in found.message) == ("CT822", True)


def test_a_body_is_as_long_as_a_megabyte_and_no_longer(folder, named):
    path = body(folder / "any.json", fileName="ctsync-1.csv")
    path.write_text(path.read_text().ljust(1 << 20))
    read_reports(path, DUE, named)
    assert named.counts == {"ctsync-1.csv": 0}
    path.write_text(path.read_text() + " ")
    assert refused(path, named).code == "CT822"


def test_a_folder_has_as_many_reports_as_may_be_and_no_more(folder, named, monkeypatch):
    assert import_reports.MOST_REPORTS == 10_000
    monkeypatch.setattr(import_reports, "MOST_REPORTS", 2)
    failed(folder / "ctsync-1-a.csv", "a")
    failed(folder / "ctsync-1-b.csv", "b")
    read_reports(folder, DUE, named)
    assert named.counts == {"ctsync-1.csv": 2}
    (folder / "another.csv").touch()
    found = refused(folder, named)
    assert (found.code, "more than 2 files" in found.message) == ("CT822", True)


def test_reports_are_read_in_the_order_of_their_names(folder, named, monkeypatch):
    """Whatever order the disk has, the same fault is told."""
    for name in ("ctsync-1-b.csv", "ctsync-1-a.csv", "ctsync-1-c.csv"):
        (folder / name).write_bytes(b"odd")
    monkeypatch.setattr(
        "pathlib.Path.iterdir",
        lambda self: iter([self / f"ctsync-1-{each}.csv" for each in "bac"]),
    )
    assert refused(folder, named).message.startswith("ctsync-1-a.csv is no report")
