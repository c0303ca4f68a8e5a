"""`init --demo` plays what it shows, and leaves a project that works."""

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ctsync.cli.init.demo import play
from ctsync.cli.terminal.scene_pause import ScenePause
from ctsync.errors import CtsyncError

ROOT = Path(__file__).parents[2]
PAUSE = "Enter goes on"
COMMANDS = [
    "ctsync validate -C first",
    "ctsync plan -C first --sandbox",
    "ctsync apply -C first --sandbox --auto-approve --summary",
    "ctsync plan -C first --sandbox",
    "ctsync apply -C first --sandbox --auto-approve --summary",
    "ctsync drift -C first --sandbox",
]


@pytest.fixture
def outside(desk, monkeypatch):
    """A folder without a project, in which demos are begun."""
    (desk.folder / "ctsync.yaml").unlink()
    monkeypatch.chdir(desk.folder)
    return desk


def played(said):
    return re.findall(r"^\$ (ctsync .*)$", said.replace("\r", ""), re.MULTILINE)


def test_every_scene_is_played_without_a_terminal(outside):
    ended = outside.ok("init", "--demo", "first")
    assert played(ended.out) == COMMANDS
    told = iter(ended.out.splitlines())
    for line in (
        "    profiles:",
        "The project is valid.",
        "Plan: 2 to create, 0 to update, 0 to release; 2 records in 1 call, about 1 s",
        "Apply: 2 acknowledged, 0 rejected, 0 unknown, 0 not sent",
        "    + Plan: Platinum",
        f"    ~ Loyalty Points  {'100 -> 120':<48}  $incr 20",
        "Apply: 1 acknowledged, 0 rejected, 0 unknown, 0 not sent",
        '    ~ Plan  "Platinum" -> "Silver"',
        "Drift: of 2 profiles read, 1 profile drifted, 1 value differs.",
    ):
        assert line in told, line
    assert PAUSE not in ended.said


def test_what_is_told_to_go_on_with_can_be_typed(outside):
    said = outside.ok("init", "--demo", "first").out.partition("To go on:")[2]
    commands = re.findall(r"^  ctsync (.*)$", said, re.MULTILINE)
    assert commands == ["refresh -C first --sandbox", "plan -C first --sandbox"]
    outside.ok(*commands[0].split(), "--auto-approve")
    plan = outside.json(*commands[1].split())
    (operation,) = plan["changes"][0]["operations"]
    assert (operation["before"], operation["after"]) == ("Silver", "Platinum")


def test_an_empty_folder_of_now_is_played_in(outside):
    said = outside.ok("init", "--demo").out
    assert played(said)[1] == "ctsync plan --sandbox"
    assert (outside.folder / "people.yaml").exists()
    assert ".ctsync/" in (outside.folder / ".gitignore").read_text()


@pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
def test_a_folder_that_is_not_empty_is_left_as_it_is(outside, name):
    outside.write(f"first/{name}", "mine")
    before = outside.files()
    ended = outside.run("init", "--demo", "first")
    assert (ended.code, ended.out) == (64, "")
    assert "first is not empty" in ended.err
    assert "ctsync init --demo first-steps" in ended.err
    assert outside.files() == before


def test_a_file_is_no_folder_to_play_in(outside):
    outside.write("first", "mine")
    ended = outside.run("init", "--demo", "first")
    assert ended.code == 64
    assert "first is not a folder" in ended.err


@pytest.mark.parametrize(
    "words",
    [("--name", "crm"), ("--ci", "github"), ("--format", "json"), ("--env", "prod")],
)
def test_what_a_demo_decides_itself_is_refused(outside, words):
    ended = outside.run("init", "--demo", "first", *words)
    assert ended.code == 64
    assert not (outside.folder / "first").exists()


def test_an_environment_chosen_by_a_variable_is_refused(outside, monkeypatch):
    monkeypatch.setenv("CTSYNC_ENV", "prod")
    ended = outside.run("init", "--demo", "first")
    assert ended.code == 64
    assert "unset CTSYNC_ENV" in ended.err


@pytest.fixture
def play_with(outside, monkeypatch):
    """Play with commands that all end with a code."""

    def run(code):
        monkeypatch.setattr("ctsync.cli.app.run_alone", lambda _: code)
        folder = outside.folder / "first"
        folder.mkdir()
        return play(folder, "first", ScenePause())

    return run


def test_a_command_that_ends_badly_ends_the_demo(play_with):
    with pytest.raises(CtsyncError, match=r'validate -C first" ended with .* 6'):
        play_with(6)


def test_a_signal_ends_the_demo_as_it_ends_a_command(play_with, capsys):
    assert play_with(130) == 130
    assert played(capsys.readouterr().out) == COMMANDS[:1]


@pytest.fixture
def on_a_terminal(outside):
    """Play on a terminal of its own, with what somebody types there."""

    def run(keys):
        mine, its = pty.openpty()
        words = [sys.executable, "-m", "ctsync", "init", "--demo", "first"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        with subprocess.Popen(
            words, cwd=outside.folder, env=environment, stdin=its, stdout=its,
            stderr=its, start_new_session=True,
        ) as process:  # fmt: skip
            os.close(its)
            os.write(mine, keys.encode())
            got = b""
            with suppress(OSError):  # so Linux says that the other end is closed
                while chunk := os.read(mine, 65_536):
                    got += chunk
        os.close(mine)
        return process.returncode, got.decode()

    return run


def test_on_a_terminal_it_waits_and_need_not(on_a_terminal):
    code, said = on_a_terminal("\ns\n")
    assert code == 0
    assert said.count(PAUSE) == 2
    assert played(said) == COMMANDS


def test_on_a_terminal_it_can_be_ended(on_a_terminal, outside):
    code, said = on_a_terminal("q\n")
    assert code == 0
    assert played(said) == COMMANDS[:1]
    assert "To go on:" in said
    assert (outside.folder / "first" / "people.yaml").exists()
