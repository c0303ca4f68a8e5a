"""The saved plan: every field comes back, and nothing comes back changed."""

import json
import os
import stat
from dataclasses import fields

import pytest

from ctsync.canon import canonical, sha256
from ctsync.errors import CtsyncError, PlanRefused
from ctsync.model.change import Change, Origin, Settled
from ctsync.model.key import Key
from ctsync.model.operation import Operation
from ctsync.model.snapshot import Account, Base
from ctsync.model.target import Target
from ctsync.plan.document import PlanFoot, PlanHead, PlanWriter, open_plan
from ctsync.plan.policy import Blocked

HEAD = PlanHead(
    Account("TEST-4Z5", "in1", "http://127.0.0.1:8765"),
    Base("0" * 32, 41, "d" * 64),
    environment="prod",
    project="crm",
    first_run=True,
    targets=("identity=u*",),
    excludes=("attribute=Plan",),
    accepted={"update": 412},
    records_per_call=7,
    hides_identities=True,
    sandbox=True,
    inputs=(("people/jack.yaml", "ab" * 16),),
)
CHANGE = Change(
    Key("objectId", "o1"),
    "update",
    (
        Operation("Points", "counter", "$incr", 20, "known", before=100, after=120),
        Operation(
            "Tags",
            "list",
            "$add",
            ("a", "é"),
            "uncertain",
            before=(),
            after=("a", "é"),
            step=2,
            certain=False,
            sensitive=True,
            since="run-7",
            ours=("a",),
            excluded=("x",),
        ),
        Operation("Vip", "boolean", "set", False, "unknown", after=False),
    ),
    origins=(Origin("people/jack.yaml", 3), Origin("t.csv", None, 4, "vip", "loyalty")),
    released=("Team",),
    targets=(
        Target("Points", "counter", 120, write="once"),
        Target("Vip", "boolean", value=False),
        Target("Zero", "number", 0),
        Target("Tags", "list", exact=(), leaving=True),
        Target("More", "list", include=("a",), exclude=("x",), take_back=("b",)),
        Target("Name", "string", sensitive=True),
    ),
    settled=Settled("f" * 32, ("vip",), ("team",)),
    opt_in=True,
)
FOOT = PlanFoot(
    summary={"profiles": {"create": 1, "update": 2, "release": 3}},
    blocked=(Blocked("limits.update", "30%", 412, "--accept update=412"),),
    left_out=5,
    locked=6,
    diagnostics=({"severity": "info", "code": "CT404"},),
    diagnostic_totals={"CT404": 1},
)
SETTLED = (Key("identity", "u9"), Settled("e" * 32, ("gold", "vip"), ("a", "b")))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "made.ctplan"
    with path.open("wb") as file:
        writer = PlanWriter(file, HEAD)
        writer.add_change(CHANGE)
        writer.add_settled(*SETTLED)
        writer.close(FOOT)
    return path


@pytest.fixture
def refused(tmp_path):
    """Give the code with which the bytes are refused."""

    def check(data: bytes) -> str:
        path = tmp_path / "altered.ctplan"
        path.write_bytes(data)
        with pytest.raises(PlanRefused) as caught:
            open_plan(path)
        return caught.value.code

    return check


def test_the_head_comes_back(saved):
    assert open_plan(saved).head == HEAD


def test_changes_come_back_as_often_as_asked(saved):
    plan = open_plan(saved)
    assert list(plan.changes()) == [CHANGE]
    assert list(plan.changes()) == [CHANGE]


def test_what_is_settled_comes_back(saved):
    assert list(open_plan(saved).settled()) == [SETTLED]


def test_the_foot_comes_back_with_the_digest(saved):
    foot = open_plan(saved).foot
    for field in fields(PlanFoot):
        if field.name != "digest":
            assert getattr(foot, field.name) == getattr(FOOT, field.name)
    assert foot.digest.startswith("sha256:")
    assert foot.changes == 6


def test_the_example_leaves_no_field_at_its_default():
    """So that a field which is forgotten in the document shows here."""
    for example in (HEAD, CHANGE, CHANGE.operations[1], CHANGE.settled):
        for field in fields(example):
            assert getattr(example, field.name) != field.default, field.name


