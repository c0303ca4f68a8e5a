"""What is made of a plan while it is read is kept only if the plan is its own."""

import hashlib
import json

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.errors import PlanRefused
from ctsync.kinds.base import ValueContext
from ctsync.model.plan import PlanHead
from ctsync.model.policy import ChannelTerms
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.change_codec import change_from_data, settled_from_data
from ctsync.plan.document.plain_changes import PlainChange
from ctsync.plan.document.plan_checksum import seal_line
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
from ctsync.plan.document.plan_header import opened
from ctsync.plan.document.plan_rows import MOSTLY
from ctsync.plan.document.plan_writer import digest_for
from ctsync.plan.document.proven_changes import proven_rows
from ctsync.plan.route_bulk import by_its_size

HEAD = PlanHead(Account("TEST-4Z5", "in1"), Base())


@pytest.fixture
def saved(project_view, plan, entry, tmp_path):
    """A plan that creates, updates, removes, releases and opts in, in a file."""
    project = project_view(limits={"opt_in": 9, "remove": 9})
    project.says("u1", {"Plan": "Gold", "City": "Pune"})
    project.says("u2", {"Gender": None, "MSG-sms": True})
    project.says("u3", {"Plan": "Gold"})
    project.says("u4", {"Plan": "Free"})
    known = (
        entry("u2", attributes={"Gender": "M"}),
        entry("u3", attributes={"Plan": "Gold", "Team": "a"}),
        entry("u4", attributes={"Plan": "Free"}),
    )
    path = tmp_path / "made.plan"
    plan(project, *known).document.copy_to(path)
    return path


def forge(path, edit):
    """Edit a plan line by line, and seal it as if nobody had."""
    head, *between, foot, _ = (
        json.loads(line) for line in path.read_bytes().splitlines()
    )
    edit(head, between, foot["foot"])
    lines = [canonical(each) + b"\n" for each in (head, *between)]
    foot["foot"]["bytes"] = sum(map(len, lines))
    lines.append(canonical(foot) + b"\n")
    checksum = hashlib.sha256(b"".join(lines)).hexdigest()
    path.write_bytes(b"".join([*lines, seal_line(lines[0], lines[-1], checksum)]))


def proven_changes(plan):
    for each in proven_rows(plan):
        yield each.change() if isinstance(each, PlainChange) else each


def read(path):
    with SavedPlan(opened(path), "made.plan") as plan:
        return [*proven_changes(plan)]


def test_a_plan_as_it_was_made_is_proven(saved):
    with SavedPlan(opened(saved), "made.plan") as plan:
        assert [*proven_changes(plan)] == [*plan.check().changes()]


def test_forging_leaves_a_plan_that_it_does_not_touch(saved):
    before = saved.read_bytes()
    forge(saved, lambda *_: None)
    assert saved.read_bytes() == before


def _operand(head, between, foot):
    between[0]["change"][3][0][1] = "Thane"


def _key(head, between, foot):
    between[0]["change"][2] = "u0"


def _order(head, between, foot):
    between[0], between[1] = between[1], between[0]


def _twice(head, between, foot):
    between.insert(0, between[0])


def _gone(head, between, foot):
    del between[0]


def _forgotten(head, between, foot):
    between[0]["change"][5:] = ["0" * 32, [], [], ["x"]]


def _entry(head, between, foot):
    (settled,) = (line["settled"] for line in between if "settled" in line)
    settled["entry"] = [settled["entry"][0], [], ["plan"]]


def _way(head, between, foot):
    operations = between[0]["change"][3]
    row = (*operations[0], MOSTLY)[:3]
    operations[0] = [*row, None, None, [], [], "sftp"]


def _digest(head, between, foot):
    foot["digest"] = f"sha256:{'0' * 64}"


def _lineage(head, between, foot):
    head["base"]["lineage"] = "1" * 32


def _locked(head, between, foot):
    foot["locked"] += 1


def _places(head, between, foot):
    foot["places"] -= 1


def _opt_in(head, between, foot):
    foot["summary"]["opt_in"] = 0


def _by_file(head, between, foot):
    foot["summary"]["channels"]["sftp"]["profiles"] = 1


