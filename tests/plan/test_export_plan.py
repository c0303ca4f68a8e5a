"""What an export writes, counts, leaves to the upload API and refuses."""

import os
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from ctsync.channels import CHANNELS
from ctsync.channels.base import ChannelSettings
from ctsync.errors import CtsyncError, ExportRefused
from ctsync.model.change import Change, Origin
from ctsync.model.masking import Mask
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.change_codec import change_line
from ctsync.plan.document.plain_changes import PlainReader
from ctsync.plan.export_plan import ExportOrder, export_changes, made_folder

GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
AGE = Operation("Age", "number", "set", 5, "unknown", after=5)
POINTS = Operation("Points", "counter", "set", 5, "unknown", after=5)
SMS = Operation("MSG-sms", "subscription", "set", True, "unknown", after=True)
TAGS = Operation("Tags", "list", "$add", ("a",), "unknown", None, ("a",))
SINCE = Operation("Since", "date", "set", "$D_86400", "unknown", after="$D_86400")
PLACE = Origin("people.yaml", 7)


def change(who, *operations, key_type="identity", origins=(PLACE,)):
    key = ProfileKey(key_type, who)
    return Change(key, "update", tuple(operations), origins)


def plain(found):
    """Read a change by its values alone, as most of a saved plan are."""
    row = PlainReader().read(change_line(found))
    assert row is not None
    return row


def by_file(operation):
    return replace(operation, channel="sftp")


@pytest.fixture
def export(tmp_path):
    def run(*changes, channel="sftp", folder="out", name="0f", **order):
        made = CHANNELS[channel](ChannelSettings("UTC", "o@example.com"))
        what = ExportOrder(name, tmp_path / folder, **order)
        return export_changes(changes, made, what, Mask("0" * 32))

    return run


def rows_in(folder):
    return [
        line
        for path in sorted(folder.glob("*.csv"))
        for line in path.read_text().splitlines()[1:]
    ]


@pytest.mark.parametrize("read", [lambda found: found, plain])
def test_what_is_written_is_counted_by_profile_and_by_operation(export, tmp_path, read):
    rows = [read(change("u1", AGE, GOLD)), read(change("u2", GOLD))]
    done = export(*rows)
    assert (done.profiles, done.operations) == (2, 3)
    assert (done.left_profiles, done.left) == (0, {})
    assert sum(part.rows for part in done.parts) == 2
    assert rows_in(tmp_path / "out") == [
        '"u1","5","$set","Gold","$set"',
        '"u2","Gold","$set"',
    ]


def test_what_only_the_upload_api_knows_is_left_to_it_and_counted(export):
    done = export(
        change("u1", SMS, GOLD, POINTS), change("u2", POINTS), change("u3", GOLD)
    )
    assert (done.profiles, done.operations, done.left_profiles) == (2, 2, 2)
    assert done.left == {
        ("MSG-sms", "set", "CT802"): 1,
        ("Points", "set", "CT801"): 2,
    }


@pytest.mark.parametrize("read", [lambda found: found, plain])
def test_of_a_plan_that_names_files_only_those_operations_are_taken(export, read):
    rows = [
        read(change("u1", AGE, by_file(GOLD))),
        read(change("u2", by_file(AGE), by_file(GOLD))),
        read(change("u3", GOLD)),
    ]
    done = export(*rows, only_own=True)
    assert (done.profiles, done.operations, done.left_profiles) == (2, 3, 2)
    assert done.left == {("Age", "set", ""): 1, ("Plan", "set", ""): 1}


def refusal(export, *changes, **order):
    with pytest.raises(ExportRefused) as caught:
        export(*changes, **order)
    return caught.value


def test_a_refusal_names_place_profile_and_attribute(export, tmp_path):
    error = refusal(export, change("u1", GOLD, TAGS), channel="csv")
    (found,) = error.findings
    assert (found.severity, found.code, found.attribute) == ("error", "CT805", "Tags")
    assert (found.file, found.line, found.row) == ("people.yaml", 7, None)
    assert found.key == {"identity": "u1"}
    assert found.hint
    assert str(error) == (
        "the dashboard's CSV upload cannot say 1 thing of this plan; "
        "nothing was written"
    )
    assert not (tmp_path / "out").exists()


def test_a_refused_row_is_named_by_its_place_and_its_profile_is_hidden(export):
    row = Origin("crm.csv", 3, row=2, table="crm")
    error = refusal(export, change("u1", TAGS, origins=(row, PLACE)), channel="csv")
    (found,) = error.findings
    assert (found.file, found.line, found.row) == ("crm.csv", 3, 2)
    assert found.key == {"identity": "crm.csv row 2 (line 3)", "masked": True}


def test_a_change_without_a_place_is_refused_without_one(export):
    (found,) = refusal(export, change("u1", TAGS, origins=()), channel="csv").findings
    assert (found.file, found.line, found.row) == (None, None, None)


def test_what_is_wrong_with_a_profile_is_said_once_and_of_no_attribute(export):
    two = (AGE, GOLD)
    error = refusal(export, change("x1", *two, key_type="objectId"))
    (found,) = error.findings
    assert (found.code, found.attribute) == ("CT803", None)


def test_all_that_cannot_be_said_is_counted(export):
    wrong = [change(f"u{number:04}", TAGS) for number in range(1200)]
    error = refusal(export, *wrong, change("v", GOLD), channel="csv")
    assert "cannot say 1,200 things of this plan" in str(error)


