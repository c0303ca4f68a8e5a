"""A saved plan is applied once, to the state it was made from, whole or continued."""

import io
import json

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import sha256
from ctsync.model.change import EntryAfter
from ctsync.model.profile_key import ProfileKey
from ctsync.plan.document.plan_checksum import seal_line
from ctsync.plan.document.plan_file import open_plan
from ctsync.plan.document.plan_writer import PlanWriter

COUNT = 6


def _people(plan, points, *, count=COUNT):
    return {f"u{n}": {"Plan": plan, "Points": points} for n in range(count)}


@pytest.fixture
def planned(desk):
    """Six profiles, one a call, and a saved plan that edits all of them."""
    desk.project("upload: {records_per_call: 1, concurrency: 1}")
    desk.begun(_people("Free", 1))
    desk.people(_people("Gold", 3))
    desk.ok("plan", "--out", "p.plan")
    return desk


def _values(desk):
    return [desk.platform(f"u{n}") for n in range(COUNT)]


GOLD = [{"Plan": "Gold", "Points": 3}] * COUNT


def test_a_plan_is_private_and_shows_what_was_reviewed(planned):
    path = planned.folder / "p.plan"
    assert path.stat().st_mode & 0o777 == 0o600
    reviewed = planned.ok("show", "p.plan").out
    planned.people(_people("Platinum", 9))
    assert planned.ok("show", "p.plan").out == reviewed


def test_what_was_reviewed_is_applied_whatever_the_files_say_now(planned):
    planned.people(_people("Platinum", 9))
    assert planned.run("apply", "p.plan", "--auto-approve").code == 0
    assert _values(planned) == GOLD


def test_a_plan_that_is_still_todays_is_believed_as_it_stands(planned, monkeypatch):
    """It has the bytes of the plan that is made now: no change is proved again."""
    monkeypatch.setattr(
        "ctsync.plan.document.plan_file.SavedPlan.check", lambda _: 1 / 0
    )
    monkeypatch.setattr("ctsync.apply.apply_plan.remainder", lambda *_, **__: 1 / 0)
    assert planned.run("apply", "p.plan", "--auto-approve").code == 0
    assert _values(planned) == GOLD


def test_a_plan_that_is_not_as_it_was_written_is_refused(planned):
    path = planned.folder / "p.plan"
    whole = path.read_bytes()
    first, *lines = whole.splitlines(keepends=True)
    broken = {
        "edited": whole.replace(b'"Gold"', b'"Gulp"'),
        "cut": whole[:-40],
        "a line less": b"".join([first, *lines[1:]]),
        "a line more": whole + lines[0],
        "reordered": b"".join([first, lines[1], lines[0], *lines[2:]]),
        "empty": b"",
        "something else": b"{}\n",
        "binary": bytes(range(256)),
    }
    for name, data in broken.items():
        path.write_bytes(data)
        error = planned.json("apply", "p.plan", "--auto-approve")["error"]
        assert error["code"] == "plan_tampered", name
        assert "ctsync plan --out" in error["hint"]
        assert planned.run("show", "p.plan").code == 4
    assert _values(planned) == [{"Plan": "Free", "Points": 1}] * COUNT


def test_an_applied_plan_is_refused_the_second_time(planned):
    planned.ok("apply", "p.plan", "--auto-approve")
    calls = planned.calls
    error = planned.json("apply", "p.plan", "--auto-approve")["error"]
    assert error["code"] == "plan_applied"
    assert "ctsync plan" in error["hint"]
    assert planned.calls == calls


def test_a_stale_plan_says_what_moved_and_what_to_do(planned):
    planned.people({**_people("Gold", 3), "u0": {"Plan": "Platinum", "Points": 1}})
    planned.ok("plan", "--out", "other.plan", "--target", "identity=u0")
    planned.ok("apply", "other.plan", "--auto-approve")
    calls = planned.calls
    error = planned.json("apply", "p.plan", "--auto-approve")["error"]
    assert error["code"] == "plan_stale"
    assert "made from serial 1, state is at 2" in error["message"]
    assert "u0" in error["message"]
    assert "u1" not in error["message"]
    assert "ctsync plan" in error["hint"]
    assert planned.calls == calls


