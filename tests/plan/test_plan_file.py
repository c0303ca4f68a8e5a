"""The saved plan: every field comes back, and nothing comes back changed."""

import copy
import json
import os
import stat

import pytest
from msgspec.structs import fields, replace

from ctsync.canonical_json import canonical, sha256
from ctsync.diagnostics import Diagnostic
from ctsync.errors import CtsyncError, PlanRefused
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.operation import Operation
from ctsync.model.plan import BlockedRule, PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.plan_checksum import seal_line
from ctsync.plan.document.plan_file import open_plan
from ctsync.plan.document.plan_header import open_ends
from ctsync.plan.document.plan_writer import PlanWriter

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
    timezone="Asia/Kolkata",
    sandbox=True,
    passcode_variable="CRM_PASSCODE",
    notify_host="hooks.example.com",
    import_door="A@sftp.example.com:22 SHA256:abc imports",
    tool_version="0.0.9",
    inputs=(("people/jack.yaml", "ab" * 16),),
    talks_to={"account": "TEST-4Z5", "region": "in1"},
    talked_to={"account": "TEST-4Z5", "region": "eu1"},
    unmarked=("Manager",),
    revert="20270101T000000Z-a1",
)
CHANGE = Change(
    ProfileKey("objectId", "o1"),
    "update",
    (
        Operation("MSG-email", "subscription", "set", True, "unknown", after=True),
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
            channel="sftp",
        ),
    ),
    origins=(Origin("people/jack.yaml", 3), Origin("t.csv", None, 4, "vip", "loyalty")),
    released=("Team",),
    settled=EntryAfter("f" * 32, ("vip",), ("team",), (("tags", None),)),
    opt_in=True,
    once=("points",),
    locked=("Points",),
    left=("early",),
)
FOOT = PlanFoot(
    summary={"profiles": {"entries": 9, "unchanged": 7}, "once_held": 2},
    blocked=(BlockedRule("limits.update", "30%", 412, "--accept update=412"),),
    left_out=5,
    skips={"loyalty": (1, 100)},
    diagnostics=(Diagnostic("info", "CT404", "written once"),),
    diagnostic_totals={"CT404": 1},
)
SETTLED = (
    ProfileKey("identity", "u9"),
    EntryAfter("e" * 32, ("gold", "vip"), ("a", "b"), (("x", ("v",)),)),
)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "made.ctplan"
    with path.open("wb") as file:
        writer = PlanWriter(file, HEAD)
        writer.add_settled(*SETTLED)
        writer.add_change(CHANGE)
        writer.close(FOOT)
    return path


@pytest.fixture
def reads(monkeypatch):
    """Give how many bytes each read brings."""
    sizes, pread = [], os.pread

    def watched(*words):
        sizes.append(len(block := pread(*words)))
        return block

    monkeypatch.setattr("os.pread", watched)
    return sizes


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
    for name in ("blocked", "left_out", "skips", "diagnostics", "diagnostic_totals"):
        assert getattr(foot, name) == getattr(FOOT, name)
    assert foot.survey == ChangeStatistics.of([CHANGE])
    assert foot.digest.startswith("sha256:")
    assert (foot.changes, foot.places, foot.locked) == (1, 1, 1)


def test_the_foot_counts_what_the_changes_say_and_keeps_what_they_do_not(saved):
    assert open_plan(saved).foot.summary == {
        "profiles": {
            "entries": 9, "create": 0, "update": 1, "release": 0, "remove": 0,
            "undeclared": 0, "unchanged": 7, "skipped": 0,
        },
        "operations": {
            "set": 1, "$add": 1, "$remove": 0, "$incr": 1, "$decr": 0, "$delete": 0,
        },
        "opt_in": 1, "once_held": 2, "records": 2, "calls": 2,
        "channels": {"sftp": {"profiles": 1, "operations": 1}},
    }  # fmt: skip


def test_the_example_leaves_no_field_at_its_default():
    """So that a field which is forgotten in the document shows here."""
    for example in (HEAD, CHANGE, CHANGE.operations[2], CHANGE.settled):
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


def sealed(head, *between, foot):
    """Give a plan with other ends, sealed as if it had been written so."""
    first = canonical(head) + b"\n"
    middle = b"".join(between)
    foot["foot"]["bytes"] = len(first) + len(middle)
    last = canonical(foot) + b"\n"
    checksum = sha256(first, middle, last)
    return first + middle + last + seal_line(first, last, checksum)


@pytest.fixture
def ends(saved):
    """Give head, lines between and foot of the saved plan."""
    first, *between, last, _ = saved.read_bytes().splitlines(keepends=True)
    return json.loads(first), between, json.loads(last)


def test_a_newer_format_is_refused_as_such(ends, refused):
    head, between, foot = ends
    head["format"] = "ctsync.savedplan/2"
    assert refused(sealed(head, *between, foot=foot)) == "plan_format"
    # However it is sealed, and whatever became of it.
    assert refused(canonical(head) + b"\n[]\n") == "plan_format"


