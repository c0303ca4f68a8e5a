"""Planted secrets and personal values: in no output, and in allowed files only."""

from __future__ import annotations

import gc
import traceback
from pathlib import Path

import pytest

PASSCODE = "CANARY-PASSCODE-7f3a"
HOOK = "CANARY-HOOK-91c2"
MAIL = "canary.jones@example.com"
SECRETS = (PASSCODE, HOOK)
# Every planted value has one of these in it, whatever becomes of its case.
PERSONAL = ("canary", "4155550199")
FAULTS = [
    "lost", "reset-body", "hang", "throttle", "unavailable", "error500", "too-large",
    "malformed", "unauthorised", "forbidden", "redirect", "html", "empty", "truncated",
    "endless", "gzip-bomb", "miscount", "reject", "code555", "unnumbered",
    "text-record", "keyed-record", "escapes", "lying-status", "fail-empty",
]  # fmt: skip
SAID = [
    ["validate"],
    ["plan"],
    ["plan", "--all", "--out", "other.plan"],
    ["show", "p.plan", "--all"],
    ["explain", MAIL],
    ["explain", "u1"],
    ["state", "list"],
    ["state", "show", MAIL],
    ["state", "show", "u1"],
    ["state", "history"],
    ["state", "doubt", MAIL, "--dry-run"],
    ["state", "forget", MAIL, "--dry-run"],
    ["state", "rename", MAIL, f"{MAIL}.au", "--dry-run"],
    ["state", "copy", "copy.jsonl", "--auto-approve"],
    ["import", "spec", "--dry-run"],
    ["export", "p.plan", "--channel", "sftp", "--out", "files"],
    ["export", "p.plan", "--channel", "csv", "--out", "files"],
    ["apply", "p.plan", "--dry-run"],
    ["apply", "p.plan", "--auto-approve", "--report", "r.jsonl"],
    ["apply", "--sandbox", "--auto-approve"],
]
FORMATS = ["text", "json", "jsonl", "markdown", "html", "github", "gitlab"]
CLEAR = {
    "state.jsonl", "state.jsonl.journal", "copy.jsonl", "p.plan", "other.plan",
    "r.jsonl", ".ctsync/sandbox/state.jsonl", ".ctsync/sandbox/platform.db",
}  # fmt: skip


@pytest.fixture
def hook(listen, monkeypatch):
    """A webhook whose address is a secret."""
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    listener = listen(lambda connection: connection.sendall(said))
    monkeypatch.setenv("WEBHOOK_URL", f"{listener.url}/{HOOK}?token={HOOK}")
    return listener


@pytest.fixture
def planted(desk, hook):
    """A state that knows personal data, and a saved plan that changes it."""
    more = "notify: ${WEBHOOK_URL}"
    desk.project(more)
    desk.people("Free", Name="Canary Smith", Manager="Canary Chief")
    assert desk.apply().code == 0
    desk.people("Gold")
    assert desk.run("plan", "--out", "p.plan").code == 0
    return desk


def check_said(text, *allowed):
    folded = text.casefold()
    for word in allowed:
        folded = folded.replace(word.casefold(), "")
    for canary in (*(each.casefold() for each in SECRETS), *PERSONAL):
        where = folded.find(canary)
        assert where < 0, folded[max(0, where - 80) : where + 80]


def check_files(desk, scratch):
    for name, path in desk.written().items():
        data = path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in data, name
        if any(word.encode() in data.lower() for word in PERSONAL):
            assert name in CLEAR or name.startswith("files/ctsync-"), name
            assert path.stat().st_mode & 0o777 == 0o600, name
    assert list(scratch.rglob("*")) == []


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "scratch"


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_no_output_and_no_file_holds_a_secret(planted, scratch, words, format_name):
    ended = planted.run(*words, "--format", format_name, "-v", "-v")
    assert ended.crash == ""
    check_said(ended.said)
    check_files(planted, scratch)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("format_name", ["text", "json"])
def test_no_fault_brings_a_secret_out(planted, scratch, fault, format_name):
    planted.project("notify: ${WEBHOOK_URL}", seconds=0.2 if fault == "hang" else 2)
    planted.sandbox.script(*[fault] * 10)
    words = ["apply", "p.plan", "--auto-approve", "--report", "r.jsonl", "-v", "-v"]
    ended = planted.run(*words, "--format", format_name)
    assert ended.crash == ""
    assert ended.code in {1, 3}
    check_said(ended.said)
    check_files(planted, scratch)
    # The report has keys and the server's words, in clear, and never a secret.
    report = (planted.folder / "r.jsonl").read_text()
    assert not any(secret in report for secret in SECRETS)


def test_a_webhook_hears_nothing_personal(planted, hook):
    assert planted.run("apply", "p.plan", "--auto-approve").code == 0
    heads_and_bodies = hook.said.decode()
    assert heads_and_bodies.count(HOOK) == 4  # the address, and nothing else
    check_said(heads_and_bodies.replace(HOOK, ""))


@pytest.mark.parametrize("status", [b"302 Found", b"404 No", b"500 No", b"xyz"])
def test_a_webhook_in_trouble_is_not_named(planted, listen, monkeypatch, status):
    said = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n"
    listener = listen(lambda connection: connection.sendall(said))
    monkeypatch.setenv("WEBHOOK_URL", f"{listener.url}/{HOOK}")
    assert planted.run("plan", "--out", "other.plan").code == 0
    ended = planted.run("apply", "other.plan", "--auto-approve", "-v", "-v")
    assert ended.code == 0
    assert "webhook" in ended.err
    check_said(ended.said)


