"""What becomes of files that are put: as the platform's docs say it."""

import csv
import io
import json
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sftp_client import SftpClient, data, manifest

from ctsync.sandbox import SftpSettings
from ctsync.sandbox.platform import Platform
from ctsync.sandbox.sftp.data_file import OPERATORS
from ctsync.sandbox.sftp.importer import Importer


@pytest.fixture
def door(serve):
    """A client of a sandbox with a door."""
    return SftpClient(serve(sftp=SftpSettings()).sandbox)


def attributes(door, identity="u1"):
    profile = door.sandbox.platform.profile("identity", identity)
    return None if profile is None else dict(profile.attributes)


def rules(door):
    return [violation.rule for violation in door.sandbox.platform.violations]


def test_values_are_assigned(door):
    report = door.send(data(("u1", "Gold", "$set"), ("u2", "Free", "$set")))
    assert attributes(door, "u1") == {"Plan": "Gold"}
    assert attributes(door, "u2") == {"Plan": "Free"}
    assert report == {
        "manifest": "a.manifest",
        "fileName": "a.csv",
        "clientEmail": "ops@example.com",
        "status": "success",
        "rows": 2,
        "failed": 0,
        "error": None,
        "failureFile": None,
    }
    assert rules(door) == []


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        ("STRING", "007", "007"),
        ("STRING", "$D_1767225600", "$D_1767225600"),
        ("INTEGER", "-7", -7),
        ("INTEGER", str(2**31 - 1), 2**31 - 1),
        ("LONG", str(2**40), 2**40),
        ("FLOAT", "0.25", 0.25),
        ("FLOAT", "5", 5.0),
        ("BOOLEAN", "true", True),
        ("BOOLEAN", "false", False),
    ],
)
def test_cells_are_read_by_their_type(door, data_type, text, value):
    columns = {"identity": "STRING", "Plan": data_type}
    door.send(data(("u1", text, "$set")), columns=columns)
    (found,) = attributes(door).values()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        ("INTEGER", "1.5"),
        ("INTEGER", str(2**31)),
        ("INTEGER", "1e3"),
        ("INTEGER", ""),
        ("LONG", str(2**63)),
        ("FLOAT", "nan"),
        ("FLOAT", "1e999"),
        ("BOOLEAN", "True"),
    ],
)
def test_a_cell_of_another_type_fails_its_row(door, data_type, text):
    columns = {"identity": "STRING", "Plan": data_type}
    report = door.send(data(("u1", text, "$set")), columns=columns)
    assert (report["status"], report["failed"]) == ("fail", 1)
    assert attributes(door) is None


def test_lists_grow_and_shrink_row_by_row(door):
    door.send(data(("u1", "a", "$add"), ("u1", "b", "$add"), ("u1", "a", "$add")))
    assert sorted(attributes(door)["Plan"]) == ["a", "b"]
    door.send(data(("u1", "a", "$remove")), name="b")
    assert attributes(door) == {"Plan": ["b"]}
    door.send(data(("u1", "b", "$remove")), name="c")
    assert attributes(door) == {}


def test_any_attribute_can_be_deleted(door):
    door.sandbox.platform.edit("identity", "u1", {"Plan": "Gold", "City": "Pune"})
    door.send(data(("u1", "", "$delete")))
    assert attributes(door) == {"City": "Pune"}
    assert rules(door) == []


def test_a_column_without_a_companion_assigns(door):
    door.send(data(("u1", "Gold"), header=("identity", "Plan")))
    assert attributes(door) == {"Plan": "Gold"}


def test_a_column_is_mapped_to_a_property(door):
    columns = {"who": {"ctName": "identity"}, "p": {"ctName": "Plan"}}
    content = data(("u1", "Gold"), header=("who", "p"))
    assert door.send(content, columns={}, name="x")["status"] == "fail"
    said = {**json.loads(manifest("a.csv")), "columns": columns}
    door.put(a_csv=content, a_manifest=json.dumps(said).encode())
    assert door.settle()["status"] == "success"
    assert attributes(door) == {"Plan": "Gold"}


