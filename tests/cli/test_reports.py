"""Files through the sandbox's own door, to the reports that it writes and back."""

import json
import time

import pytest

from ctsync.sandbox import Sandbox, SftpSettings

LIMITS = "policy: {limits: {remove: 100%, update: 100%}}\n"
PEOPLE = [f"u{n}" for n in range(6)]


@pytest.fixture
def sandbox():
    door = SftpSettings()
    with Sandbox(
        account_id="TEST-1", passcode="CANARY-PASSCODE-7f3a", sftp=door
    ) as running:
        yield running


@pytest.fixture
def door(desk, sandbox):
    """The sandbox's door, named by a project whose profiles have lists and a city."""
    before = {n: {"City": "Pune", "Plan": "Free", "Tags": ["a"]} for n in PEOPLE}
    desk.begun(before)
    said = {
        "host": "127.0.0.1",
        "port": sandbox.sftp.port,
        "user": sandbox.sftp.user,
        "fingerprint": sandbox.sftp.fingerprint,
        "key": str(sandbox.sftp.key_file),
        "email": "ops@example.com",
    }
    ways = {"removals": "sftp", "bulk": {"over": 0, "by": "sftp"}, "sftp": said}
    desk.project(f"{LIMITS}channels: {json.dumps(ways)}\n")
    after = {"City": None, "Plan": 'The "Gold"', "Tags": ["a", "b", "c"]}
    desk.people(dict.fromkeys(PEOPLE, after))
    return sandbox.sftp


def receipts(desk, door, *more):
    door.settle()
    return desk.json("receipts", door.reports, "--auto-approve", *more)


def is_as_declared(desk):
    found = [desk.platform(identity) for identity in PEOPLE]
    for each in found:
        each["Tags"] = sorted(each["Tags"])
    return found == [{"Plan": 'The "Gold"', "Tags": ["a", "b", "c"]}] * len(PEOPLE)


def test_what_was_imported_is_acknowledged_and_nothing_is_left_to_plan(desk, door):
    done = desk.json("apply", "--auto-approve")
    assert done["counts"]["sent"] == len(PEOPLE)
    told = receipts(desk, door, "--all-others-accepted")
    assert (told["exit_code"], told["rejected"]) == (0, [])
    assert is_as_declared(desk)
    plan = desk.plan()
    assert (plan["changes"], "pending" in plan) == ([], False)
    assert desk.json("drift")["drift"] is False


@pytest.mark.parametrize("fault", ["half", "refuse-row", "unreadable"])
def test_what_was_refused_is_planned_again_and_comes_there(desk, door, fault):
    """The state after the reports is that of the platform, to the last value."""
    door.faults.script(fault)
    desk.json("apply", "--auto-approve")
    told = receipts(desk, door, "--all-others-accepted")
    assert told["exit_code"] == 3
    assert desk.json("drift")["drift"] is False
    desk.json("apply", "--auto-approve")
    assert receipts(desk, door, "--all-others-accepted")["exit_code"] == 0
    assert is_as_declared(desk)
    assert desk.plan()["changes"] == []


def test_a_silent_platform_is_asked_by_a_refresh(desk, door):
    door.faults.script("silent")
    desk.json("apply", "--auto-approve")
    told = receipts(desk, door)
    assert (told["files"], told["written"]) == ([], False)
    desk.ok("refresh", "--auto-approve")
    plan = desk.plan()
    assert (plan["changes"], plan["pending"][0]["operations"]) == ([], 0)


def test_a_process_that_is_killed_is_gone_on_with(desk, door):
    """In the middle of an upload that the server does not answer any more."""
    door.transfers.script("none", "hang")
    running = desk.spawn("apply", "--auto-approve")
    until = time.monotonic() + 60
    while not any(door.files.glob(".*.part")) and time.monotonic() < until:
        time.sleep(0.05)
    running.kill()
    running.communicate()
    pending = desk.plan()["pending"]
    assert pending[0]["standing"] in {"held", "intended"}
    assert pending[0]["profiles"] == len(PEOPLE)
    done = desk.json("apply", "--auto-approve")
    assert done["channels"]["sftp"]["put"] == [pending[0]["file"]]
    assert receipts(desk, door, "--all-others-accepted")["exit_code"] == 0
    assert is_as_declared(desk)
    assert len(door.imports) == 1