def test_a_plan_of_another_lineage_is_refused(planned):
    for left in planned.folder.glob("state.jsonl*"):
        left.rename(planned.folder / f"former.{left.name}")
    planned.people(_people("Free", 1))
    planned.ok("import", "spec", "--auto-approve")
    error = planned.json("apply", "p.plan", "--auto-approve")["error"]
    assert error["code"] == "plan_stale"
    assert "lineage" in error["message"] or "another state" in error["message"]
    assert _values(planned) == [{"Plan": "Free", "Points": 1}] * COUNT


def test_a_plan_is_refused_where_the_state_went_back(planned):
    path = planned.folder / "state.jsonl"
    earlier = path.read_bytes()
    planned.ok("state", "doubt", "u0", "--auto-approve")
    planned.ok("plan", "--out", "later.plan")
    path.write_bytes(earlier)
    error = planned.json("apply", "later.plan", "--auto-approve")["error"]
    assert error["code"] == "plan_stale"
    assert "serial" in error["message"]
    assert _values(planned) == [{"Plan": "Free", "Points": 1}] * COUNT


def test_what_moved_hides_personal_data(desk):
    desk.begun({"ann@example.com": {"Name": "Ann Canary"}})
    desk.people({"ann@example.com": {"Name": "Bea Canary"}})
    desk.ok("plan", "--out", "p.plan")
    desk.people({"ann@example.com": {"Name": "Cleo Canary"}})
    desk.ok("apply", "--auto-approve")
    ended = desk.run("apply", "p.plan", "--auto-approve")
    assert ended.code == 4
    assert "Canary" not in ended.said
    assert "ann@" not in ended.said
    assert "people.yaml:3" in ended.said


def test_an_apply_that_did_nothing_leaves_the_plan_usable(planned):
    serial = json.loads(planned.state().splitlines()[0])["serial"]
    planned.sandbox.script("unauthorised")
    assert planned.run("apply", "p.plan", "--auto-approve").code == 1
    assert planned.run("apply", "p.plan", "--dry-run").code == 0
    assert json.loads(planned.state().splitlines()[0])["serial"] == serial
    assert planned.run("apply", "p.plan", "--auto-approve").code == 0
    assert _values(planned) == GOLD


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (["none", "reject"], 3),
        (["none", "none", "unauthorised"], 3),
        (["none"] * COUNT + ["lost"], 3),
        (["none"] * COUNT + ["dropped"], 3),
        (["none"] * COUNT + ["unavailable"], 3),
        (["none"] * COUNT + ["unavailable-applied", "none", "reset-body"], 3),
        (["lost", "throttle", "unavailable", "error500"], 0),
        (["none", "empty"], 3),
        (["none", "miscount"], 3),
        (["too-large"], 3),
    ],
    ids=lambda value: "-".join(value[-2:]) if isinstance(value, list) else None,
)
def test_the_same_plan_is_continued_until_the_platform_has_it(planned, faults, code):
    planned.sandbox.script(*faults)
    ended = planned.json("apply", "p.plan", "--auto-approve")
    assert ended["exit_code"] == code
    assert sum(ended["counts"].values()) == COUNT
    if code:
        calls = planned.calls
        again = planned.json("apply", "p.plan", "--auto-approve")
        assert again["exit_code"] == 0
        assert again["counts"]["acknowledged"] == COUNT
        assert planned.calls - calls < 2 * COUNT
    assert _values(planned) == GOLD
    assert planned.run("plan", "--detailed-exitcode").code == 0


def test_a_plan_is_not_continued_once_another_was_applied(planned):
    planned.sandbox.script("none", "unauthorised")
    assert planned.run("apply", "p.plan", "--auto-approve").code == 3
    planned.ok("apply", "--auto-approve", "--target", "identity=u5")
    assert planned.run("apply", "p.plan", "--auto-approve").code == 4


def test_an_incomplete_apply_heals_by_planning_anew(planned):
    planned.sandbox.script(*["none"] * COUNT, "lost", "reject", "dropped")
    assert planned.run("apply", "--auto-approve").code == 3
    assert planned.run("apply", "--auto-approve").code == 0
    assert _values(planned) == GOLD


