"""What an apply relies on is looked at before it is needed."""

import shutil
import subprocess

import pytest


def checks(desk, *words, code=0):
    document = desk.json("doctor", *words)
    assert document["exit_code"] == code, document
    return {each["check"]: each for each in document["checks"]}


def status(found):
    return {name: each["status"] for name, each in found.items()}


@pytest.fixture
def begun(desk):
    desk.begun({"u1": {"Plan": "Free", "Points": 1}})
    return desk


def test_all_is_well_with_a_project_that_was_applied(begun):
    found = status(checks(begun))
    assert found.pop("high_water") == "skipped"
    assert set(found.values()) == {"ok"}
    assert "11 checks, 0 failed, 0 warned" in begun.ok("doctor").out


def test_its_call_changes_nothing_on_the_platform(begun):
    before, calls = begun.state(), begun.calls
    begun.ok("doctor")
    assert begun.calls == calls + 1
    assert begun.platform("ctsync-doctor") == {}
    assert begun.state() == before


def test_offline_no_call_is_sent(begun, monkeypatch):
    calls = begun.calls
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    found = checks(begun, "--offline")
    assert found["credentials"]["status"] == "skipped"
    assert found["credentials"]["hint"] == "--offline"
    assert begun.calls == calls


def test_a_wrong_passcode_is_told_and_never_shown(begun, monkeypatch):
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "CANARY-WRONG")
    found = checks(begun, code=1)
    assert found["credentials"]["status"] == "error"
    assert "passcode" in found["credentials"]["hint"]
    assert "CANARY" not in begun.run("doctor").said


def test_a_passcode_that_is_not_set_is_told(begun, monkeypatch):
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    assert "CLEVERTAP_PASSCODE" in checks(begun, code=1)["credentials"]["message"]


def test_a_platform_that_is_not_reached_is_told(begun):
    begun.sandbox.script(*["unavailable"] * 3)
    assert checks(begun, code=1)["credentials"]["status"] == "error"


def test_without_a_state_the_next_apply_is_a_first_run(desk):
    found = checks(desk)
    assert found["state"]["status"] == "warning"
    assert found["lock"]["status"] == "skipped"
    assert "first run" in found["state"]["message"]


def test_a_state_of_another_account_is_an_error(begun):
    file = begun.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("TEST-1", "TEST-2"))
    found = checks(begun, "--offline", code=1)
    assert found["state"]["status"] == "error"


def test_a_state_that_is_held_is_a_warning_that_names_the_holder(begun, other_run):
    with other_run():
        found = checks(begun, "--offline")
    assert found["lock"]["status"] == "warning"
    assert "ann" in found["lock"]["message"]


def test_a_project_with_errors_is_an_error(begun):
    begun.write("people.yaml", "profiles: [{identity: u1, attributes: {Age: x}}]")
    found = checks(begun, "--offline", code=1)
    assert "ctsync validate" in found["project"]["hint"]


@pytest.fixture
def checkout(begun):
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "init", "-q", begun.folder], check=True)
    return begun


def test_in_a_pipeline_a_state_in_the_checkout_is_an_error(checkout, monkeypatch):
    assert checks(checkout, "--offline")["place"]["status"] == "ok"
    monkeypatch.setenv("CI", "true")
    found = checks(checkout, "--offline", code=1)
    assert found["place"]["status"] == "error"
    assert "FIRST RUN" in found["place"]["message"]


def test_in_a_pipeline_a_state_beside_the_checkout_is_well(
    checkout, monkeypatch, tmp_path
):
    file = checkout.folder / "ctsync.yaml"
    place = tmp_path / "kept" / "state.jsonl"
    checkout.ok("state", "copy", place, "--auto-approve")
    file.write_text(file.read_text().replace("state: state.jsonl", f"state: {place}"))
    monkeypatch.setenv("CI", "true")
    assert checks(checkout, "--offline")["place"]["status"] == "ok"


def test_a_state_with_counters_that_git_tracks_is_a_warning(checkout):
    assert checks(checkout, "--offline")["tracked"]["status"] == "ok"
    subprocess.run(
        ["git", "-C", checkout.folder, "add", "-f", "state.jsonl"], check=True
    )
    found = checks(checkout, "--offline")
    assert found["tracked"]["status"] == "warning"
    assert "counters" in found["tracked"]["message"]


def test_a_clock_behind_the_last_run_is_a_warning(begun, monkeypatch):
    monkeypatch.setattr("ctsync.cli.doctor_command.time.time", lambda: 1_000_000.0)
    found = checks(begun, "--offline")
    assert found["clock"]["status"] == "warning"


def test_the_sandbox_is_looked_at_too(begun):
    found = checks(begun, "--sandbox")
    assert found["credentials"]["status"] == "ok"


def test_without_a_project_there_is_nothing_to_look_at(desk):
    (desk.folder / "ctsync.yaml").unlink()
    assert desk.run("doctor").code == 64
