"""What an apply relies on is looked at before it is needed."""

import shutil
import subprocess
import time
from types import SimpleNamespace

import obstore
import pytest
from object_server import BUCKET, PLAIN_BUCKET
from state_homes import BucketHome

import ctsync


def checks(desk, *words, code=0):
    document = desk.json("doctor", *words)
    assert document["exit_code"] == code, document
    return {each["check"]: each for each in document["checks"]}


def status(found):
    return {name: each["status"] for name, each in found.items()}


def at(monkeypatch, now):
    """Set the clock of this machine; the platform's goes on."""
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr("ctsync.cli.doctor.doctor_command.time", clock)


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
    at(monkeypatch, 1_000_000.0)
    found = checks(begun, "--offline")
    assert found["clock"]["status"] == "warning"


@pytest.mark.parametrize(("seconds", "word"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_not_the_platforms_is_a_warning(
    begun, monkeypatch, seconds, word
):
    now = time.time() + seconds
    at(monkeypatch, now)
    found = checks(begun)["clock"]
    assert found["status"] == "warning"
    assert f"s {word} the platform's" in found["message"] or seconds < 0
    assert "NTP" in found["hint"]


def test_the_platforms_clock_counts_where_nothing_was_applied(desk, monkeypatch):
    at(monkeypatch, 1_000_000.0)
    assert "behind the platform's" in checks(desk)["clock"]["message"]
    assert checks(desk, "--offline")["clock"]["status"] == "ok"


def test_a_state_of_a_newer_version_is_a_warning(begun, monkeypatch):
    monkeypatch.setattr("ctsync.cli.doctor.doctor_checks.__version__", "0.0.1")
    found = checks(begun, "--offline")["versions"]
    assert found["status"] == "warning"
    assert ctsync.__version__ in found["message"]


def test_an_address_that_the_passcode_must_not_go_to_is_an_error(begun):
    file = begun.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("127.0.0.1", "192.0.2.1"))
    found = checks(begun, "--offline", code=1)
    assert found["region"]["status"] == "error"
    assert "https" in found["region"]["hint"]


def test_a_bucket_that_is_not_fit_is_an_error_for_each_reason(
    desk, object_server, monkeypatch
):
    home = BucketHome(desk.folder, object_server)
    home.location = home.location.replace(BUCKET, PLAIN_BUCKET)
    desk.move_to(home)
    found = checks(desk, "--offline", code=1)["store"]
    assert "no versions" in found["message"]
    assert "versioning" in found["hint"]
    put = obstore.put

    def careless(*words, mode=None):
        return put(*words)

    monkeypatch.setattr(obstore, "put", careless)
    said = desk.run("doctor", "--offline").out
    assert "not fit for a state" in said
    assert "conditional puts" in said


@pytest.mark.parametrize("name", ["postgres_server", "object_server"])
def test_a_server_that_is_not_reached_is_an_error_without_its_address(
    desk, request, monkeypatch, name
):
    desk.project()
    file = desk.folder / "ctsync.yaml"
    words = 'state: {url: "${STATE_URL}"}'
    file.write_text(file.read_text().replace("state: state.jsonl", words))
    url = "postgresql://ada:s3cret@127.0.0.1:1/s3cret"
    monkeypatch.setenv("STATE_URL", url)
    if name == "object_server":
        request.getfixturevalue(name)
        monkeypatch.setattr("ctsync.object_client.RETRY_SECONDS", 1)
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("STATE_URL", "s3://versioned/s3cret/")
    ended = desk.run("doctor", "--offline")
    assert ended.code == 1
    assert "ERROR    state:" in ended.out
    assert "s3cret" not in ended.said


def test_every_home_is_looked_at(housed):
    housed.begun({"u1": {"Points": 1}})
    found = status(checks(housed))
    assert {found[name] for name in ("state", "store", "lock", "versions")} == {"ok"}


def test_the_sandbox_is_looked_at_too(begun):
    found = checks(begun, "--sandbox")
    assert found["credentials"]["status"] == "ok"


def test_without_a_project_there_is_nothing_to_look_at(desk):
    (desk.folder / "ctsync.yaml").unlink()
    assert desk.run("doctor").code == 64
