"""What the upload API cannot remove goes by file, where the project says so."""

import pytest
from msgspec.structs import replace

from ctsync.errors import SpecError
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.entry import KnownValue
from ctsync.plan.document.change_codec import change_line, waves_in
from ctsync.plan.document.schedule import FILES, records_of

BY_FILE = ValueContext(removals="sftp")
CATALOG = {
    "Plan": "string", "Score": "number", "Points": "counter", "Paid": "boolean",
    "Due": "date", "Tags": "list",
}  # fmt: skip


def _ways(planned, key="u1"):
    return [
        (op.attribute, op.operator, op.channel) for op in planned.change(key).operations
    ]


@pytest.mark.parametrize("name", ["Plan", "Score", "Points", "Paid", "Due", "Email"])
def test_null_deletes_any_attribute_by_file(project_view, plan, name):
    project = project_view(catalog=CATALOG, frame=BY_FILE).says("u1", {name: None})
    assert _ways(plan(project)) == [(name, "$delete", "sftp")]


def test_null_without_a_type_deletes_by_file_too(project_view, plan):
    project = project_view(frame=BY_FILE).says("u1", {"Anything": None})
    assert _ways(plan(project)) == [("Anything", "$delete", "sftp")]


def test_what_the_api_can_remove_goes_by_the_api(project_view, plan, entry):
    project = project_view(catalog=CATALOG, frame=BY_FILE)
    project = project.says("u1", {"Name": None, "Tags": None})
    known = entry(attributes={"Name": "Asha", "Tags": ["a"]})
    assert _ways(plan(project, known)) == [
        ("Name", "$delete", "api"),
        ("Tags", "$remove", "api"),
    ]


def test_what_is_known_to_be_absent_is_not_deleted(project_view, plan, entry):
    project = project_view(catalog=CATALOG, frame=BY_FILE).says("u1", {"Score": None})
    known = entry(attributes={"Score": KnownValue("Score", "number", None)})
    assert plan(project, known).changes == ()


@pytest.mark.parametrize("name", ["Plan", "Score", "Points", "Paid", "Due"])
def test_what_left_the_spec_is_deleted_by_file(project_view, plan, entry, name):
    value = {"Plan": "Gold", "Paid": True, "Due": "$D_86400"}.get(name, 5)
    owned = KnownValue(name, CATALOG[name], value, owned=True)
    project = project_view(catalog=CATALOG, undeclared="remove", frame=BY_FILE)
    planned = plan(
        project.says("u1", {"Gender": "M"}),
        entry(attributes={name: owned, "Gender": "M"}),
    )
    assert _ways(planned) == [(name, "$delete", "sftp")]
    assert planned.change().settled.forget == (name.lower(),)
    assert planned.profiles["remove"] == 1
    assert planned.codes == {}


def test_a_null_says_how_it_can_be_had(project_view, plan):
    with pytest.raises(SpecError) as caught:
        plan(project_view(catalog=CATALOG).says("u1", {"Score": None}))
    (finding,) = caught.value.findings
    assert finding.code == "CT204"
    assert "channels: {removals: sftp}" in finding.hint


def test_a_release_says_how_the_attribute_can_be_removed(project_view, plan, entry):
    owned = KnownValue("Score", "number", 5, owned=True)
    project = project_view(catalog=CATALOG, undeclared="remove")
    planned = plan(
        project.says("u1", {"Gender": "M"}),
        entry(attributes={"Score": owned, "Gender": "M"}),
    )
    assert planned.change().released == ("Score",)
    (note,) = planned.document.foot.diagnostics
    assert note.code == "CT403"
    assert "channels: {removals: sftp}" in note.hint


@pytest.mark.parametrize("id_type", ["objectId", "FBID", "GPID"])
def test_a_profile_that_no_file_can_name_is_told(project_view, faults, id_type):
    project = project_view(catalog=CATALOG, frame=BY_FILE)
    ((code, message),) = faults(project.says(f"{id_type}=x1", {"Score": None}))
    assert code == "CT204"
    assert f"finds no profile by {id_type}" in message


def test_of_such_a_profile_what_left_the_spec_is_released(project_view, plan, entry):
    owned = KnownValue("Score", "number", 5, owned=True)
    project = project_view(catalog=CATALOG, undeclared="remove", frame=BY_FILE)
    planned = plan(
        project.says("objectId=x1", {"Gender": "M"}),
        entry("objectId=x1", attributes={"Score": owned, "Gender": "M"}),
    )
    assert planned.change("objectId=x1").released == ("Score",)
    assert planned.codes == {"CT403": 1}


def test_commands_are_removed_by_no_channel(project_view, faults):
    project = project_view(frame=BY_FILE).says("u1", {"MSG-email": None})
    ((code, message),) = faults(project)
    assert (code, "no way" in message) == ("CT204", True)


def test_the_way_stands_under_the_digest(project_view, plan):
    project = project_view(catalog=CATALOG, frame=BY_FILE).says("u1", {"Score": None})
    planned = plan(project)
    (change,) = planned.changes
    by_api = replace(
        change, operations=tuple(replace(op, channel="api") for op in change.operations)
    )
    assert _digest_of(change) != _digest_of(by_api)


def _digest_of(change):
    from ctsync.model.snapshot import Account
    from ctsync.plan.document.digest import PlanDigest

    digest = PlanDigest(Account("A", "in1"), None)
    digest.add(change)
    return digest.value()


def test_what_travels_in_files_is_a_record_of_its_own_and_the_last(project_view, plan):
    project = project_view(catalog=CATALOG, frame=BY_FILE)
    planned = plan(project.says("u1", {"Score": None, "Plan": "Gold", "Points": 1}))
    found = [
        (wave, [op.attribute for op in record.operations], record.last)
        for wave, record in records_of(planned.change())
    ]
    assert found == [(1, ["Plan", "Points"], False), (FILES, ["Score"], True)]
    # Plans that are saved have these numbers in them.
    assert waves_in(change_line(planned.change())) == b"1,4"
    assert planned.summary["records"] == planned.summary["calls"] == 1
    assert planned.summary["channels"] == {"sftp": {"profiles": 1, "operations": 1}}


def test_every_kind_but_commands_names_a_channel_that_removes_it():
    ways = {name: kind.removal_channel("Anything") for name, kind in KINDS.items()}
    assert ways == {
        "boolean": "sftp", "counter": "sftp", "date": "sftp", "list": "api",
        "number": "sftp", "string": "sftp", "subscription": None,
    }  # fmt: skip