def test_a_counter_of_unknown_outcome_is_assigned_not_raised_again(desk):
    desk.begun({"u1": {"Points": 100}})
    desk.people({"u1": {"Points": 120}})
    desk.sandbox.script("lost")
    assert desk.apply().code == 3
    (change,) = desk.plan()["changes"]
    (operation,) = change["operations"]
    assert (operation["operator"], operation["operand"]) == ("set", 120)
    assert operation["prior"] == "uncertain"
    assert desk.apply().code == 0
    assert desk.platform("u1") == {"Points": 120}


def test_a_plan_for_another_environment_or_account_is_refused(desk):
    desk.project(f"""\
        environments:
          stage: {{state: stage.jsonl}}
          other:
            account: {{id: TEST-1, region: eu1, endpoint: "{desk.sandbox.url}"}}
            state: other.jsonl
        """)
    desk.people({"u1": {"Plan": "Free"}})
    desk.ok("plan", "--out", "p.plan", "--env", "stage")
    for words in ([], ["--env", "other"]):
        ended = desk.json("apply", "p.plan", "--auto-approve", "--first-run", *words)
        assert ended["exit_code"] == 4
        assert "stage" in ended["error"]["message"]
    ended = desk.run("apply", "p.plan", "--auto-approve", "--env", "stage")
    assert ended.code == 6


def test_an_out_that_cannot_be_written_is_said_in_one_line(planned):
    for out in ("/nonexistent/p.plan", ".", "people.yaml/p.plan"):
        ended = planned.run("plan", "--out", out)
        assert ended.code == 1
        assert "name another place with --out" in ended.err


def test_a_report_that_cannot_be_written_stops_before_the_first_call(planned):
    calls = planned.calls
    words = ["apply", "p.plan", "--auto-approve", "--report", "/nonexistent/r"]
    ended = planned.run(*words)
    assert ended.code == 1
    assert "name another place with --report" in ended.err
    assert planned.calls == calls


def test_a_dry_run_sends_marked_calls_and_writes_nothing(planned):
    before = planned.files()
    ended = planned.json("apply", "p.plan", "--dry-run")
    assert ended["exit_code"] == 0
    assert ended["dry_run"] is True
    assert ended["counts"]["acknowledged"] == COUNT
    assert planned.files() == before
    sent = planned.sandbox.platform.calls[-ended["calls"] :]
    assert {call.target for call in sent} == {"/1/upload?dryRun=1"}
    assert _values(planned) == [{"Plan": "Free", "Points": 1}] * COUNT


def _forge(path, before, after):
    """Alter a saved plan and seal it again, as someone who can write files might."""
    first, *between = path.read_bytes().splitlines(keepends=True)
    *middle, last, _ = (line.replace(before, after) for line in between)
    checksum = sha256(first, *middle, last)
    seal = seal_line(first, last, checksum)
    path.write_bytes(b"".join((first, *middle, last, seal)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"Gold","="', b'"Best","="'),  # what is sent
        (b'"does":[16', b'"does":[64'),  # how it is told
        (b'{"create":0', b'{"create":9'),  # what it comes to
    ],
)
def test_a_digest_approves_no_file_that_does_something_else(planned, before, after):
    digest = planned.json("show", "p.plan", "--summary")["digest"]
    words = ("apply", "p.plan", "--expect-digest", digest)
    _forge(planned.folder / "p.plan", before, after)
    assert planned.run("show", "p.plan").code == 4
    calls = planned.calls
    ended = planned.run(*words)
    assert ended.code == 4, ended.err
    assert "are not those that its digest and counts stand for" in ended.err
    assert planned.calls == calls
    planned.ok("plan", "--out", "p.plan")
    planned.ok(*words)
    assert _values(planned) == GOLD


