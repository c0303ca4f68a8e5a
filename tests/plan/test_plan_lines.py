"""The lines of a saved plan, one by one: how they are read, written and refused."""

import errno
import os
import tempfile

import pytest
from descriptors import open_below
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse, sha256
from ctsync.errors import CtsyncError, PlanRefused
from ctsync.kinds import KINDS
from ctsync.model.change import Change, EntryAfter, Origin
from ctsync.model.change_statistics import traits_of
from ctsync.model.entry import membership_in
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.change_codec import (
    ChangeLine,
    as_planned,
    change_from_data,
    change_from_line,
    change_line,
    settled_from_data,
    settled_from_line,
    settled_line,
)
from ctsync.plan.document.plan_checksum import lines, seal_line
from ctsync.plan.document.plan_file import (
    SavedPlan,
    open_plan,
    room_for_plan,
    scratch_file,
)
from ctsync.plan.document.plan_rows import form_from, is_shown
from ctsync.plan.document.plan_writer import PlanWriter

KEY = ProfileKey("identity", "u1")
GOLD = Operation("Plan", "string", "set", "Gold", "unknown", after="Gold")
CHANGE = Change(KEY, "update", (GOLD,), (Origin("a.yaml", 1),))
LATER = ProfileKey("identity", "u2")
SETTLED = EntryAfter("f" * 32, ("vip",), ("a",), (("tags", ("v",)),))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "made.ctplan"
    with path.open("wb") as file:
        writer = PlanWriter(file, PlanHead(Account("A", "in1"), Base()))
        writer.add_change(CHANGE)
        writer.add_settled(LATER, SETTLED)
        writer.close(PlanFoot())
    return path


# Read


def test_a_plan_gives_its_lines_as_changes_as_entries_and_as_they_are(saved):
    with open_plan(saved) as plan:
        assert [each.change() for each in plan.lines()] == [CHANGE]
        assert [each.traits for each in plan.lines()] == [traits_of(CHANGE)]
        assert list(plan.each()) == [CHANGE, (LATER, SETTLED)]
        assert list(plan.keyed_lines()) == [
            (KEY, change_line(CHANGE)),
            (LATER, settled_line(LATER, SETTLED)),
        ]


def test_a_plan_in_which_nothing_is_to_do_is_read_as_such(tmp_path):
    path = tmp_path / "empty.ctplan"
    with path.open("wb") as file:
        PlanWriter(file, PlanHead(Account("A", "in1"), Base())).close(PlanFoot())
    with open_plan(path) as plan:
        assert (list(plan.each()), plan.foot.changes) == ([], 0)


def test_what_a_line_says_is_read_without_the_line():
    said = parse(change_line(CHANGE))["change"]
    assert change_from_data(said) == CHANGE
    said = parse(settled_line(LATER, SETTLED))["settled"]
    assert settled_from_data(said) == (LATER, SETTLED)


def test_lines_are_read_whole_however_the_file_ends():
    with tempfile.TemporaryFile() as file:
        file.write(b"one\ntwo")
        file.flush()
        assert list(lines(file)) == [b"one\n", b"two"]
        file.write(b"\n")
        file.flush()
        assert list(lines(file)) == [b"one\n", b"two\n"]


# Refused


def test_what_is_no_line_of_its_sort_is_refused():
    change, settled = change_line(CHANGE), settled_line(LATER, SETTLED)
    for read, data in (
        (change_from_line, settled),
        (settled_from_line, change),
        (change_from_data, ["update"]),
        (settled_from_data, {}),
    ):
        with pytest.raises(ValueError, match=r"."):
            read(data)


LONG = replace(
    CHANGE,  # with rows that say all that a row may say
    operations=(Operation("A", "number", "set", 1, "known", None, True),),
    origins=(Origin("t.csv", 3, 2, "vip", "t"),),
)