# --- Bugs look like bugs, and show no secret

SEAMS = [
    "ctsync.apply.calls.retry_policy.read_reply",
    "ctsync.apply.apply_run.fold_journal",
    "ctsync.apply.journal.journal_writer.intent_line",
    "ctsync.apply.journal.journal_writer.receipt_line",
    "ctsync.transport.exchange._happened",
    "ctsync.transport.exchange._phrase",
    "ctsync.transport.webhook.canonical",
    "ctsync.plan.profile.weigh_profile.build_change",
    "ctsync.project.project.AccountText.secret",
]


@pytest.mark.parametrize("seam", SEAMS)
def test_what_python_prints_of_a_bug_holds_no_secret(planted, monkeypatch, seam):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(seam, fail)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    ended = planted.run("apply", "--auto-approve", "-v", "-v")
    assert "a bug" in ended.crash
    check_said(ended.said)


def chain(error):
    """An exception and all that led to it."""
    waiting, found = [error], []
    while waiting:
        each = waiting.pop()
        if each is None or each in found:
            continue
        found.append(each)
        waiting += [each.__cause__, each.__context__]
        waiting += [arg for arg in each.args if isinstance(arg, BaseException)]
        waiting += [getattr(each, "reason", None)]
    return [each for each in found if isinstance(each, BaseException)]


@pytest.fixture
def errors(monkeypatch):
    """Errors as the command line met them."""
    from ctsync.cli import app

    met = []
    show = app.show_error

    def keep(settings, error):
        met.append(error)
        return show(settings, error)

    monkeypatch.setattr(app, "show_error", keep)
    return met


TROUBLE = {
    "passcode unset": lambda d, m: m.delenv("CLEVERTAP_PASSCODE"),
    "passcode unfit": lambda d, m: m.setenv("CLEVERTAP_PASSCODE", PASSCODE + "\n"),
    "endpoint foreign": lambda d, m: d.project(url=f"http://{HOOK}.example.com"),
    "endpoint user": lambda d, m: d.project(url=f"https://{HOOK}:{PASSCODE}@x.com"),
    "state is a folder": lambda d, m: (
        (d.folder / "state.jsonl").unlink(),
        (d.folder / "state.jsonl").mkdir(),
    ),
    "state was edited": lambda d, m: d.write("state.jsonl", f"{{{MAIL}\n"),
    "plan was edited": lambda d, m: d.write("p.plan", f"{{{MAIL}\n"),
    "spec is broken": lambda d, m: d.write("people.yaml", f"profiles: [{MAIL}: {{"),
    "spec is wrong": lambda d, m: d.people("Gold", Phone="canary", Email="canary"),
    "report cannot be": lambda d, m: (d.folder / "r.jsonl").mkdir(),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_errors_carry_no_secret_however_deep(planted, errors, monkeypatch, name):
    TROUBLE[name](planted, monkeypatch)
    what = [] if "spec" in name else ["p.plan"]
    words = ["--auto-approve", "--report", "r.jsonl", "-v", "-v"]
    ended = planted.run("apply", *what, *words)
    assert ended.code not in {0, -1}
    (error,) = errors
    for each in chain(error):
        text = f"{each!r} {each} {vars(each)!r}"
        check_said(text)
        check_said("".join(traceback.format_exception_only(each)))
    check_said("".join(traceback.format_exception(error)))
    check_said(ended.said)


def test_no_exception_of_requests_is_kept_with_its_request(planted):
    """They hold the headers, so nothing may hold on to them."""
    from requests import RequestException

    planted.sandbox.script("lost", "reset-body", "unavailable")
    planted.run("apply", "p.plan", "--auto-approve")
    gc.collect()
    kept = [o for o in gc.get_objects() if isinstance(o, RequestException)]
    assert kept == []


# --- While a call is in flight


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_a_running_apply_shows_no_secret_to_its_neighbours(planted, tmp_path):
    planted.project("notify: ${WEBHOOK_URL}", seconds=30)
    planted.sandbox.script("hang")
    journal = planted.folder / "state.jsonl.journal"
    before = planted.sandbox.platform.call_count
    with planted.spawn("apply", "p.plan", "--auto-approve") as process:
        planted.until(lambda: planted.sandbox.platform.call_count > before)
        mine = Path(f"/proc/{process.pid}")
        check_said((mine / "cmdline").read_text(), "p.plan")
        children = [c.read_text() for c in mine.glob("task/*/children")]
        assert "".join(children) == ""
        environment = (mine / "environ").read_bytes()
        assert environment.count(PASSCODE.encode()) == 1
        names = [thread.read_text() for thread in mine.glob("task/*/comm")]
        check_said(" ".join(names))
        assert journal.stat().st_mode & 0o777 == 0o600
        for path in planted.written().values():
            assert path.stat().st_mode & 0o077 == 0, path
            assert PASSCODE.encode() not in path.read_bytes()
        holder = planted.folder / "state.jsonl.holder"
        check_said(holder.read_text())
        process.kill()
        said = process.communicate(timeout=60)
    check_said("".join(said))
    assert list((tmp_path / "scratch").rglob("*")) == []


def test_a_report_names_keys_in_clear_and_no_other_value(planted):
    planted.run("apply", "p.plan", "--auto-approve", "--report", "r.jsonl")
    report = (planted.folder / "r.jsonl").read_text()
    assert MAIL in report
    check_said(report, MAIL)


def test_there_is_no_option_for_the_passcode(planted):
    """It would stand in the list of processes."""
    assert planted.run("apply", "--passcode", "x").code == 64
