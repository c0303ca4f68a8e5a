"""Whole applies against the sandbox and a real state file."""

import json

import pytest
from far_folder import FarFolder

from ctsync.apply.apply_result import create_report, write_report
from ctsync.apply.plan_checks import check_plan
from ctsync.apply.recover import folded_view
from ctsync.errors import CtsyncError, PlanRefused, PolicyBlocked, StateError
from ctsync.model.masking import Mask
from ctsync.model.plan import BlockedRule
from ctsync.model.policy import ChannelTerms, Limit
from ctsync.model.record import Outcome
from ctsync.model.snapshot import Account, LastPlan
from ctsync.plan.document.plan_file import scratch_file
from ctsync.plan.route_bulk import by_its_size
from ctsync.transport.http import connect

NONE = {"acknowledged": 0, "rejected": 0, "unknown": 0, "not_sent": 0}


def test_an_apply_reaches_the_platform_and_the_state(world):
    wants = {
        "u1": (
            world.string("Plan", "Gold"),
            world.counter("Points", 5),
            world.values("Tags", "a", "b"),
        ),
        "u2": (world.string("Plan", "Free"),),
    }
    result = world.bring(wants)
    assert result.exit_code == 0
    assert result.counts == {**NONE, "acknowledged": 2}
    assert world.attributes("u1") == {"Plan": "Gold", "Points": 5, "Tags": ["a", "b"]}
    assert world.changes(wants) == []
    assert world.entries()["u2"].fingerprint is not None


def test_the_header_names_the_plan_that_was_applied(world):
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)})
    world.apply(plan)
    header = world.store.read().header
    assert (header.serial, header.entries) == (1, 1)
    assert header.last_plan == LastPlan(plan.checksum, open=False)
    assert header.lineage == "id2"


def test_a_plan_without_changes_connects_to_nothing_and_writes_nothing(world):
    wants = {"u1": (world.string("Plan", "Gold"),)}
    world.bring(wants)
    before, connects = world.store.read().header, world.connects
    result = world.bring(wants)
    assert (result.exit_code, result.counts, result.calls) == (0, NONE, 0)
    assert world.store.read().header == before
    assert world.connects == connects


def test_a_plan_of_which_nothing_can_be_sent_writes_nothing(world, tmp_path):
    """Neither where files could travel and none does, nor where none can."""
    far = FarFolder(tmp_path / "far")
    world.bring({"u1": (world.string("Plan", "Gold"),)}, files=far.terms)
    before = world.store.read().header

    class Shut(type(world.store)):
        def open_journal(self, head):
            pytest.fail("a journal of nothing")

    shut = Shut.at("state.jsonl", folder=world.folder, name=None)
    same = {"u1": (world.string("Plan", "Gold"),)}
    world.bring(same, files=far.terms, store=shut)
    assert (world.store.read().header, far.begun) == (before, [])
    wants = {"u1": (world.string("Plan", "Free"),)}
    in_files = ChannelTerms(bulk_over=0, bulk_by="sftp")
    plan = by_its_size(world.plan(wants), in_files, scratch_file)
    result = world.apply(plan, store=shut)
    assert (result.counts["not_sent"], result.by_file) == (1, 1)
    assert world.store.read().header == before


def test_a_release_sends_nothing_and_is_forgotten(world):
    world.bring({"u1": (world.string("Plan", "Gold"), world.string("City", "Oslo"))})
    connects = world.connects
    result = world.bring({"u1": (world.string("Plan", "Gold"),)})
    assert (result.exit_code, result.counts, result.calls) == (0, NONE, 0)
    assert set(world.entries()["u1"].attributes) == {"plan"}
    assert world.store.read().header.serial == 2
    assert world.connects == connects
    assert world.attributes("u1") == {"Plan": "Gold", "City": "Oslo"}


def test_a_release_goes_with_the_operations_of_its_profile(world):
    world.bring({"u1": (world.string("Plan", "Gold"), world.string("City", "Oslo"))})
    world.bring({"u1": (world.string("Plan", "Free"),)})
    assert set(world.entries()["u1"].attributes) == {"plan"}


def test_a_counter_moves_by_the_difference(world):
    world.bring({"u1": (world.counter("Points", 5),)})
    world.sandbox.platform.edit("identity", "u1", {"Points": 105})
    world.bring({"u1": (world.counter("Points", 7),)})
    assert world.attributes("u1") == {"Points": 107}


def test_membership_is_what_was_acknowledged(world):
    world.cohorts = {"u1": ("vip",), "u2": ("vip",)}
    wants = {name: (world.string("Plan", "Gold"),) for name in ("u1", "u2")}
    world.bring(wants)
    assert world.entries()["u1"].cohorts == ("vip",)
    world.leave = {"vip": world.string("Tier", "Standard")}
    world.cohorts = {}
    world.sandbox.script("reject")
    result = world.bring(wants)
    (failure,) = result.tally.failures(Outcome.REJECTED)
    (other,) = {"u1", "u2"} - {failure.key.id}
    assert world.entries()[failure.key.id].cohorts == ("vip",)
    assert world.entries()[other].cohorts == ()
    assert "tier" not in world.entries()[other].attributes