@pytest.mark.parametrize(
    ("line", "read", "where"),
    [
        (change_line(CHANGE), change_from_line, ()),
        (settled_line(LATER, SETTLED), settled_from_line, ()),
        (settled_line(LATER, SETTLED), settled_from_line, ("settled",)),
        (
            change_line(
                replace(
                    CHANGE, once=("a",), locked=("a",), left=("a",), released=("B",)
                )
            ),
            change_from_line,
            ("change",),
        ),
        (change_line(LONG), change_from_line, ("change", 3, 0)),
        (change_line(LONG), change_from_line, ("change", 4, 0)),
    ],
)
def test_a_line_that_says_more_is_refused(line, read, where):
    data = parse(line)
    within = data
    for step in where:
        within = within[step]
    if isinstance(within, dict):
        within["more"] = 1
    else:
        within.append(1)
    read(line)
    with pytest.raises(ValueError, match=r"."):
        read(canonical(data))


def test_a_form_of_a_kind_that_nobody_added_is_told_as_such():
    """Whatever its name has in it: digits are marks elsewhere in a form."""
    for kind in ("colour", "h2o"):
        with pytest.raises(PlanRefused) as caught:
            form_from(f"=?{kind}")
        assert caught.value.code == "kind_missing"


def resealed(saved, change):
    """Give a saved plan with another first line of a change, and right in its seals."""
    first, line, *rest, foot, _ = saved.read_bytes().splitlines(keepends=True)
    body = b"".join([first, change(line), *rest])
    data = parse(foot)
    data["foot"]["bytes"] = len(body)
    last = canonical(data) + b"\n"
    return body + last + seal_line(first, last, sha256(body, last))


def with_places(places):
    def change(line):
        data = parse(line)
        data["change"][4] = places
        return canonical(data) + b"\n"

    return change


@pytest.mark.parametrize(
    "places", [[["a", 1, 7]], [[5]], [["a", "1"]], ["abc"], "abc", {"a": 1}, 7, None]
)
def test_places_that_nobody_writes_are_refused_before_anything_is_sent(
    saved, tmp_path, places
):
    """Neither digest nor counts cover them, and a state could not fold them."""
    forged = tmp_path / "forged.ctplan"
    forged.write_bytes(resealed(saved, lambda line: line))
    open_plan(forged).close()
    forged.write_bytes(resealed(saved, with_places(places)))
    with pytest.raises(PlanRefused) as caught:
        open_plan(forged)
    assert caught.value.code == "plan_tampered"


def test_changes_behind_a_whole_plan_are_refused(saved, tmp_path):
    """Counts and digest are right as far as the first foot, and all seals hold."""
    whole = saved.read_bytes()
    first, *_, foot, _ = whole.splitlines(keepends=True)
    data = parse(foot)
    hidden = whole + change_line(replace(CHANGE, key=ProfileKey("identity", "u9")))
    data["foot"]["bytes"] = len(hidden)
    last = canonical(data) + b"\n"
    seal = seal_line(first, last, sha256(hidden, last))
    forged = tmp_path / "forged.ctplan"
    forged.write_bytes(hidden + last + seal)
    with pytest.raises(PlanRefused) as caught:
        open_plan(forged)
    assert caught.value.code == "plan_tampered"


def test_a_signature_that_is_no_text_is_refused(saved):
    with SavedPlan(saved.open("rb"), "made") as plan:
        said = {"checksum": plan.checksum, "signature": 5}
    first, *between, foot, seal = saved.read_bytes().splitlines(keepends=True)
    odd = canonical({**parse(seal), **said}) + b"\n"
    saved.write_bytes(b"".join([first, *between, foot, odd]))
    with pytest.raises(PlanRefused) as caught:
        open_plan(saved)
    assert caught.value.code == "plan_tampered"


def test_a_refused_plan_lets_go_of_its_file(saved):
    first, change, *rest = saved.read_bytes().splitlines(keepends=True)
    edited = [first, change.replace(b"Gold", b"Lead"), *rest]
    data = b"".join(edited[:-1])
    seal = seal_line(first, edited[-2], sha256(data))
    saved.write_bytes(data + seal)
    with pytest.raises(PlanRefused) as caught:
        open_plan(saved)
    assert open_below(saved.parent) == []
    assert caught.value.code == "plan_tampered"


def test_a_disk_without_room_for_a_plan_is_told_with_what_to_do():
    with pytest.raises(CtsyncError, match="No space left") as caught, room_for_plan():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.code == "plan_unwritable"
    assert tempfile.gettempdir() in caught.value.message
    assert "TMPDIR" in caught.value.hint