@pytest.mark.parametrize("name", ["ctsync.savedplan/0", "ctsync.plan/1", None])
def test_another_format_is_refused_though_its_seal_holds(ends, refused, name):
    head, between, foot = ends
    head["format"] = name
    assert refused(sealed(head, *between, foot=foot)) == "plan_format"


@pytest.mark.parametrize("end", [0, 2])
def test_ends_that_lack_a_field_are_refused(ends, refused, end):
    whole = ends[end].get("foot") or ends[end]
    for field in whole.keys() - {"format", "bytes"}:
        head, between, foot = copy.deepcopy(ends)
        del (foot["foot"] if end else head)[field]
        data = sealed(head, *between, foot=foot)
        assert refused(data) == "plan_unreadable", field


def test_a_plan_for_a_time_zone_that_is_not_known_is_refused(ends, refused):
    head, between, foot = ends
    head["timezone"] = "Mars/Olympus"
    assert refused(sealed(head, *between, foot=foot)) == "plan_unreadable"


def test_the_ends_alone_say_what_the_whole_says(saved):
    whole, read = open_plan(saved), open_ends(saved)
    assert (read.head, read.foot) == (whole.head, whole.foot)


def test_ends_of_a_plan_that_fills_the_disk_are_read_at_once(ends, tmp_path, reads):
    """Between head and foot lie ten gigabytes that no disk has to hold."""
    head, _, foot = ends
    hole = 10 << 30
    first = canonical(head) + b"\n"
    foot["foot"]["bytes"] = len(first) + hole
    last = canonical(foot) + b"\n"
    path = tmp_path / "vast.ctplan"
    with path.open("wb") as file:
        file.write(first)
        file.seek(hole - 1, os.SEEK_CUR)
        file.write(b"\n" + last + seal_line(first, last, "0" * 64))
    assert open_ends(path).head == HEAD
    assert sum(reads) < 1 << 20


def test_a_foot_longer_than_a_block_is_found(tmp_path):
    path = tmp_path / "noisy.ctplan"
    said = Diagnostic("info", "CT404", "x" * 1000)
    foot = replace(FOOT, diagnostics=(said,) * 3000)
    with path.open("wb") as file:
        writer = PlanWriter(file, HEAD)
        writer.add_change(CHANGE)
        writer.close(foot)
    assert len(open_ends(path).foot.diagnostics) == 3000
    assert list(open_plan(path).changes()) == [CHANGE]


def test_no_flipped_byte_shows_another_summary(saved):
    """What lies between is not read; the numbers stay those of the plan made."""
    shown, data = open_ends(saved), saved.read_bytes()
    middle = range(data.index(b"\n") + 1, data.index(b'\n{"foot"'))
    with saved.open("r+b", buffering=0) as file:
        for place, byte in enumerate(data):
            os.pwrite(file.fileno(), bytes([byte ^ 1]), place)
            if place in middle:
                assert open_ends(saved) == shown
            else:
                with pytest.raises(PlanRefused, match="checksum does not hold"):
                    open_ends(saved)
            os.pwrite(file.fileno(), bytes([byte]), place)


def test_no_truncation_shows_a_summary(saved):
    for length in reversed(range(saved.stat().st_size)):
        os.truncate(saved, length)
        with pytest.raises(PlanRefused, match="checksum does not hold"):
            open_ends(saved)


def test_no_cut_shows_a_summary(saved):
    """Not even one between the ends, which are whole."""
    data = saved.read_bytes()
    for place in range(0, len(data), 7):
        saved.write_bytes(data[:place] + data[place + 1 :])
        with pytest.raises(PlanRefused, match="checksum does not hold"):
            open_ends(saved)


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
    changes = [
        Change(ProfileKey("identity", f"u{n}"), "create", (fat,)) for n in range(4)
    ]
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
        "sandbox", "inputs", "project", "passcode_variable", "notify_host",
        "import_door", "talks_to", "talked_to", "unmarked", "revert", "refreshed",
        "timezone",
    }  # fmt: skip


@pytest.mark.parametrize(
    "edit",
    [
        {"once": ("Points",)},
        {"once": ("points", "points")},
        {"released": ("Team", "Alpha")},
        {"settled": EntryAfter("f" * 32, ("vip", "all"))},
        {"settled": EntryAfter("f" * 32, (), ("TEAM",))},
        {"settled": EntryAfter("f" * 32, (), ("team",), (("Tags", None),))},
    ],
)  # fmt: skip
def test_a_change_that_no_planner_writes_so_is_refused(tmp_path, edit):
    """What is shown of a name is what is done with it, and to one attribute once."""
    path = tmp_path / "odd.plan"
    with path.open("wb") as file:
        writer = PlanWriter(file, HEAD)
        writer.add_change(replace(CHANGE, **edit))
        writer.close(FOOT)
    with pytest.raises(PlanRefused) as caught:
        open_plan(path).close()
    assert caught.value.code == "plan_tampered"
