"""Hostile text everywhere: a terminal shows what was printed, and obeys nothing."""

import json
import re

import pyte
import pytest

HOSTILE = [
    "a\x1b[2J\x1b[H\x1b]0;t\x07b",
    "a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b",
    "a\r\x1b[0Ksection_start:1:x\r\x1b[0Kb",
    "a\x9b2J\x9d0;t\x9c\x7f\x08\x00b",
    "a\u202eb\u2066c\u200b\ufeff\u2028\u2029d\u3164",
    "::add-mask::x",
    "a\n::stop-commands::t\n##[error]b ##vso[task.x]c",
]
COMMANDS = [
    ["validate"],
    ["plan", "--all"],
    ["plan", "--target", "identity=HOSTILE"],
    ["explain", "u1HOSTILE"],
    ["explain", "HOSTILE"],
    ["state", "list"],
    ["state", "show", "u1HOSTILE"],
    ["state", "forget", "HOSTILE", "--auto-approve"],
    ["show", "HOSTILE"],
    ["HOSTILE"],
    ["plan", "--HOSTILE"],
    ["plan", "--accept", "HOSTILE"],
    ["-C", "HOSTILE", "plan"],
    ["--env", "HOSTILE", "plan"],
    ["apply", "--expect-digest", "HOSTILE"],
    ["apply", "--auto-approve"],
]
FORMATS = ["text", "json", "jsonl", "markdown", "html", "github", "gitlab"]
OBEYED = re.compile(r"##\w*\[|^\s*::|::[A-Za-z]", re.MULTILINE)
OURS = re.compile(r"(?m)^::(?:error|warning|notice)(?: [^\n]*?)?::")


def screen_of(said):
    """Give the lines that a terminal shows, wide and high enough for all of them."""
    lines = said.split("\n")
    screen = pyte.Screen(max(map(len, lines)) + 1, len(lines) + 1)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(said)
    return [line.rstrip() for line in screen.display[: len(lines)]]


@pytest.fixture
def hostile(desk, request):
    """A project and a state with a text in every string that takes one."""
    text = request.param
    name = text.replace("\x00", "").replace("\n", " ")
    attributes = {"Plan": text, f"A {name}"[:60]: text, "List": {"include": [text]}}
    profiles = [{"identity": f"u1{name}", "attributes": attributes}]
    desk.write("people.yaml", json.dumps({"profiles": profiles}))
    desk.apply()
    desk.text = name
    profiles[0]["attributes"]["Plan"] = f"new {text}"
    desk.write("people.yaml", json.dumps({"profiles": profiles}))
    return desk


@pytest.mark.parametrize("hostile", HOSTILE, indirect=True, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_terminal_shows_what_is_printed_and_a_runner_obeys_nothing(
    hostile, format_name
):
    for words in COMMANDS:
        said = [word.replace("HOSTILE", hostile.text) for word in words]
        ended = hostile.run(*said, "--format", format_name, "-v")
        assert ended.crash == "", words
        for printed in (ended.out, ended.err):
            shown = [line.rstrip() for line in printed.split("\n")]
            assert screen_of(printed) == shown, words
            rest = OURS.sub("", printed) if format_name == "github" else printed
            assert OBEYED.search(rest) is None, (words, OBEYED.search(rest))