def test_an_unmapped_column_makes_a_property_of_its_header(door):
    content = data(("u1", "Gold", "x"), header=("identity", "Plan", "Plna"))
    door.send(content)
    assert attributes(door) == {"Plan": "Gold", "Plna": "x"}
    assert rules(door) == ["unmapped-column"]


def test_a_command_in_a_file_has_no_effect(door):
    header = ("identity", "Plan", "MSG-email")
    columns = dict.fromkeys(header, "STRING")
    door.send(data(("u1", "Gold", "true"), header=header), columns=columns)
    assert attributes(door) == {"Plan": "Gold"}
    assert rules(door) == ["undocumented-column"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "Gold", "$set"), "identity is missing"),
        (("x" * 1024, "Gold", "$set"), "identity is not under 1024 characters"),
        (
            ("u1", "Gold", "$incr"),
            "operation on Plan is none of $set, $add, $remove, $delete",
        ),
        (("u1", "Gold"), "the row has not as many cells as the header"),
    ],
)
def test_a_failure_is_the_row_with_a_reason_in_a_last_column(door, row, reason):
    report = door.send(data(("u2", "Free", "$set"), row))
    assert (report["status"], report["rows"], report["failed"]) == ("partial", 2, 1)
    assert door.rows_of(report["failureFile"]) == [
        ["identity", "Plan", "Plan.operation", "reason"],
        [*row, reason],
    ]
    assert attributes(door, "u2") == {"Plan": "Free"}


def test_an_identity_of_1023_characters_is_taken(door):
    assert door.send(data(("x" * 1023, "Gold", "$set")))["status"] == "success"


def test_system_attributes_are_held_to_the_rules_of_the_api(door):
    header = ("identity", "Phone")
    columns = dict.fromkeys(header, "STRING")
    content = data(("u1", "12"), ("u2", "+4412345"), header=header)
    report = door.send(content, columns=columns)
    assert (report["rows"], report["failed"]) == (2, 1)
    assert attributes(door, "u2") == {"Phone": "+4412345"}
    assert attributes(door, "u1") is None


@pytest.mark.parametrize(
    "said",
    [
        b"[]",
        b'{"type": "profile"}',
        manifest("a.csv", type="event"),
        manifest("a.csv", clientEmail=None),
        manifest("a.csv", fileName=None),
        manifest("../a.csv"),
        manifest("a.csv", columns={"identity": "STRING", "Plan": "TEXT"}),
        manifest("a.csv", columns={"identity": "STRING", "City": "STRING"}),
    ],
)
def test_wrong_details_in_a_manifest_refuse_the_import(door, said):
    door.put(a_csv=data(("u1", "Gold", "$set")), a_manifest=said)
    report = door.settle()
    assert report["error"].startswith("wrong manifest details")
    assert attributes(door) is None


@pytest.mark.parametrize("said", [b"", b"{", b"\xff", b'{"type": NaN}'])
def test_nobody_hears_of_a_manifest_that_is_no_json(door, said):
    door.put(a_csv=data(("u1", "Gold", "$set")), a_manifest=said)
    assert door.settle() is None
    assert attributes(door) is None
    assert [*door.door.reports.iterdir()] == []


def test_a_manifest_without_its_data_is_refused_and_noted(door):
    door.put(a_manifest=manifest("a.csv"))
    assert door.settle()["error"] == "there is no data file"
    assert rules(door) == ["manifest-first"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b'identity,Plan\nu1,"Gold',
        b"identity,Plan\nu1,Gold\nu2,\xff\n",
        b"identity,Plan,Plan\nu1,a,b\n",
    ],
)
def test_nothing_of_an_unreadable_file_is_imported(door, content):
    report = door.send(content)
    assert report["error"].startswith("the data file is unreadable")
    assert attributes(door) is None


def test_a_file_of_the_limit_is_too_large(serve):
    content = data(("u1", "Gold", "$set"))
    for limit, status in ((len(content), "fail"), (len(content) + 1, "success")):
        settings = SftpSettings(limit_bytes=limit)
        door = SftpClient(serve(sftp=settings).sandbox)
        assert door.send(content)["status"] == status