def test_whoever_left_a_cohort_is_not_sent_to_again_when_a_plan_goes_on(world):
    world.cohorts = {"u1": ("vip",), "u2": ("vip",)}
    wants = {name: (world.string("Plan", "Gold"),) for name in ("u1", "u2")}
    world.bring(wants)
    world.leave = {"vip": world.string("Tier", "Standard")}
    world.cohorts = {}
    plan = world.plan(wants)
    world.sandbox.script("reject")
    world.apply(plan)
    result = world.apply(plan)
    assert result.exit_code == 0
    assert len(world.sandbox.platform.calls[-1].records) == 1
    assert (
        world.attributes("u1")["Tier"] == world.attributes("u2")["Tier"] == "Standard"
    )


def test_an_undeclared_profile_gets_what_it_leaves_with_once(world):
    world.cohorts = {"u1": ("vip",), "u2": ("vip",)}
    world.bring({name: (world.string("Plan", "Gold"),) for name in ("u1", "u2")})
    world.leave = {"vip": world.string("Tier", "Standard")}
    world.cohorts = {}
    plan = world.plan({})
    world.sandbox.script("reject")
    assert world.apply(plan).exit_code == 3
    assert world.apply(plan).exit_code == 0
    assert len(world.sandbox.platform.calls[-1].records) == 1
    assert world.changes({}) == []


def test_a_value_taken_back_from_an_undeclared_profile_is_not_taken_back_again(world):
    both = ("u1", "u2")
    world.bring({name: (world.include("Tags", "a"),) for name in both})
    plan = world.plan({})
    world.sandbox.script("reject")
    assert world.apply(plan).exit_code == 3
    assert world.apply(plan).exit_code == 0
    assert len(world.sandbox.platform.calls[-1].records) == 1
    assert world.changes({}) == []


def test_a_value_taken_back_is_not_taken_back_again_when_a_plan_goes_on(world):
    both = ("u1", "u2")
    world.bring({name: (world.include("Tags", "a"),) for name in both})
    plan = world.plan({name: (world.string("Plan", "Gold"),) for name in both})
    world.sandbox.script("reject")
    world.apply(plan)
    assert world.apply(plan).exit_code == 0
    assert len(world.sandbox.platform.calls[-1].records) == 1
    for name in both:
        assert world.attributes(name) == {"Plan": "Gold"}
        assert set(world.entries()[name].attributes) == {"plan"}


def test_a_once_value_is_marked_when_it_is_acknowledged(world):
    first = world.string("First Order", "2024", write="once")
    world.sandbox.script("lost", "lost", "lost", "lost", "lost")
    result = world.bring({"u1": (first,)})
    assert result.counts["unknown"] == 1
    assert world.entries()["u1"].once == ()
    world.bring({"u1": (first,)})
    assert world.entries()["u1"].once == ("firstorder",)
    later = world.string("First Order", "2025", write="once")
    assert world.changes({"u1": (later,)}) == []


def test_a_dry_run_asks_the_platform_and_writes_nothing(world):
    world.terms = world.short_calls(100, dry_run=True)
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)})
    result = world.apply(plan)
    assert (result.exit_code, result.dry_run, result.calls) == (0, True, 1)
    assert world.attributes("u1") == {}
    assert list(world.folder.iterdir()) == []
    assert world.sandbox.platform.calls[0].target.endswith("?dryRun=1")


def test_a_dry_run_shows_what_would_be_rejected(world):
    world.terms = world.short_calls(100, dry_run=True)
    world.sandbox.script("reject")
    result = world.bring({"u1": (world.string("Plan", "Gold"),)})
    assert (result.exit_code, result.counts["rejected"]) == (3, 1)


def test_a_plan_is_applied_once(world):
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)})
    world.apply(plan)
    with pytest.raises(PlanRefused) as caught:
        world.apply(plan)
    assert caught.value.code == "plan_applied"


def test_a_plan_made_before_another_was_applied_is_stale(world):
    early = world.plan({"u1": (world.string("Plan", "Gold"),)})
    world.bring({"u2": (world.string("Plan", "Gold"),)})
    with pytest.raises(
        PlanRefused, match="made from serial 0, state is at 1"
    ) as caught:
        world.apply(early)
    assert caught.value.code == "plan_stale"


def test_an_open_plan_is_stale_once_another_was_applied(world):
    world.terms = world.short_calls(1)
    wants = {name: (world.string("Plan", "Gold"),) for name in ("u1", "u2")}
    plan = world.plan(wants)
    world.sandbox.script("none", "reject")
    assert world.apply(plan).exit_code == 3
    assert world.bring(wants).exit_code == 0
    with pytest.raises(PlanRefused, match="stale"):
        world.apply(plan)


def test_a_plan_of_another_account_is_refused(world):
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)})
    with pytest.raises(PlanRefused) as caught:
        check_plan(plan, folded_view(world.store), account=Account("B", "us1"))
    assert caught.value.code == "plan_other_account"


