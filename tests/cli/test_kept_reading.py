"""An interrupted `refresh` or `import api` goes on from what it has read."""

import shutil
import signal
import sqlite3
import stat
import time

import pytest

from ctsync.observe import read_pages
from ctsync.sandbox.keys import SandboxKey

PEOPLE = 12
EVENT = ("--event", "App Launched", "--since", "2026-11-01", "--until", "2026-11-30")
COMMANDS = {
    "refresh": ("refresh", "--auto-approve"),
    "keys": ("import", "api", "--keys", "keys.txt", "--auto-approve"),
    "event": ("import", "api", *EVENT, "--auto-approve"),
}


@pytest.fixture
def read_before(desk):
    """Some profiles that were applied, and edited since."""
    crowded(desk, PEOPLE)
    return desk


@pytest.fixture(params=COMMANDS)
def asked(request, desk, monkeypatch):
    """Each command that keeps what it reads; pages by event are of 23."""
    monkeypatch.setattr(read_pages, "BATCH_SIZE", 23)
    crowded(desk, 90 if request.param == "event" else PEOPLE)
    return desk, COMMANDS[request.param]


def crowded(desk, count):
    desk.crowd(count)
    assert desk.apply().code == 0
    names = [f"u{number:04}" for number in range(count)]
    for name in names:
        edit = {"Plan": "Gold", "City": name}
        desk.sandbox.platform.edit("identity", name, edit)
    keys = [SandboxKey("identity", name) for name in names]
    desk.sandbox.platform.record_event("App Launched", 20261101, keys)
    desk.write("keys.txt", "\n".join([*names, "nobody"]))
    desk.write("people.yaml", "profiles: []\n")
    shutil.copy("state.jsonl", "before.jsonl")


def again_from_before(desk):
    shutil.copy("before.jsonl", "state.jsonl")


def kept_files(desk):
    return sorted((desk.folder / ".ctsync" / "reads").glob("*.reads"))


def whole(desk, words):
    """The state after a read that nothing interrupts, and its requests."""
    requests = desk.json(*words)["requests"]
    after = desk.state()
    again_from_before(desk)
    return after, requests


@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_read_that_is_cut_off_again_and_again_ends_as_one_that_is_not(asked, every):
    """Nothing is asked twice but what was refused."""
    desk, words = asked
    expected, requests = whole(desk, words)
    calls, refused, code = desk.calls, 0, 1
    while code:
        desk.sandbox.script_reads(*["none"] * every, *["unauthorised"] * 3)
        ended = desk.run(*words)
        code = ended.code
        assert code in {0, 1}
        # Of pages the first request gives a cursor, and nobody yet.
        assert not code or every == 1 or "goes on from there" in ended.err
        refused += 3 - desk.sandbox._read_queue._script.count("unauthorised")
        desk.sandbox._read_queue._script.clear()
    assert refused >= 1
    assert desk.state() == expected
    assert desk.calls - calls == requests + refused
    assert kept_files(desk) == []


@pytest.mark.parametrize("fault", ["throttle", "error500", "lost"])
def test_a_storm_keeps_what_was_read(asked, fault):
    desk, words = asked
    expected, _ = whole(desk, words)
    desk.sandbox.script_reads(*["none"] * 4, *[fault] * 400)
    ended = desk.run(*words)
    assert ended.code in {1, 3}
    desk.sandbox._read_queue._script.clear()
    if ended.code == 1:
        assert "kept" in ended.err
        ended = desk.ok(*words)
        assert "continuing: " in ended.err
        assert desk.state() == expected