def test_every_flipped_byte_is_refused(saved):
    data = saved.read_bytes()
    with saved.open("r+b", buffering=0) as file:
        for place, byte in enumerate(data):
            os.pwrite(file.fileno(), bytes([byte ^ 1]), place)
            with pytest.raises(PlanRefused, match="checksum does not hold"):
                open_plan(saved)
            os.pwrite(file.fileno(), bytes([byte]), place)
    assert open_plan(saved).head == HEAD


def test_every_truncation_is_refused(saved):
    for length in reversed(range(saved.stat().st_size)):
        os.truncate(saved, length)
        with pytest.raises(PlanRefused, match="checksum does not hold"):
            open_plan(saved)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: lines[:1] + lines[2:],
        lambda lines: [lines[0], *lines[2:0:-1], *lines[3:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines, b"\n"],
        lambda lines: [b"\n", *lines],
        lambda lines: lines[1:],
        lambda _: [b"not a plan\n"],
        lambda _: [b"{}\n"],
        lambda _: [bytes(range(256))],
    ],
)
def test_lines_that_were_moved_added_or_dropped_are_refused(saved, refused, spoil):
    lines = saved.read_bytes().splitlines(keepends=True)
    assert refused(b"".join(spoil(lines))) == "plan_tampered"


def test_a_newer_format_is_refused_though_its_checksum_holds(saved, refused):
    *body, _ = saved.read_bytes().splitlines(keepends=True)
    head = json.loads(body[0])
    head["format"] = "ctsync.savedplan/2"
    body[0] = canonical(head) + b"\n"
    seal = canonical({"checksum": sha256(*body)}) + b"\n"
    assert refused(b"".join([*body, seal])) == "plan_format"


def test_a_head_that_lacks_a_field_is_refused(saved, refused):
    *body, _ = saved.read_bytes().splitlines(keepends=True)
    head = json.loads(body[0])
    del head["accepted"]
    body[0] = canonical(head) + b"\n"
    seal = canonical({"checksum": sha256(*body)}) + b"\n"
    assert refused(b"".join([*body, seal])) == "plan_unreadable"


def test_a_plan_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PlanRefused) as caught:
        open_plan(tmp_path / "none.ctplan")
    assert (caught.value.code, caught.value.exit_code) == ("plan_unreadable", 4)


def test_a_saved_plan_is_for_its_owner_alone(saved, tmp_path):
    copy = tmp_path / "copy.ctplan"
    copy.touch(0o644)
    open_plan(saved).copy_to(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert copy.read_bytes() == saved.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "copy.ctplan", "made.ctplan",
    ]  # fmt: skip


def test_a_place_that_cannot_be_written_is_named(saved, tmp_path):
    with pytest.raises(CtsyncError) as caught:
        open_plan(saved).copy_to(tmp_path / "no folder" / "plan")
    assert "no folder" in caught.value.message


def test_long_lines_come_back_whole(tmp_path):
    path = tmp_path / "long.ctplan"
    fat = Operation("Plan", "string", "set", "x" * 300_000, "unknown")
    changes = [Change(Key("identity", f"u{n}"), "create", (fat,)) for n in range(4)]
    with path.open("wb") as file:
        writer = PlanWriter(file, HEAD)
        for change in changes:
            writer.add_change(change)
        writer.close(FOOT)
    assert list(open_plan(path).changes()) == changes


def test_two_readers_of_one_nameless_file_do_not_disturb_each_other(saved):
    plan = open_plan(saved)
    first, second = plan.changes(), plan.settled()
    assert (next(second), next(first)) == (SETTLED, CHANGE)


def test_a_plan_holds_no_time_host_or_user(saved):
    head = json.loads(saved.read_text().splitlines()[0])
    assert set(head) == {
        "format", "tool_version", "account", "base", "environment", "first_run",
        "targets", "excludes", "accepted", "records_per_call", "hides_identities",
        "sandbox", "inputs", "project",
    }  # fmt: skip
