"""A real terminal: prompt, plan and progress draw what they draw for harmless text."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyte
import pytest

from ctsync.model.change import Change, Origin
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.plan_writer import PlanWriter

ROOT = Path(__file__).parents[2]
COLUMNS, ROWS = 120, 300
TEXTS = [
    "a\x1b[2J\x1b[Hb",
    "a\x1b[31mred\x1b[0mb",
    "a\x1b[1A\x1b[2Kb",
    "a\x9b2J\x9d0;t\x9cb",
    "a\rb\u202ec\u2066d",
    "##[error]a ::stop-commands::t",
]
OURS = re.compile(r"\x1b\[(?:[0-2]|3[1236])m|\r\x1b\[J")
# A bar, which is drawn where a run takes a second; what follows takes its place.
DRAWN = re.compile(r"\r\x1b\[J[^\r\n]*(?:\r\n[^\r\n]*\x1b\[A)?\r(?!\n)")


@pytest.fixture
def terminal(desk):
    """Run a command on a terminal of its own, and say yes; give what it got."""

    def run(*words: str) -> str:
        mine, its = pty.openpty()
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS), "PYTHONIOENCODING": "utf-8",
        }  # fmt: skip
        with subprocess.Popen(
            [sys.executable, "-m", "ctsync", *words],
            cwd=desk.folder, env=environment, stdin=its, stdout=its, stderr=its,
            start_new_session=True,
        ):  # fmt: skip
            os.close(its)
            os.write(mine, b"yes\n")
            got = b""
            with suppress(OSError):  # so Linux says that the other end is closed
                while chunk := os.read(mine, 65_536):
                    got += chunk
        os.close(mine)
        return got.decode()

    return run


def declare(desk, text: str) -> None:
    """Declare what the language takes of a text: no control characters, in values."""
    attributes = {"Plan": text, "List": {"include": [text]}, "Points": 5}
    spec = {
        "profiles": [{"identity": "u1", "attributes": attributes}],
        "cohorts": {"c": {"members": ["u2"], "attributes": {"Tier": text}}},
    }
    desk.write("people.yaml", json.dumps(spec))


def save_plan(path: Path, text: str) -> None:
    """Write a plan that no project makes, with a text in whatever is shown of it."""
    account = Account(f"A{text}", "in1", f"https://h.example/{text}")
    head = PlanHead(
        account,
        Base(None, 0),
        environment=f"e{text}",
        project=f"p{text}",
        targets=(f"identity={text}",),
        passcode_variable=text,
        notify_host=f"n{text}",
        talks_to={"account": text, "endpoint": text, "notify": text, "state": text},
        talked_to={"account": "B", "endpoint": f"x{text}", "notify": "y", "state": "z"},
        unmarked=(text,),
    )
    places = (Origin(f"{text}.yaml", 3), Origin(f"{text}.csv", None, 4, text, text))
    operations = (
        Operation(f"A{text}", "string", "set", text, "known", f"b{text}", text),
        Operation(f"B{text}", "list", "$add", (text,), "unknown", (), (text,)),
    )
    change = Change(
        ProfileKey("identity", f"u{text}"), "update", operations, places,
        released=(f"R{text}",), locked=(f"A{text}",),
    )  # fmt: skip
    with path.open("wb") as file:
        writer = PlanWriter(file, head)
        writer.add_change(change)
        writer.close(PlanFoot())


def drawn(got: str) -> str:
    """See that a terminal obeys only what is ours; give what it then shows."""
    rest = OURS.sub("", DRAWN.sub("", got))
    assert not re.search(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", rest)
    assert not re.search(r"##\w*\[|^\s*::|::[A-Za-z]", rest, re.MULTILINE)
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(screen).feed(got)
    shown = "".join("".join(line.split()) for line in screen.display)
    for line in rest.replace("\r", "\n").split("\n"):
        # What was typed before it was asked for ends no line: a bar takes its place.
        is_answered = line.startswith("Only 'yes'")
        assert is_answered or "".join(line.split()) in shown, line
    return rest


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_plan_from_a_stranger_draws_nothing(desk, terminal, text):
    save_plan(desk.folder / "odd.plan", text)
    rest = drawn(terminal("show", "odd.plan", "--all"))
    assert "1 to update" in rest or "update" in rest
    found = []
    for each in (text, "harmless"):
        save_plan(desk.folder / "odd.plan", each)
        found.append(OURS.findall(terminal("show", "odd.plan", "--all")))
    assert found[0] == found[1]
    assert found[0]
    drawn(terminal("apply", "odd.plan"))


@pytest.mark.parametrize("text", ["##[error]a ::stop-commands::t", "a\u200bb::error::"])
def test_a_prompt_obeys_nothing_that_a_profile_says(desk, terminal, text):
    declare(desk, text)
    rest = drawn(terminal("apply", "--first-run"))
    assert "Only 'yes' is taken for an answer" in rest
    assert "2 acknowledged" in rest