def test_a_summary_needs_nothing_but_the_ends_of_a_plan(planned):
    """It is the same whole or alone, but for a word on what was read."""
    path = planned.folder / "p.plan"
    whole = planned.json("plan", "--summary")
    alone = planned.json("show", "p.plan", "--summary")
    assert (whole.pop("verified"), alone.pop("verified")) == ("whole", "ends")
    assert alone == whole
    text = planned.ok("show", "p.plan", "--summary").out
    said = "Counts as they were saved and sealed; the changes were not read."
    assert said in text
    for form in ("markdown", "html"):
        assert said in planned.ok("show", "p.plan", "--summary", "--format", form).out
    _damage(path, path.read_bytes().index(b"u3"))
    assert planned.ok("show", "p.plan", "--summary").out == text
    assert planned.run("show", "p.plan").code == 4
    assert planned.run("show", "p.plan", "--summary", "--target", "action=*").code == 4
    assert planned.run("apply", "p.plan", "--auto-approve").code == 4
    _damage(path, path.read_bytes().rindex(b'"update"'))
    assert planned.run("show", "p.plan", "--summary").code == 4


def _damage(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def _rewrite(path, edit, **head):
    """Write a plan anew from edited changes, with all that follows from them."""
    with open_plan(path) as plan:
        changes = [edit(change) for change in plan.changes()]
        writer = PlanWriter(file := io.BytesIO(), replace(plan.head, **head))
        for change in changes:
            writer.add_change(change)
        writer.close(plan.foot)
    path.write_bytes(file.getvalue())


def _first(change, **fields):
    operation = replace(change.operations[0], **fields)
    return replace(change, operations=(operation, *change.operations[1:]))


@pytest.mark.parametrize(
    "edit",
    [
        lambda change: _first(change, before="Gold"),
        lambda change: _first(change, operand="Best"),
        lambda change: _first(change, operand=True, after=True),
        lambda change: _first(change, kind="number"),
        lambda change: replace(change, action="create"),
        lambda change: replace(change, once=("plan",)),
        lambda change: replace(change, released=("Nothing",)),
    ],
)
def test_a_change_that_the_state_does_not_bear_out_is_refused(planned, edit):
    _rewrite(planned.folder / "p.plan", edit)
    digest = planned.json("show", "p.plan")["digest"]
    calls = planned.calls
    for approval in (["--auto-approve"], ["--expect-digest", digest], ["--dry-run"]):
        ended = planned.run("apply", "p.plan", *approval)
        assert ended.code == 4, ended.said
        assert "not borne out" in ended.err
    assert planned.calls == calls


def test_limits_are_held_against_the_entries_that_the_state_has(planned):
    def edited(entries):
        path = planned.folder / "p.plan"
        planned.ok("plan", "--out", "p.plan")
        before = b'"entries":6'
        _forge(path, before, b'"entries":%d' % entries)
        return planned.run("apply", "p.plan", "--auto-approve")

    for entries in (0, 5, 10**9):
        ended = edited(entries)
        assert ended.code == 4
        assert "the state has" in ended.err


def test_an_edited_opt_in_counts_as_one_whatever_the_file_says(desk):
    desk.begun({"u1": {"MSG-email": False}})
    desk.people({"u1": {"MSG-email": True}})
    desk.run("plan", "--out", "p.plan", "--accept", "opt_in=1")
    _rewrite(desk.folder / "p.plan", lambda change: change, accepted={})
    calls = desk.calls
    assert desk.run("apply", "p.plan", "--auto-approve").code == 6
    assert desk.calls == calls


def test_accepted_limits_are_part_of_what_a_digest_approves(planned):
    digest = planned.json("show", "p.plan")["digest"]
    _rewrite(planned.folder / "p.plan", lambda change: change, accepted={"opt_in": 9})
    assert planned.json("show", "p.plan")["digest"] != digest
    assert planned.run("apply", "p.plan", "--expect-digest", digest).code == 4


def test_a_line_that_no_change_stands_for_makes_nothing_forget(desk):
    desk.begun({"u1": {"Points": 5}, "u2": {"Points": 5}})
    desk.people({"u1": {"Points": 6}, "u2": {"Points": 5}})
    desk.ok("plan", "--out", "p.plan")
    path = desk.folder / "p.plan"
    with open_plan(path) as plan:
        writer = PlanWriter(file := io.BytesIO(), plan.head)
        for change in plan.changes():
            writer.add_change(change)
        writer.add_settled(
            ProfileKey("identity", "u2"), EntryAfter("f" * 32, (), ("points",))
        )
        writer.close(plan.foot)
    path.write_bytes(file.getvalue())
    desk.ok("apply", "p.plan", "--auto-approve")
    kept = [json.loads(line) for line in desk.state().splitlines()]
    assert kept[2]["attributes"]["points"]["value"] == 5
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_change_left_out_of_a_plan_is_in_the_next_one(planned):
    def without_points(change):
        return replace(change, operations=change.operations[:1])

    _rewrite(planned.folder / "p.plan", without_points)
    planned.ok("apply", "p.plan", "--auto-approve")
    planned.ok("apply", "--auto-approve")
    assert _values(planned) == GOLD


def test_changes_out_of_order_are_refused(planned):
    path = planned.folder / "p.plan"
    first, one, two, *rest, _ = path.read_bytes().splitlines(keepends=True)
    lines = [first, two, one, *rest]
    path.write_bytes(b"".join((*lines, seal_line(first, rest[-1], sha256(*lines)))))
    calls = planned.calls
    assert planned.run("apply", "p.plan", "--auto-approve").code == 4
    assert planned.run("show", "p.plan").code == 4
    assert planned.calls == calls


KEY = "0123456789abcdef" * 4


def test_a_signed_plan_is_applied_where_a_signature_is_required(planned, monkeypatch):
    required = ("apply", "p.plan", "--auto-approve", "--require-signature")
    assert planned.run(*required).code == 4
    assert planned.run("plan", "--sign", "--out", "p.plan").code == 1
    monkeypatch.setenv("CTSYNC_PLAN_KEY", KEY)
    assert planned.run("plan", "--sign").code == 64
    assert planned.run("apply", "--require-signature", "--auto-approve").code == 64
    assert planned.run(*required).code == 4  # not signed
    said = planned.ok("plan", "--sign", "--out", "p.plan").said
    signed = (planned.folder / "p.plan").read_bytes()
    assert KEY not in said
    assert KEY.encode() not in signed
    monkeypatch.setenv("CTSYNC_PLAN_KEY", KEY[::-1])
    assert planned.run(*required).code == 4
    monkeypatch.setenv("CTSYNC_PLAN_KEY", "no key at all")
    ended = planned.run(*required)
    assert (ended.code, "64 hex digits" in ended.err) == (4, True)
    assert "no key at all" not in ended.said
    monkeypatch.setenv("CTSYNC_PLAN_KEY", KEY)
    _rewrite(planned.folder / "p.plan", lambda change: change, project="other")
    assert planned.run(*required).code == 4
    (planned.folder / "p.plan").write_bytes(signed)
    planned.ok(*required)
    assert _values(planned) == GOLD


def test_a_plan_for_another_passcode_or_listener_is_refused(planned):
    for more in (
        "notify: https://else.example.com/hook",
        "environments: {}",
    ):
        planned.project(f"upload: {{records_per_call: 1, concurrency: 1}}\n{more}\n")
        code = planned.run("apply", "p.plan", "--dry-run").code
        assert code == (4 if "notify" in more else 0)


def test_planning_closes_with_where_it_was_saved_and_what_comes_next(planned):
    """Whoever planned elsewhere, or for an environment, is told to apply so."""
    again = planned.run("plan", "--out", "my plan")
    assert again.err == "Saved as 'my plan'. Next: ctsync apply 'my plan'\n"
    there = ("-C", str(planned.folder), "--sandbox")
    said = planned.run("plan", "--out", "p.plan", "--format", "json", *there)
    assert said.document["format"] == "ctsync.plan/1"
    assert said.err.endswith(
        f"Next: ctsync apply p.plan -C {planned.folder} --sandbox\n"
    )


def test_planning_promises_no_apply_where_none_is_possible(planned):
    planned.project("policy: {limits: {update: 1}}")
    blocked = planned.run("plan", "--out", "p.plan")
    assert blocked.code == 6
    assert blocked.err == (
        "Saved as p.plan; it is blocked, and cannot be applied\n"
        "If the numbers are meant: ctsync plan --accept update=6 --out p.plan\n"
    )
    planned.project()
    planned.people(_people("Free", 1))
    nothing = planned.ok("plan", "--out", "p.plan")
    assert nothing.err == "Saved as p.plan; there is nothing to apply\n"
    assert planned.run("plan").err == ""
