"""What a shell completes, asked of the shells themselves."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def path(tmp_path):
    """A PATH on which `ctsync` is this one."""
    program = tmp_path / "bin" / "ctsync"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ctsync "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def bash(path):
    """Give what bash would offer for words on its command line, and what it says."""

    def offer(*words):
        script = (
            'eval "$(ctsync completion bash)"; '
            "function compopt { :; }; "
            f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; "
            "function_name=$(complete -p ctsync | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
            '"$function_name" ctsync; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", script],
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split(), done.stderr

    return offer


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("ctsync", "va"), ["validate"]),
        (("ctsync", "state", "for"), ["forget"]),
        (("ctsync", "completion", ""), ["bash", "zsh", "fish"]),
        (("ctsync", "plan", "--det"), ["--detailed-exitcode"]),
        (("ctsync", "plan", "--format", "ht"), ["html"]),
    ],
    ids=" ".join,
)
def test_bash_completes_commands_options_and_choices(bash, words, expected):
    assert bash(*words) == (expected, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_says_nothing_about_a_command_that_is_not_there(bash):
    offered, said = bash("ctsync", "plann", "")
    assert "plan" in offered
    assert said == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script(desk, shell):
    script = desk.ok("completion", shell).out
    assert f"_CTSYNC_COMPLETE={shell}_complete" in script
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=script, text=True, check=True)


def test_an_unknown_shell_names_those_there_are(desk):
    ended = desk.run("completion", "tcsh")
    assert ended.code == 64
    assert all(shell in ended.err for shell in SHELLS)