@pytest.mark.parametrize("read", [lambda found: found, plain])
def test_after_a_refusal_nothing_more_is_written(export, read, monkeypatch):
    """As many as come after it, what is wrong with them is told, too."""
    from ctsync.channels.part_files import PartWriter

    def refused(*_):
        raise AssertionError("written")

    for name in ("add", "add_to"):
        monkeypatch.setattr(PartWriter, name, refused)
    error = refusal(
        export, change("u1", TAGS), read(change("u2", GOLD)), change("u3", TAGS),
        channel="csv",
    )  # fmt: skip
    assert len([*error.findings]) == 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (change("u" * 1024, GOLD), "CT804"),
        (change("u\n", GOLD), "CT804"),
        (change("u1", replace(GOLD, operand="a\nb", after="a\nb")), "CT804"),
        (change("u1", AGE, replace(GOLD, operand="\x00", after="\x00")), "CT804"),
        (change("o1", GOLD, key_type="objectId"), "CT803"),
    ],
)
def test_plain_changes_that_no_row_can_say_are_refused_as_all_others(export, row, code):
    assert [f.code for f in refusal(export, plain(row)).findings] == [code]
    assert [f.code for f in refusal(export, row).findings] == [code]


def test_a_shape_is_looked_at_once(export, monkeypatch):
    from ctsync.channels.part_files import PartWriter

    asked = []
    sheets_for = PartWriter.sheets_for
    monkeypatch.setattr(
        PartWriter, "sheets_for", lambda *of: asked.append(1) or sheets_for(*of)
    )
    reader = PlainReader()
    rows = [reader.read(change_line(change(f"u{n}", GOLD))) for n in range(4)]
    assert export(*rows).profiles == 4
    assert len(asked) == 1


def test_dates_are_looked_at_one_by_one_where_clocks_may_show_them_twice(export):
    rows = [plain(change("u1", SINCE)), plain(change("u2", GOLD))]
    done = export(*rows, channel="csv")
    assert (done.profiles, done.operations) == (2, 2)
    twice = replace(SINCE, operand="$D_1e999", after="$D_1e999")
    assert refusal(export, plain(change("u1", twice)), channel="csv")


def test_the_names_of_files_say_channel_and_plan_and_their_size_is_bounded(
    export, tmp_path
):
    rows = [change(f"u{number}", GOLD) for number in range(9)]
    done = export(*rows, limit_bytes=90)
    assert [part.name for part in done.parts][:2] == [
        "ctsync-sftp-0f-1-00001.csv",
        "ctsync-sftp-0f-1-00002.csv",
    ]
    assert all(part.size < 90 for part in done.parts)
    assert sum(part.rows for part in done.parts) == 9


# Folders


def test_a_folder_is_made_for_its_owner_alone_with_those_above_it(export, tmp_path):
    before = os.umask(0)
    try:
        export(change("u1", GOLD), folder="deep/deeper")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "deep/deeper").stat().st_mode) == 0o700
    export(change("u1", GOLD), folder="deep/deeper")


def broken_off(folder, file=None):
    """Make a folder, and a file somewhere meanwhile, and break off."""
    with made_folder(folder):
        assert folder.is_dir()
        if file is not None:
            file.touch()
        raise KeyError


def test_what_was_made_of_folders_is_gone_after_an_error_and_all_else_stays(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(KeyError):
        broken_off(there / "a" / "b")
    assert [*there.iterdir()] == []
    with pytest.raises(KeyError):
        broken_off(there)
    assert there.is_dir()


def test_a_folder_that_others_used_meanwhile_is_left_to_them(tmp_path):
    with pytest.raises(KeyError):
        broken_off(tmp_path / "a" / "b", tmp_path / "a" / "mine")
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["mine"]


def test_a_folder_in_which_nothing_can_be_written_is_told(export, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(CtsyncError) as caught:
        export(change("u1", GOLD))
    assert caught.value.code == "export_unwritable"
    assert str(caught.value).startswith(f"the files cannot be written in {tmp_path}")
    assert "--out" in caught.value.hint


def test_a_device_is_no_folder():
    with pytest.raises(OSError), made_folder(Path("/dev/null")):  # noqa: PT011 - any
        pass


def test_another_export_in_the_folder_is_named_and_nothing_is_touched(export, tmp_path):
    export(change("u1", GOLD), name="0e")
    export(change("u1", GOLD), name="0f", folder="other")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(CtsyncError) as caught:
        export(change("u1", GOLD), name="0f")
    assert caught.value.code == "export_folder"
    assert "ctsync-sftp-0e-1-00001.csv" in str(caught.value)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    export(change("u1", GOLD), name="0e")
    export(change("u1", GOLD), name="0f", channel="csv")


def test_another_export_is_told_before_any_change_is_looked_at(export):
    export(change("u1", GOLD), name="0e", channel="csv")
    with pytest.raises(CtsyncError) as caught:
        export(change("u1", TAGS), channel="csv")
    assert caught.value.code == "export_folder"


def test_more_parts_of_the_same_plan_than_now_are_another_export(export):
    rows = [change(f"u{number}", GOLD) for number in range(9)]
    parts = export(*rows, limit_bytes=90).parts
    with pytest.raises(CtsyncError) as caught:
        export(*rows)
    assert caught.value.code == "export_folder"
    assert parts[1].name in str(caught.value)


def test_a_file_of_which_the_name_is_ours_as_far_as_it_goes_is_a_stranger(
    export, tmp_path
):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ctsync-sftp-0f").touch()
    with pytest.raises(CtsyncError):
        export(change("u1", GOLD), name="0f")
    (tmp_path / "out" / "ctsync-sftp-0f").unlink()
    (tmp_path / "out" / "notes.txt").touch()
    assert export(change("u1", GOLD), name="0f").profiles == 1