@pytest.mark.parametrize(
    "edit",
    [
        *(
            _operand,
            _key,
            _order,
            _twice,
            _gone,
            _forgotten,
            _entry,
            _way,
            _digest,
            _lineage,
        ),
        *(_locked, _places, _opt_in, _by_file),
    ],
)
def test_what_is_not_the_plans_own_is_refused(saved, edit):
    forge(saved, edit)
    with pytest.raises(PlanRefused) as caught:
        read(saved)
    assert caught.value.code == "plan_tampered"


def digest_again(head, between, foot):
    """Take the digest of the lines as they stand, as whoever forges well does."""
    digest = digest_for(replace(HEAD, base=Base(**head["base"])))
    for line in between:
        if "change" in line:
            digest.add(change_from_data(line["change"]))
        else:
            digest.add_settled(*settled_from_data(line["settled"]))
    foot["digest"] = digest.value()


def _settled_twice(head, between, foot):
    between.append(between[-1])


def _settled_first(head, between, foot):
    between.insert(0, between.pop())


def _no_shape(head, between, foot):
    """Two attributes that the platform takes for one."""
    operations = between[0]["change"][3]
    operations.append(["plan", *operations[1][1:]])


def _no_shape_of_more(head, between, foot):
    """The same of a change that says more, and so is read whole."""
    _no_shape(head, between, foot)
    row = between[0]["change"]
    row[5:] = [*row[5:], *(None, None, [], [], [], ["plan"])[len(row) - 5 :]]


def _locked_more(head, between, foot):
    row = between[0]["change"]
    row[5:] = [*row[5:], *(None, None, [], [], [], [], ["Plan"])[len(row) - 5 :]]


@pytest.mark.parametrize(
    "edit",
    [
        *(_order, _twice, _settled_twice, _settled_first),
        *(_no_shape, _no_shape_of_more, _locked_more),
    ],
)
def test_what_no_planner_writes_is_refused_though_its_digest_holds(saved, edit):
    def forged(head, between, foot):
        edit(head, between, foot)
        digest_again(head, between, foot)

    before = saved.read_bytes()
    forge(saved, digest_again)
    assert saved.read_bytes() == before
    forge(saved, forged)
    assert saved.read_bytes() != before
    with pytest.raises(PlanRefused):
        read(saved)


def test_what_goes_in_files_is_counted_by_profile(project_view, plan, tmp_path):
    project = project_view(frame=ValueContext(removals="sftp"), limits={"remove": 9})
    project.says("u1", {"Plan": None, "City": None}).says("u2", {"Plan": None})
    path = tmp_path / "made.plan"
    made = plan(project).document
    assert made.foot.by_file == 2
    made.copy_to(path)
    assert len(read(path)) == 2


def test_what_assigns_values_by_file_is_counted_as_well(project_view, plan):
    project = project_view().says("u1", {"Plan": "Gold"}).says("u2", {"Plan": "Free"})
    made = plan(project).document
    terms = ChannelTerms(bulk_over=0, bulk_by="sftp")
    with by_its_size(made, terms, scratch_file) as routed:
        assert routed.foot.by_file == 2
        assert [*proven_changes(routed)] == [*routed.changes()]


@pytest.mark.parametrize("name", ["create", "update", "release", "remove"])
def test_counts_that_limits_are_held_against_are_proven(saved, name):
    def edit(head, between, foot):
        foot["summary"]["profiles"][name] += 1

    forge(saved, edit)
    with pytest.raises(PlanRefused):
        read(saved)


def test_changes_come_one_by_one_before_all_are_proven(saved):
    """Whoever keeps something of them before the end keeps what may be forged."""
    forge(saved, _digest)
    with SavedPlan(opened(saved), "made.plan") as plan:
        changes = proven_changes(plan)
        assert next(changes).key.id == "u1"
        with pytest.raises(PlanRefused):
            for _ in changes:
                pass


def test_no_file_moves_a_counter_whoever_says_so(project_view, plan, entry, tmp_path):
    from ctsync.plan.document.plan_writer import check_shape

    project = project_view(catalog={"Points": "counter"}).says("u1", {"Points": 5})
    known = entry(attributes={"Points": 3})
    known = replace(
        known,
        attributes={
            name: replace(each, kind="counter")
            for name, each in known.attributes.items()
        },
    )
    (change,) = plan(project, known).changes
    assert change.operations[0].operator == "$incr"
    by_file = (replace(change.operations[0], channel="sftp"),)
    check_shape(change)
    with pytest.raises(ValueError, match="not a change"):
        check_shape(replace(change, operations=by_file))