@pytest.mark.parametrize("command", ["refresh", "keys"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_keeps_what_was_read(desk, serve_distorted, command, number):
    serve_distorted(latency_seconds=0.1)
    crowded(desk, 40)
    words = COMMANDS[command]
    calls, before = desk.calls, desk.state()
    with desk.spawn(*words) as process:
        while desk.calls < calls + 9:
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert desk.state() == before
    if number == signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 128 + number
        assert "are read and kept" in err
    (kept,) = kept_files(desk)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    asked = desk.calls - calls
    time.sleep(0.4)  # what a dead process asked for still counts as in flight
    ended = desk.ok(*words)
    assert "continuing: " in ended.err
    total = 40 + (command == "keys")
    in_flight = 3 if number == signal.SIGKILL else 0
    assert total <= desk.calls - calls <= total + in_flight
    assert asked < total
    continued = desk.state()
    again_from_before(desk)
    desk.ok(*words)
    assert desk.state() == continued


def test_a_second_signal_waits_for_nothing(desk, serve_distorted):
    serve_distorted(latency_seconds=8)
    desk.people({"u1": {"Plan": "A"}})
    words = ("import", "api", "--auto-approve")
    with desk.spawn(*words) as process:
        while not desk.calls:
            time.sleep(0.02)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert "nothing has changed" in err


def interrupted(desk, *words, after=5):
    desk.sandbox.script_reads(*["none"] * after, *["unauthorised"] * 3)
    assert desk.run(*words).code == 1
    desk.sandbox._read_queue._script.clear()


def test_after_an_apply_all_is_read_anew(read_before):
    """What was read before something was sent may not be so any more."""
    desk = read_before
    interrupted(desk, *COMMANDS["refresh"])
    desk.people({"u0000": {"Plan": "Silver"}})
    assert desk.apply().code == 0
    ended = desk.ok(*COMMANDS["refresh"])
    assert "continuing" not in ended.err
    assert desk.json("drift")["drift"] is False


def test_what_was_asked_otherwise_is_no_answer(read_before):
    desk = read_before
    interrupted(desk, *COMMANDS["refresh"])
    keys = ("u0000", "u0001", "u0002", "u0003")
    interrupted(desk, "refresh", *keys, "--auto-approve", after=1)
    interrupted(desk, "refresh", "--sample", 9, "--auto-approve")
    assert len(kept_files(desk)) == 3
    assert "continuing" in desk.ok(*COMMANDS["refresh"]).err


def test_a_sample_goes_on_with_the_same_profiles(read_before):
    desk, words = read_before, ("refresh", "--sample", 8, "--auto-approve")
    interrupted(desk, *words)
    calls = desk.calls
    document = desk.json(*words)
    assert document["summary"]["profiles"]["read"] == 8
    assert desk.calls - calls < 8


def test_anew_reads_all_of_it_again(read_before):
    desk, calls = read_before, read_before.calls
    interrupted(desk, *COMMANDS["refresh"])
    calls = desk.calls
    assert "continuing" not in desk.ok(*COMMANDS["refresh"], "--anew").err
    assert desk.calls - calls == PEOPLE


def test_who_does_not_say_yes_has_not_read_in_vain(read_before):
    desk, calls = read_before, read_before.calls
    assert desk.answer("y", "refresh").code == 1
    assert desk.answer("yes", "refresh").code == 0
    assert desk.calls - calls == PEOPLE


def test_a_dry_run_keeps_nothing(read_before):
    before = read_before.files()
    interrupted(read_before, "refresh", "--dry-run")
    assert read_before.files() == before


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" * 99])
def test_what_is_damaged_is_read_anew(read_before, damage):
    desk = read_before
    expected, _ = whole(desk, COMMANDS["refresh"])
    interrupted(desk, *COMMANDS["refresh"])
    (kept,) = kept_files(desk)
    kept.write_bytes(damage)
    desk.ok(*COMMANDS["refresh"])
    assert desk.state() == expected


def rewritten(desk, words):
    (kept,) = kept_files(desk)
    with sqlite3.connect(kept) as rows:
        rows.execute(words)
    rows.close()


def test_a_reading_that_is_damaged_is_told(read_before):
    desk = read_before
    interrupted(desk, *COMMANDS["refresh"])
    rewritten(desk, "UPDATE reading SET body = 'CANARY'")
    ended = desk.run(*COMMANDS["refresh"])
    assert ended.code == 1
    assert "damaged" in ended.err
    assert "CANARY" not in ended.said
    desk.ok(*COMMANDS["refresh"], "--anew")


def test_what_is_old_is_read_anew(read_before, monkeypatch):
    desk = read_before
    interrupted(desk, *COMMANDS["refresh"])
    monkeypatch.setattr("ctsync.observe.kept_reads.LIFE_SECONDS", -1)
    assert "continuing" not in desk.ok(*COMMANDS["refresh"]).err
    assert kept_files(desk) == []


def test_a_cursor_that_the_platform_forgot_begins_anew(desk, monkeypatch):
    monkeypatch.setattr(read_pages, "BATCH_SIZE", 23)
    crowded(desk, 90)
    words = COMMANDS["event"]
    expected, _ = whole(desk, words)
    desk.sandbox.script_reads("none", "none", *["unauthorised"] * 3)
    assert desk.run(*words).code == 1
    desk.sandbox._read_queue._script.clear()
    rewritten(desk, "UPDATE head SET cursor = 'gone'")
    desk.ok(*words)
    assert desk.state() == expected


def test_no_folder_to_keep_it_in_is_told_before_anything_is_read(read_before):
    desk, calls = read_before, read_before.calls
    (desk.folder / ".ctsync").mkdir(exist_ok=True)
    (desk.folder / ".ctsync" / "reads").write_text("in the way")
    ended = desk.run(*COMMANDS["refresh"])
    assert ended.code == 1
    assert "cannot be kept" in ended.err
    assert desk.calls == calls
