"""Output that fails never changes what the exit code says of the calls."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPLY = ["apply", "--auto-approve", "--first-run"]


@pytest.fixture
def named(desk):
    desk.people({"u1": {"Name": "Zoë 日本", "Plan": "Größe"}, "u2": {"Plan": "Free"}})
    return desk


def run(desk, words, redirect="", **variables):
    """Run a command in a shell of its own, with its streams redirected."""
    line = f'exec "$@" {redirect}'
    return subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "ctsync", *words],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


REDIRECTS = {
    "stdout full": ">/dev/full",
    "stdout closed": ">&-",
    "stderr full": "2>/dev/full",
    "stderr closed": "2>&-",
    "both closed": ">&- 2>&-",
    "both full": ">/dev/full 2>&1",
    "all closed": "<&- >&- 2>&-",
}


@pytest.mark.parametrize("format_name", ["text", "json"])
@pytest.mark.parametrize("name", REDIRECTS)
def test_an_apply_whose_output_fails_ends_as_its_calls_did(named, name, format_name):
    words = [*APPLY, "--report", "r.jsonl", "--format", format_name]
    ended = run(named, words, REDIRECTS[name])
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stdout + ended.stderr
    assert b"Exception ignored" not in ended.stderr
    assert named.platform("u2") == {"Plan": "Free"}
    lines = (named.folder / "r.jsonl").read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["acknowledged"] * 2
    assert named.run("plan", "--detailed-exitcode").code == 0
    # No file was opened in the place of a standard stream.
    assert named.state().startswith(b'{"')


def test_a_reader_that_goes_away_changes_no_code_either(named):
    words = [sys.executable, "-m", "ctsync", *APPLY]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words,
        cwd=named.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=60) == 0
    assert said == b""
    assert named.platform("u2") == {"Plan": "Free"}


@pytest.mark.parametrize("name", REDIRECTS)
def test_an_incomplete_apply_ends_with_3_whatever_its_output_does(named, name):
    named.sandbox.script("reject")
    assert run(named, APPLY, REDIRECTS[name]).returncode == 3


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "POSIX"},
        {"PYTHONIOENCODING": "latin-1:strict"},
    ],
)
@pytest.mark.parametrize("format_name", ["text", "json"])
def test_documents_are_utf_8_whatever_the_locale(named, variables, format_name):
    words = [*APPLY, "--format", format_name]
    ended = run(named, words, **variables)
    assert ended.returncode == 0
    for words in (["plan"], ["explain", "u1"], ["state", "show", "u1"]):
        ended = run(named, [*words, "--format", format_name], **variables)
        assert ended.returncode == 0, ended.stderr
        ended.stdout.decode("utf-8")
    assert "Größe".encode() in ended.stdout


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
@pytest.mark.parametrize("words", [["plan"], ["state", "list"], ["validate"]])
def test_a_document_that_could_not_be_written_is_an_error(named, words, redirect):
    ended = run(named, words, redirect)
    assert ended.returncode == 1
    assert b"error: output cannot be written" in ended.stderr


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
@pytest.mark.parametrize("format_name", ["text", "json"])
def test_a_state_that_was_written_is_no_error(named, redirect, format_name):
    words = ["import", "spec", "--auto-approve", "--format", format_name]
    assert run(named, words, redirect).returncode == 0
    assert named.state()


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_an_error_keeps_its_code_where_it_cannot_be_shown(named, format_name):
    words = ["apply", "--format", format_name]
    assert run(named, words, ">&- 2>&-").returncode == 64


def test_nobody_says_yes_to_a_plan_that_could_not_be_shown(named, monkeypatch):
    from ctsync.cli.terminal.output import OutputFailed

    def fail(*_, **__):
        raise OutputFailed(OSError(28, "No space left on device"))

    monkeypatch.setattr("ctsync.cli.approval.show_plan", fail)
    assert named.answer("yes", "apply").code == 1
    assert named.calls == 0


class TestReports:
    def test_a_report_that_cannot_be_begun_stops_the_apply(self, named):
        ended = named.run(*APPLY, "--report", "nowhere/r.jsonl")
        assert ended.code == 1
        assert "--report" in ended.err
        assert named.calls == 0

    def test_a_report_on_a_disk_that_fills_up_is_told_and_changes_no_code(
        self, named, monkeypatch
    ):
        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("ctsync.output_file.OutputFile.keep", full)
        ended = named.run(*APPLY, "--report", "r.jsonl")
        assert ended.code == 0
        assert "the report is not written: No space left" in ended.err
        assert [p.name for p in named.folder.glob("*r.jsonl*")] == []
        assert named.platform("u2") == {"Plan": "Free"}

    def test_a_report_is_whole_or_as_it_was(self, named, monkeypatch):
        (named.folder / "r.jsonl").write_text("before\n")
        named.sandbox.script("unauthorised")
        assert named.run(*APPLY, "--report", "r.jsonl").code == 1
        assert "before" not in (named.folder / "r.jsonl").read_text()


@pytest.fixture
def odd(tmp_path):
    """Give what makes something at a place that is no regular file."""
    made = tmp_path / "elsewhere"
    made.write_text("precious\n")
    made.chmod(0o644)

    def make(kind, path):
        if kind == "link":
            path.symlink_to(made)
        elif kind == "dangling link":
            path.symlink_to(tmp_path / "absent")
        elif kind == "pipe":
            os.mkfifo(path, 0o644)
        elif kind == "folder":
            path.mkdir(0o755)
        else:
            path.symlink_to("/dev/null")
        return path.lstat()

    yield make
    assert made.read_text() == "precious\n"
    assert made.stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "absent").exists()


KINDS = ["link", "dangling link", "pipe", "folder", "link to a device"]
OPTIONS = {
    "--out": ["plan", "--out", "it"],
    "--report": [*APPLY, "--report", "it"],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_no_output_takes_the_place_of_anything_but_a_file(named, odd, option, kind):
    before = odd(kind, named.folder / "it")
    ended = named.run(*OPTIONS[option])
    assert ended.code == 1
    assert "stays what it is" in ended.err
    assert option in ended.err
    after = (named.folder / "it").lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert named.calls == 0
    assert list(named.folder.glob(".it*")) == []


@pytest.mark.parametrize("option", OPTIONS)
def test_a_device_stays_a_device(named, option):
    before = Path("/dev/null").stat()
    words = [word.replace("it", "/dev/null") if word == "it" else word
             for word in OPTIONS[option]]  # fmt: skip
    ended = named.run(*words)
    after = Path("/dev/null").stat()
    assert (after.st_mode, after.st_rdev) == (before.st_mode, before.st_rdev)
    assert ended.code == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_sandbox_keeps_its_data_in_a_file_only(named, odd, kind):
    from ctsync.sandbox import Sandbox

    before = odd(kind, named.folder / "it")
    with pytest.raises(OSError, match=r"no file|symbolic link"):
        Sandbox(data=named.folder / "it")
    after = (named.folder / "it").lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


@pytest.mark.parametrize("kind", KINDS)
def test_init_writes_into_nothing_but_a_file(desk, odd, kind):
    folder = desk.folder / "new"
    folder.mkdir()
    before = [odd(kind, folder / name) for name in (".gitignore", "ctsync.yaml")]
    desk.run("init", "new", "--account-id", "A", "--region", "in1", "--ci", "none")
    after = [(folder / name).lstat() for name in (".gitignore", "ctsync.yaml")]
    assert [s.st_ino for s in after] == [s.st_ino for s in before]
