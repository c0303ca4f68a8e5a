"""`plan` reaches for nothing and writes nothing, and gives the same bytes anywhere."""

import shutil
import socket

import pytest

READING = [
    ["validate"],
    ["plan"],
    ["plan", "--format", "json"],
    ["plan", "--format", "jsonl"],
    ["plan", "--detailed-exitcode", "--summary"],
    ["show", "p.plan"],
    ["explain", "u1"],
    ["state", "list"],
    ["state", "show", "u1"],
    ["state", "doubt", "--all", "--dry-run"],
    ["import", "spec", "--dry-run"],
    ["schema", "project"],
]


@pytest.fixture
def planned(desk):
    desk.begun({"u1": {"Plan": "Free", "Tags": ["a"]}})
    desk.people({"u1": {"Plan": "Gold", "Tags": ["b"]}, "u2": {"Points": 4}})
    desk.ok("plan", "--out", "p.plan")
    return desk


@pytest.fixture
def _no_network(planned, monkeypatch):
    def refuse(*_):
        raise AssertionError("a command that is offline opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_commands_need_no_network_no_passcode_and_write_nothing(
    planned, words, monkeypatch
):
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    before = planned.files()
    assert planned.run(*words).code in {0, 2}
    assert planned.files() == before


def test_a_plan_writes_only_its_file(planned):
    before = planned.files()
    planned.ok("plan", "--out", "q.plan")
    assert planned.files().keys() - before.keys() == {"q.plan"}
    assert planned.files()["q.plan"] == before["p.plan"]


def test_a_plan_takes_no_lock(planned, other_run):
    before = planned.ok("plan").out
    with other_run():
        assert planned.ok("plan").out == before


def test_hash_seed_working_folder_and_names_of_files_change_no_byte(planned):
    seeds = [
        planned.process("plan", "--format", "json", PYTHONHASHSEED=seed).out
        for seed in ("0", "1")
    ]
    folder = planned.folder
    elsewhere = planned.ok("plan", "-C", folder, "--format", "json").out
    by_path = planned.ok("plan", folder / "ctsync.yaml", "--format", "json").out
    assert {*seeds, elsewhere, by_path} == {planned.ok("plan", "--format", "json").out}


def test_the_order_in_which_things_are_declared_changes_no_digest(planned):
    digest = planned.plan()["digest"]
    planned.write("people.yaml", "")
    planned.folder.joinpath("people.yaml").unlink()
    planned.write("z.yaml", 'profiles: [{identity: "u1", attributes: {Tags: [b]}}]')
    planned.write("b/a.yaml", 'profiles: [{identity: "u2", attributes: {Points: 4}}]')
    planned.write("b/b.yaml", 'profiles: [{identity: "u1", attributes: {Plan: Gold}}]')
    assert planned.plan()["digest"] == digest


def test_a_project_that_moved_with_its_state_gives_the_same_plan(planned, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(planned.folder, moved)
    here = planned.ok("plan", "--out", "here.plan").out
    assert planned.ok("-C", moved, "plan", "--out", "there.plan").out == here
    there = (moved / "there.plan").read_bytes()
    assert (planned.folder / "here.plan").read_bytes() == there


def test_the_clock_and_the_zone_of_the_machine_change_no_byte(planned):
    planned.people({"u1": {"Plan": "Gold"}})
    planned.write(
        "dates.yaml",
        """\
        profiles:
          - identity: "u3"
            attributes: {Since: 2026-03-29T02:30:00, Born: 1990-02-20}
        """,
    )
    zones = [
        planned.process("plan", "--format", "json", TZ=zone).out
        for zone in ("UTC", "Europe/Berlin")
    ]
    assert zones[0] == zones[1] == planned.ok("plan", "--format", "json").out


def test_the_digest_approves_the_effect_and_nothing_else(planned):
    digest = planned.plan()["digest"]
    planned.folder.joinpath("people.yaml").rename(planned.folder / "other.yaml")
    assert planned.plan()["digest"] == digest
    planned.project("name: renamed\nupload: {records_per_call: 7}")
    assert planned.plan()["digest"] == digest
    assert planned.plan("--accept", "create=9")["digest"] != digest
    file = planned.folder / "other.yaml"
    file.write_text(file.read_text().replace("4", "5"))
    assert planned.plan()["digest"] != digest