def test_where_no_folder_takes_a_plan_none_is_named(monkeypatch):
    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    wanted = "kept in a folder for temporary files: No usable temporary directory"
    with pytest.raises(CtsyncError, match=wanted), room_for_plan():
        scratch_file()


def test_what_keeps_a_plan_from_its_place_is_told_with_what_to_do(saved, tmp_path):
    with open_plan(saved) as plan:
        for place, has_folder in ((tmp_path / "no" / "plan", False), (tmp_path, True)):
            with pytest.raises(CtsyncError) as caught:
                plan.copy_to(place)
            assert caught.value.hint.startswith("make its folder") is not has_folder


# Written


NAMES = ("delta", "alpha", "Charlie", "bravo", "echo", "foxtrot")


@pytest.mark.parametrize(
    "fields",
    [
        {"released": NAMES},
        {"once": NAMES},
        {"locked": NAMES},
        {"left": NAMES},
        {"settled": EntryAfter(cohorts=NAMES)},
        {"settled": EntryAfter(cohorts=NAMES[:2])},
        {"settled": EntryAfter(forget=NAMES)},
        {"settled": EntryAfter(ours=tuple((name, None) for name in NAMES))},
    ],
)
def test_a_planner_writes_names_in_one_order_and_each_once(fields):
    planned = as_planned(replace(CHANGE, **fields))
    twice = {name: _doubled(value) for name, value in fields.items()}
    assert as_planned(replace(CHANGE, **twice)) == planned
    assert as_planned(planned) == planned
    for name in fields:
        assert getattr(planned, name) != fields[name]
    settled = planned.settled
    names = (planned.released, planned.once, planned.locked, planned.left)
    for each in (*names, settled.cohorts, settled.forget, settled.ours):
        assert list(each) == sorted(each)


def _doubled(value):
    if isinstance(value, EntryAfter):
        parts = {"cohorts": value.cohorts * 2, "forget": value.forget * 2}
        return replace(value, **parts, ours=value.ours[::-1])
    return value[::-1] * 2


def test_cohorts_that_are_all_of_tables_stand_in_their_origins_alone():
    origins = tuple(Origin("t.csv", row=1, table=name) for name in NAMES)
    cohorts = tuple(sorted(map(membership_in, NAMES)))
    change = replace(CHANGE, origins=origins, settled=EntryAfter(cohorts=cohorts))
    line = change_line(change)
    assert line.count(b"foxtrot") == 1
    assert change_from_line(line) == change
    assert ChangeLine(line).rows()["settled"][1] == cohorts


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        (("$incr", 5, 1, 6, "counter"), ["A", 5, ">counter", 1]),
        (("$decr", 5, 1, -4, "counter"), ["A", 5, "<counter", 1]),
        (("$add", ("b",), ("a",), ("a", "b"), "list"), ["A", ["b"], "+", ["a"]]),
        (
            ("$add", tuple("gfedcb"), ("a",), tuple("abcdefg"), "list"),
            ["A", list("gfedcb"), "+", ["a"]],
        ),
        (
            ("$remove", ("b",), ("a", "b"), ("a",), "list"),
            ["A", ["b"], "-", ["a", "b"]],
        ),
        (("set", "$D_5", None, "$D_5", "date"), ["A", "$D_5", "="]),
        (("$delete", 1, 7, None, "number"), ["A", 1, "0", 7]),
        (("set", 5, None, 5, "number"), ["A", 5, "="]),
    ],
)
def test_what_follows_from_the_rest_is_left_out(operation, row):
    operator, operand, before, after, kind = operation
    whole = Operation("A", kind, operator, operand, "known", before, after)
    line = change_line(replace(CHANGE, operations=(whole,)))
    assert parse(line)["change"][3] == [row]
    assert change_from_line(line).operations == (whole,)


def test_only_of_kinds_that_operands_show_no_line_has_the_name():
    assert {name for name in KINDS if not is_shown(name)} == {"counter", "subscription"}


@pytest.mark.parametrize(("sent", "after"), [(1, True), (1, 1.0), (0.0, -0.0)])
def test_values_that_python_takes_for_equal_are_both_written(sent, after):
    odd = Operation("A", "number", "set", sent, "known", None, after)
    (read,) = change_from_line(
        change_line(replace(CHANGE, operations=(odd,)))
    ).operations
    assert repr(read.after) == repr(after)