def test_a_state_of_another_account_is_an_error(world):
    world.bring({"u1": (world.string("Plan", "Gold"),)})
    world.account = Account("OTHER", "in1", world.sandbox.url)
    plan = world.plan({"u1": (world.string("Plan", "Free"),)})
    with pytest.raises(StateError, match="belongs to account WR8"):
        world.apply(plan)


def test_a_blocked_plan_sends_nothing(world):
    rule = BlockedRule("limits.create", "0", 1, "--accept create=1")
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)}, blocked=(rule,))
    with pytest.raises(PolicyBlocked):
        world.apply(plan)
    assert world.sandbox.platform.calls == ()


def test_a_journal_cannot_be_folded_twice(world):
    plan = world.plan({"u1": (world.string("Plan", "Gold"),)})
    kept = []

    class Keeping(type(world.store)):
        def discard_journal(self):
            journal = self._beside("journal")
            if journal.exists():
                kept.append(journal.read_bytes())
            super().discard_journal()

    world.apply(plan, store=Keeping.at("state.jsonl", folder=world.folder, name=None))
    path = world.folder / "state.jsonl.journal"
    path.write_bytes(kept[-1])
    before = world.store.read().header
    assert folded_view(world.store).header == before
    world.bring({"u1": (world.string("Plan", "Free"),)})
    path.write_bytes(kept[-1])
    with pytest.raises(StateError, match="extends serial 0"):
        folded_view(world.store)


def test_the_document_says_all_that_readers_rely_on(world):
    world.terms = world.short_calls(100)
    wants = {name: (world.string("Plan", "Gold"),) for name in ("u1", "a@b.io")}
    world.sandbox.script("lying-status")
    result = world.bring(wants)
    data = result.as_json(Mask())
    assert data["format"] == "ctsync.apply/1"
    assert data["exit_code"] == 3
    assert data["counts"] == {**NONE, "rejected": 2}
    assert data["stopped"] is None
    assert data["retryable"] is False
    assert data["next"] == "ctsync plan"
    assert data["rejected"][0]["key"] == {"identity": "people.yaml:7", "masked": True}
    assert data["rejected"][1]["code"] == 516
    assert "a@b.io" not in json.dumps(data)
    assert "a@b.io" in json.dumps(result.as_json(Mask(reveal=True)))


def test_a_few_rejected_may_be_allowed(world):
    world.terms = world.short_calls(100, allow_rejected=Limit(1))
    wants = {name: (world.string("Plan", "Gold"),) for name in ("u1", "u2")}
    world.sandbox.script("reject")
    assert world.bring(wants).exit_code == 0
    world.sandbox.script("lying-status")
    wants = {name: (world.string("Plan", "Free"),) for name in ("u1", "u2")}
    assert world.bring(wants).exit_code == 3


def test_the_report_has_a_line_for_every_profile(world, tmp_path):
    world.terms = world.short_calls(1)
    wants = {f"u{n}": (world.string("Plan", "Gold"),) for n in range(3)}
    plan = world.plan(wants)
    world.sandbox.script("none", "lying-status", "unauthorised")
    result = world.apply(plan)
    path = tmp_path / "report.jsonl"
    with create_report(path) as file:
        write_report(file, result, plan.changes())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["outcome"] for line in lines] == [
        "acknowledged",
        "rejected",
        "not_sent",
    ]
    assert lines[1]["key"] == {"identity": "u1"}
    assert lines[1]["code"] == 516
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_report_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(CtsyncError, match="cannot be written"):
        create_report(tmp_path)


def test_a_passcode_that_cannot_travel_begins_no_journal(world):
    def bad():
        return connect(world.account, "a\nb", timeout_seconds=1)

    with pytest.raises(CtsyncError, match="passcode"):
        world.bring({"u1": (world.string("Plan", "Gold"),)}, connect=bad)
    assert list(world.folder.iterdir()) == []


def test_a_full_disk_in_the_middle_is_an_incomplete_apply(world):
    world.terms = world.short_calls(1)
    wants = {f"u{n}": (world.string("Plan", "Gold"),) for n in range(3)}
    plan = world.plan(wants)

    class Full(type(world.store)):
        def open_journal(self, head):
            writer = super().open_journal(head)
            append, lines = writer.append, []

            def limited(line, *, sync):
                lines.append(next(iter(line)))
                if lines.count("receipt") == 2:
                    raise StateError("cannot write state.jsonl.journal: no space")
                append(line, sync=sync)

            writer.append = limited
            return writer

    result = world.apply(
        plan, store=Full.at("state.jsonl", folder=world.folder, name=None)
    )
    assert result.exit_code == 3
    assert result.counts == {
        "acknowledged": 1,
        "rejected": 0,
        "unknown": 1,
        "not_sent": 1,
    }
    assert "no space" in result.as_json(Mask())["error"]["message"]
    assert world.apply(plan).exit_code == 0