def test_the_name_of_a_manifest_is_good_for_one_import(door):
    door.send(data(("u1", "Gold", "$set")))
    report = door.send(data(("u1", "Free", "$set")))
    assert report["error"].startswith("wrong manifest details: its name")
    assert attributes(door) == {"Plan": "Gold"}
    assert rules(door) == ["manifest-again"]


def test_a_data_file_that_two_manifests_name_is_imported_twice_and_noted(door):
    content = data(("u1", "Gold", "$set"))
    door.put(a_csv=content, a_manifest=manifest("a.csv"), b_manifest=manifest("a.csv"))
    assert door.settle()["status"] == "success"
    assert rules(door) == ["data-again"]


def test_imports_run_in_the_order_in_which_manifests_came(serve):
    settings = SftpSettings(import_delay_seconds=3600)
    door = SftpClient(serve(sftp=settings).sandbox)
    for name in "bca":
        content = data(("u1", name, "$set"))
        door.put(
            **{f"{name}_csv": content, f"{name}_manifest": manifest(f"{name}.csv")}
        )
    assert [each.is_done for each in door.door.imports] == [False] * 3
    assert attributes(door) is None
    door.settle()
    assert [each.manifest.stem for each in door.door.imports] == ["b", "c", "a"]
    assert attributes(door) == {"Plan": "a"}


def test_what_waits_is_imported_once_its_time_has_come(serve):
    settings = SftpSettings(import_delay_seconds=0.05)
    door = SftpClient(serve(sftp=settings).sandbox)
    door.put(a_csv=data(("u1", "Gold", "$set")), a_manifest=manifest("a.csv"))
    door.sandbox.stop()
    assert attributes(door) is None
    door.sandbox.start()
    door.settle()
    assert attributes(door) == {"Plan": "Gold"}


def test_a_dropped_attribute_is_imported_without_effect(serve):
    door = SftpClient(serve(sftp=SftpSettings(), drops=["plan"]).sandbox)
    assert door.send(data(("u1", "Gold", "$set")))["status"] == "success"
    assert attributes(door) == {}


SAID = manifest("a.csv")
ROWS = data(("u1", "Gold", "$set"), ("u2", "a, b", "$add"))
CELLS = st.sampled_from(("", "u1", "Gold", "$set", "$add", "$delete", "$x", 'a"b', "1"))


@st.composite
def spoilt(draw, whole):
    """Draw a file of which some bytes are others, or missing."""
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 8)))
    return whole[:start] + draw(st.binary(max_size=8)) + whole[end:]


def imported(said, content):
    """Import files beside no server, and give report, profiles and failure file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "a.manifest").write_bytes(said)
        (place / "a.csv").write_bytes(content)
        platform = Platform(None, Random(0))
        importer = Importer(platform, place, Random(0))
        importer.look_at(place / "a.manifest")
        report = importer.run(place / "a.manifest", "none")
        failed = None
        if report is not None and report.failure_file is not None:
            failed = (place / report.failure_file).read_text()
        return report, [*platform.profiles()], failed


@given(said=spoilt(SAID), content=spoilt(ROWS))
def test_no_file_is_too_spoilt_to_be_told_of(said, content):
    report, found, _ = imported(said, content)
    if report is None or report.error is not None:
        assert found == []
    else:
        assert 0 <= report.failed <= report.rows


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6))
def test_every_row_is_done_or_stands_in_the_failure_file(rows):
    report, found, failed = imported(SAID, data(*rows))
    lines = [*csv.reader(io.StringIO(failed or "", newline=""))][1:]
    good = [r for r in rows if len(r) == 3 and r[0] and r[2] in OPERATORS]
    assert [line[:-1] for line in lines] == [row for row in rows if row not in good]
    assert all(line[-1] for line in lines)
    assert (report.rows, report.failed) == (len(rows), len(lines))
    assert {each.value for each in found} == {row[0] for row in good}
